"""`make retype`: what it does of a maker, since when, and the lake that it refuses before a day is typed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from consolidated.day.retype import main
from resources.lake.lake import Lake


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """What is done, in order, and since which day."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())

    def typed(_lake: Lake, oem: str, since: date | None, progress: Any) -> None:
        calls.append(("typed", oem, since))
        progress("a day")

    def merged(**about: Any) -> None:
        calls.append(("merged", about["maker"].name, about["since"]))
        about["progress"]("another day")

    monkeypatch.setattr("transformed.day.retype.retype_days", typed)
    monkeypatch.setattr("consolidated.day.many.consolidate_many", merged)
    monkeypatch.setattr(
        "consolidated.day.market_daily.write_market_daily", lambda _, oem: calls.append(("counted", oem))
    )
    return calls


@pytest.mark.parametrize(("more", "since"), [([], None), (["--since", "2026-11-01"], date(2026, 11, 1))])
def test_days_are_typed_merged_and_counted(
    more: list[str], since: date | None, done: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--oem", "bmw", *more]) == 0
    assert done == [("typed", "bmw", since), ("merged", "bmw", since), ("counted", "bmw")]
    assert capsys.readouterr().out == "a day\nanother day\n"


def test_a_lake_that_was_moved_or_lost_its_catalog_and_a_wrong_wish_change_nothing(
    done: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--oem", "bmw", "--since", "yesterday"]) == 2
    assert "SINCE=yesterday is not a date" in capsys.readouterr().err
    lake = Lake(tmp_path.as_uri())
    lake.write_json("tables.json", {"version": 1, "tables": {"inventory": "its UUID"}})
    assert main(["--oem", "bmw"]) == 2
    assert "has no table consolidated.inventory" in capsys.readouterr().err
    lake.write_json("source.json", {"source": "sandbox", "address": "file:///elsewhere"})
    assert main(["--oem", "bmw"]) == 2
    assert "was moved or copied from file:///elsewhere" in capsys.readouterr().err
    assert done == []
