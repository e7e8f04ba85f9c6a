"""`make report`: which page it opens, where it lies, and what it says where there is none; and writing a page."""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consolidated.night.report import __main__ as command
from consolidated.night.report import write
from consolidated.night.report.write import path_of, reported_days, write_report
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.transformed_support import lake_at

DAYS = [date(2026, 11, day) for day in (20, 21, 22, 23)]
DAY = DAYS[-1]
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


class Asked:
    """A lake with these days' pages, and what the command has done. writes: what writing another page raises."""

    def __init__(self) -> None:
        self.written: list[tuple[date, dict[str, Any]]] = []
        self.opened: list[str] = []
        self.error: PlatformError | None = None

    def write_report(self, lake: Lake, catalog: str, instance: str, day: date, **how: Any) -> None:
        assert (catalog, instance) == ("the catalog", "the instance")
        if self.error:
            raise self.error
        self.written.append((day, how))
        lake.write_atomic(path_of(day), b"a new page")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    found = lake_at(tmp_path)
    monkeypatch.setattr(command, "lake_from_env", lambda: found)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A machine without a screen, on Linux."""
    found = Asked()

    @contextmanager
    def instance() -> Iterator[str]:
        yield "the instance"

    monkeypatch.setattr(sys, "platform", "linux")
    for variable in SCREENS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(webbrowser, "open", found.opened.append)
    monkeypatch.setattr("consolidated.night.report.write.write_report", found.write_report)
    monkeypatch.setattr("resources.graph.checkout_instance", instance)
    monkeypatch.setattr("resources.lake.catalog.load_lake_catalog", lambda _: "the catalog")
    return found


def with_pages(lake: Lake, *days: date) -> None:
    for day in days:
        lake.write_atomic(path_of(day), f"page of {day}".encode())


def page_of(lake: Lake, day: date) -> Path:
    return Path(lake.storage_path(path_of(day)))


def test_without_a_day_the_last_page_is_named_and_nothing_is_written(
    lake: Lake, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    with_pages(lake, *DAYS)
    assert command.main([]) == 0
    assert capsys.readouterr().out == f"{page_of(lake, DAY)}\n"
    assert command.main(["--date", "2026-11-20"]) == 0
    assert capsys.readouterr().out == f"{page_of(lake, DAYS[0])}\n"
    assert (asked.written, asked.opened) == ([], [])


def test_a_lake_without_pages_has_none_to_open(lake: Lake, asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 2
    assert f"the lake at {lake.uri} has no report yet. Run `make nightly` first." in capsys.readouterr().err
    assert asked.written == []


def test_a_day_without_a_page_has_one_written_where_something_is_known_of_it(
    lake: Lake, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert command.main(["--date", "2026-11-22"]) == 0
    assert asked.written == [(DAYS[2], {"of_any_day": False})], "once: then it has its page"
    assert page_of(lake, DAYS[2]).read_bytes() == b"a new page"
    asked.error = PlatformError(Cause.CONFIGURATION, "nothing is known of it")
    capsys.readouterr()
    assert command.main(["--date", "2026-11-21"]) == 2
    told = capsys.readouterr()
    assert (told.out, "nothing is known of it" in told.err) == ("", True)


def test_no_page_is_written_into_a_lake_whose_stamp_cannot_be_read(lake: Lake, asked: Asked) -> None:
    lake.write_atomic("source.json", b"no stamp")
    assert command.main(["--date", "2026-11-22"]) == 2
    assert asked.written == []


def test_a_page_in_a_bucket_is_opened_from_a_copy(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = Lake("memory://a-bucket-of-the-report")
    with_pages(bucket, *DAYS)
    monkeypatch.setattr(command, "lake_from_env", lambda: bucket)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert command.main([]) == 0
    copy = tmp_path / "oem-stock-report-2026-11-23.html"
    assert capsys.readouterr().out == f"{copy}\n"
    assert copy.read_text() == "page of 2026-11-23"
    assert asked.written == []


@pytest.mark.parametrize(
    ("platform", "screen", "is_opened"),
    [
        ("linux", None, False),
        ("linux", "DISPLAY", True),
        ("linux", "WAYLAND_DISPLAY", True),
        ("darwin", None, True),
        ("win32", None, True),
    ],
)
def test_the_page_is_opened_where_there_is_a_screen(
    platform: str, screen: str | None, is_opened: bool, lake: Lake, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_pages(lake, DAY)
    monkeypatch.setattr(sys, "platform", platform)
    if screen:
        monkeypatch.setenv(screen, ":0")
    assert command.main([]) == 0
    assert asked.opened == ([page_of(lake, DAY).as_uri()] if is_opened else [])


def test_what_is_no_day_among_the_pages_is_somebody_elses(lake: Lake) -> None:
    assert reported_days(lake) == []
    with_pages(lake, *reversed(DAYS))
    for name in ("notes.html", "2026-11-24.json", "2026-11-25", "20261126.html"):
        lake.write_atomic(f"reports/{name}", b"")
    assert reported_days(lake) == DAYS


@pytest.fixture
def known(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is known of the night of DAY; all of it comes from its neighbours."""
    figures = SimpleNamespace(runs=[], steps=[], matters=[])

    def read_figures(_store: object, place: str, day: date, failures: Any, uses: str) -> Any:
        assert (place, day, list(failures), uses) == (lake.uri, DAY, ["a failure"], "uses of 2026-11-23")
        return figures

    monkeypatch.setattr(write, "failures_of_night", lambda *_: {"a place": "a failure"})
    monkeypatch.setattr(write, "uses_of_night", lambda _, day: f"uses of {day}")
    monkeypatch.setattr("consolidated.night.report.figures.read_figures", read_figures)
    monkeypatch.setattr("consolidated.night.report.page.html_of", lambda _: "<p>größer</p>")
    return figures


def written(lake: Lake, **how: Any) -> Any:
    nobody: Any = None
    return write_report(lake, nobody, nobody, DAY, **how)


def test_the_night_itself_has_its_page_whatever_is_known_of_it(lake: Lake, known: Any) -> None:
    assert written(lake) is known
    assert page_of(lake, DAY).read_text(encoding="utf-8") == "<p>größer</p>"


@pytest.mark.parametrize("what", ["runs", "steps", "matters"])
def test_one_thing_that_is_known_of_a_night_makes_a_page(what: str, lake: Lake, known: Any) -> None:
    setattr(known, what, ["one"])
    assert written(lake, of_any_day=False) is known
    assert reported_days(lake) == [DAY]


@pytest.mark.parametrize(
    ("days", "advice"),
    [
        ([], "Run `make nightly` first."),
        (DAYS[:1], "The last days with a report: 2026-11-20."),
        ([date(2026, 11, 19), *DAYS[:3]], "The last days with a report: 2026-11-20, 2026-11-21, 2026-11-22."),
    ],
)
def test_a_night_of_which_nothing_is_known_names_the_nights_that_have_a_page(
    days: list[date], advice: str, lake: Lake, known: Any
) -> None:
    with_pages(lake, *days)
    with pytest.raises(PlatformError, match="nothing is known of a night of 2026-11-23") as failure:
        written(lake, of_any_day=False)
    assert failure.value.cause is Cause.CONFIGURATION
    assert str(failure.value).endswith(advice)
    assert reported_days(lake) == days
