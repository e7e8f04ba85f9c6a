"""What came of a day: its rows of `runs`, and of their quarantine what is left out by design."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from consolidated.night.outcome import runs_of
from consolidated.tables.definitions import RUNS
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.declared import SMALL
from tests.support.typed_days import day_number
from transformed.day.quarantine import EXCLUDED_MESSAGE

DAY, MAKER = day_number(0), SMALL[0]
ENDPOINT = MAKER.endpoints[0]


def run(market: str, quarantined: int, *, oem: str = MAKER.name, endpoint: str = ENDPOINT.name) -> dict[str, Any]:
    found = dict.fromkeys(RUNS.frame_schema)
    about = {"oem": oem, "market": market, "table": "inventory", "endpoint": endpoint, "date": DAY}
    return found | about | {"quarantined": quarantined}


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A lake with these rows, and what is in quarantine of the maker's endpoint; an error where it cannot be read."""

    def of(
        rows: list[dict[str, Any]], quarantine: pl.DataFrame | PlatformError | None, source: str | None = "sandbox"
    ) -> Lake:
        frame = pl.DataFrame(rows, schema=RUNS.frame_schema, orient="row")
        tables = SimpleNamespace(read=lambda _table, where: frame.filter(where))
        store = SimpleNamespace(source=lambda: source, open=lambda _: tables)
        monkeypatch.setattr("consolidated.tables.iceberg.IcebergStore", lambda *_: store)
        monkeypatch.setattr("resources.lake.catalog.load_lake_catalog", lambda _: None)

        def read_report(_lake: Lake, oem: str, name: str, _day: object) -> tuple[str, str]:
            if isinstance(quarantine, PlatformError):
                raise quarantine
            return oem, name

        def read_quarantine(_lake: Lake, report: tuple[str, str]) -> pl.DataFrame:
            assert report == (MAKER.name, ENDPOINT.yields.name)
            assert isinstance(quarantine, pl.DataFrame), "nothing is in quarantine"
            return quarantine

        monkeypatch.setattr("transformed.day.report.read_report", read_report)
        monkeypatch.setattr("transformed.day.output.read_quarantine", read_quarantine)
        return Lake("file:///nowhere")

    return of


LEFT_OUT = EXCLUDED_MESSAGE
QUARANTINE = pl.DataFrame({"market": ["es", "es", "es", "de"], "message": [LEFT_OUT, LEFT_OUT, "no price", "x"]})


def told(lake: Lake, oem: str | None = None) -> list[tuple[Any, ...]]:
    return [(one["oem"], one["market"], one["excluded"], one["refused"]) for one in runs_of(lake, DAY, oem)]


def test_what_is_left_out_by_design_is_counted_apart_from_what_was_refused(lake: Any) -> None:
    others = [run("fr", 2, oem="gone"), run("gb", 3, endpoint="no more"), run("es", 9) | {"date": day_number(1)}]
    rows = [run("es", 3), run("de", 1), run("at", 0), *others]
    name = MAKER.name
    expected = [(name, "at", 0, 0), (name, "de", 0, 1), (name, "es", 2, 1), (name, "gb", 0, 3), ("gone", "fr", 0, 2)]
    assert told(lake(rows, QUARANTINE)) == sorted(expected)
    assert told(lake(rows, QUARANTINE), "gone") == [("gone", "fr", 0, 2)]


def test_where_the_typed_files_are_gone_nothing_is_known_to_be_designed(lake: Any) -> None:
    gone = PlatformError(Cause.NEVER_LANDED, "removed")
    assert told(lake([run("es", 3)], gone)) == [(MAKER.name, "es", 0, 3)]
    assert told(lake([run("es", 0)], None)) == [(MAKER.name, "es", 0, 0)], "without a quarantine none is read"
    assert runs_of(lake([run("es", 3)], None, source=None), DAY, None) == []
