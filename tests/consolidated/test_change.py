"""`make diff` and `make publish`: docs/change-a-mapping.md as it stands, and what a comparison says."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from consolidated.change.comparison import compare, lines
from consolidated.change.trial import TrialStore
from consolidated.tables.definitions import INVENTORY_EVENTS
from resources.lake.catalog import load_lake_catalog
from resources.lake.days import today
from resources.lake.lake import lake_at
from tests.support.checkout_copy import CheckoutCopy
from tests.support.consolidated_support import MemoryHistory
from tests.support.source import CHECKOUT
from tests.support.typed_days import MARKET, OEM, day_number, stock
from tests.support.walk import commands, matches

PAGE = (CHECKOUT / "docs" / "change-a-mapping.md").read_text()
KEYS = ("market", "listing_id")
MOST_CPU_SECONDS = 600


def reading(**columns: Sequence[object]) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    return pl.DataFrame({"market": ["es"] * rows, **columns})


def test_two_readings_are_compared_by_row_column_and_value() -> None:
    published = reading(
        listing_id=["a", "b", "c"], price=[Decimal("1.50"), None, Decimal("3.00")], equipment=[["x"], [], None]
    )
    now = reading(
        listing_id=["d", "c", "b"], price=[Decimal("9.00"), Decimal("3.00"), Decimal("2.00")],
        equipment=[None, ["y", "z"], []], colour=["red", "blue", None],
    )  # fmt: skip
    found = compare(published, now, KEYS)
    assert (found.published, found.now) == (3, 3)
    assert (found.only_published, found.only_now) == (("a",), ("d",))
    changes = {change.column: (change.rows, change.examples) for change in found.columns}
    assert changes == {
        "price": (1, (("b", "null", "2.00"),)),
        "equipment": (1, (("c", "null", "['y', 'z']"),)),
        "colour": (1, (("c", "null", "blue"),)),
    }
    assert compare(published, published.reverse(), KEYS).is_same


def test_a_column_that_is_no_longer_read_and_nothing_published() -> None:
    found = compare(reading(listing_id=["a"], colour=["red"]), reading(listing_id=["a"]), KEYS)
    assert [(change.column, change.examples) for change in found.columns] == [("colour", (("a", "red", "null"),))]
    assert compare(pl.DataFrame(), reading(listing_id=["a"]), KEYS).only_now == ("a",)


def test_a_comparison_fits_80_columns_and_is_bounded() -> None:
    many = [f"{number:03}{'x' * 100}" for number in range(500)]
    published = reading(listing_id=many, text=["long " * 50] * 500)
    now = reading(listing_id=many[:250], text=["other " * 50] * 250)
    text = list(lines(compare(published, now, KEYS)))
    assert max(map(len, text)) <= 80
    assert len(text) < 10
    assert any("and 247 more" in line for line in text)


def test_a_comparison_says_whether_values_differ() -> None:
    one, other = reading(listing_id=["1"], text=["a"]), reading(listing_id=["1"], text=["b"])
    assert list(lines(compare(one, one, KEYS))) == ["rows      published 1, now 1", "values    the same"]
    assert list(lines(compare(one, other, KEYS)))[1] == "text: 1 rows read otherwise"


def test_a_trial_sees_what_it_wrote_and_writes_nothing() -> None:
    kept = MemoryHistory()
    first, second = day_number(0), day_number(1)
    for day in (first, second):
        kept.day(day, stock(day))
    before = {name: kept.table(name) for name in ("inventory", "inventory_events", "runs")}
    trial = TrialStore(kept.store)
    tables = trial.open("sandbox")
    here = (pl.col("oem") == OEM) & (pl.col("market") == MARKET)
    events = tables.read(INVENTORY_EVENTS, here)
    assert events.height
    one = events.head(1)
    assert tables.replace(INVENTORY_EVENTS, here, one, scope="a", state="b")
    assert tables.read(INVENTORY_EVENTS, here).height == events.height, "until they are committed, rows are not read"
    tables.commit()
    assert trial.open("sandbox").read(INVENTORY_EVENTS, here, ["event_id"]).rows() == one.select("event_id").rows()
    assert tables.read(INVENTORY_EVENTS, pl.col("oem") == "another").height == 0
    for name, rows in before.items():
        assert kept.table(name).equals(rows), name


def cpu_seconds() -> float:
    """Of the processes that this one began and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
def test_the_page_as_it_stands(tmp_path: Path) -> None:
    """One night of a small maker; its mapping mended, compared, published and compared again; and the night after it:
    no event of ours. `pytest -s` prints what each command took."""
    before_it = cpu_seconds()
    copy = CheckoutCopy(tmp_path / "copy")
    ((file, diff),) = re.findall(r"^```diff (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    before, after = (
        "".join(f"{line[1:]}\n" for line in diff.splitlines() if line.startswith(sign)) for sign in ("-", "+")
    )
    ready = ["-o", ".venv/.ready"]
    codes: list[int] = []
    seconds: dict[str, float] = {}
    for number, text in enumerate(re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)):
        if number == 1:
            source = (copy.folder / file).read_text()
            assert source.count(before) == 1, f"{file} no longer has the line that the page mends"
            (copy.folder / file).write_text(source.replace(before, after))
        for command, shown in commands(text):
            began = time.monotonic()
            done = copy.run(command[0], *ready, *command[1:], SANDBOX_VEHICLES="200")
            seconds[f"{len(codes) + 1}. {' '.join(command)}"] = time.monotonic() - began
            output = re.sub(r"^make: \*\*\* .*\n", "", done.stdout, flags=re.MULTILINE)
            assert matches(output, shown), f"{' '.join(command)} gives\n{done.stdout}"
            codes.append(done.returncode)
    assert codes == [0, 2, 0, 0], "make says 2 where a command of its own failed: diff's 1"
    print("\n".join(f"{took:6.1f} s  {command}" for command, took in seconds.items()))
    assert cpu_seconds() - before_it < MOST_CPU_SECONDS, "in ten minutes by the docs"
    # the night after it, the first that is compared with a day that was read otherwise
    tomorrow = today() + timedelta(days=1)
    (oem,) = set(re.findall(r"^\$ make \w+ (OEM=\w+)", PAGE, re.MULTILINE))
    done = copy.run("make", *ready, "nightly", oem, f"DATE={tomorrow}", SANDBOX_VEHICLES="200")
    assert done.returncode == 0, done.stdout
    (column,) = re.findall(r'^-        "(\w+)":', diff, re.MULTILINE)
    lake = lake_at(str(copy.folder / "lake"))
    events = pl.scan_iceberg(load_lake_catalog(lake).load_table(INVENTORY_EVENTS.identifier)).collect()
    assert events.filter(pl.col("event_date") == tomorrow).height, "the stock moved"
    changed = events["changes"].explode().drop_nulls().struct.unnest().filter(pl.col("field") == column)
    moved = changed.select(pl.col("new").cast(float) / pl.col("old").cast(float)).to_series()
    assert moved.is_between(1, 1.3).all(), "cars were driven; none changed by a mile's kilometres"
    assert moved.len() < events.height / 10
