"""`make diff` ends with 1 where a day differs and 0 where it does not, and prints how it is published."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from consolidated.change.__main__ import main
from tests.support.declared import OEMS

LAST = date(2026, 11, 25)
DIFFERS, SAME = SimpleNamespace(text="es: 3 rows differ", differs=True), SimpleNamespace(text="gb: same", differs=False)


@pytest.mark.parametrize(("lines", "code"), [([SAME], 0), ([], 0), ([DIFFERS], 1), ([DIFFERS, SAME], 1)])
def test_the_exit_code_says_whether_a_day_differs(
    lines: list[SimpleNamespace],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    monkeypatch.setattr("consolidated.change.reading.differences", lambda *_: lines)
    assert main(["diff", "--oem", "bmw", "--date", "2026-11-25"]) == code
    told = capsys.readouterr().out.splitlines()
    published = ["", "to publish it: make publish OEM=bmw DATE=2026-11-25"] if code else []
    assert told == [*(line.text for line in lines), *published]


@pytest.fixture
def archived(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[date]:
    """The days that the archive has of each endpoint."""
    days = [date(2026, 11, 23), LAST, date(2026, 11, 24)]
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    monkeypatch.setattr("transformed.day.retype.archived_days", lambda *_: days)
    return days


@pytest.mark.usefixtures("archived")
def test_without_a_day_the_last_that_was_archived_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def differences(*about: object) -> list[SimpleNamespace]:
        asked.append(about[-1])
        return []

    def retype(arguments: list[str]) -> int:
        asked.append(arguments)
        return 3

    monkeypatch.setattr("consolidated.change.reading.differences", differences)
    monkeypatch.setattr("consolidated.day.retype.main", retype)
    for more in ([], ["--date", "2026-11-23"]):
        assert main(["diff", "--oem", "bmw", *more]) == 0
        assert main(["publish", "--oem", "bmw", *more]) == 3, "the code is that of typing the days again"
    publishes = [["--oem", "bmw", "--since", day] for day in ("2026-11-25", "2026-11-23")]
    assert asked == [LAST, publishes[0], date(2026, 11, 23), publishes[1]]


@pytest.mark.parametrize("what", ["diff", "publish"])
def test_a_maker_that_was_never_archived_is_refused(
    what: str, archived: list[date], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    archived.clear()
    assert main([what, "--oem", "bmw"]) == 2
    told = capsys.readouterr().err
    assert f"the archive of {tmp_path.as_uri()} has no day of it. Run `make nightly OEM=bmw` first." in told


@pytest.mark.usefixtures("archived")
def test_each_line_is_shown_as_soon_as_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()

    def differences(*_: object) -> Iterator[SimpleNamespace]:
        yield SAME
        assert shown.getvalue() == b"gb: same\n"

    monkeypatch.setattr("consolidated.change.reading.differences", differences)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown))
    assert main(["diff", "--oem", "bmw"]) == 0


def test_a_day_that_was_never_archived_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "lake"))
    oem = OEMS[0].name
    assert main(["diff", "--oem", oem, "--date", "2026-11-25"]) == 2
    said = capsys.readouterr().err
    assert f"{oem}: never_landed: the archive has no day of it since 2026-11-25" in said
    assert "Give another DATE." in said
