"""A sealed day typed in memory by a small mapping: what becomes of each market, and when nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from raw.archive.reader import PageBody
from raw.archive.seal import MarketSeal
from raw.endpoint import Sign
from resources.failures import Cause, PlatformError
from tests.support.hand_sealed import AT, DAY, manifest, market_seal
from tests.support.words import endpoint
from transformed.contract.contracts import Vehicle
from transformed.day import transform
from transformed.day.duplicates import keys_of
from transformed.day.output import MemoryOutput
from transformed.day.report import Report
from transformed.day.transform import transform_day, type_day
from transformed.day.typed_rows import TypedBatch, typed_rows
from transformed.mapping.declaration import TableMapping
from transformed.mapping.expressions import text

pytestmark = pytest.mark.slow

MAPPING = TableMapping(
    contract=Vehicle,
    record=pl.Struct({"id": pl.String, "vin": pl.String, "kind": pl.String}),
    columns={"listing_id": text("id"), "vin": text("vin"), "brand": text("kind")},
    exclusions={"part": pl.col("kind") == "part"},
)
VINS = tuple(f"WAUZZZ8V0KA00000{number}" for number in range(1, 5))
Markets = dict[str, "list[Any] | bytes | BaseException"]


def car(number: int, **values: Any) -> dict[str, Any]:
    return {"id": f"car-{number}", "vin": None, "kind": "saloon", **values}


def typed(
    markets: Markets, *, mapping: TableMapping = MAPPING, collected: int | None = None, **words: Any
) -> tuple[Report, MemoryOutput]:
    """The day of these markets' records, each market on one page. An error: what reading the market raises."""

    def read_pages(_lake: object, seal: MarketSeal) -> Iterator[PageBody]:
        said = markets[seal.market]
        if isinstance(said, BaseException):
            raise said
        body = said if isinstance(said, bytes) else json.dumps({"cars": said}).encode()
        yield PageBody(seal.market, f"{seal.market}#0", AT, body)

    def sealed(market: str, said: object) -> MarketSeal:
        counted = len(said) if isinstance(said, list) else 0
        return market_seal(market, collected=counted if collected is None else collected, reported_total=9, seconds=2.5)

    lake: Any = None
    output = MemoryOutput()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transform, "mapping_of", lambda *_: mapping)
        patch.setattr(transform, "interpretation", lambda *_: "0123456789abcdef")
        patch.setattr(transform, "read_pages", read_pages)
        day = manifest(*(sealed(market, said) for market, said in markets.items()))
        return type_day(lake, day, endpoint(**words), DAY, output), output


def counts(report: Report, market: str = "es") -> tuple[int, int, int, int, int, int]:
    of = report.markets[market]
    return of.received, of.accepted, of.quarantined, of.duplicates, of.sightings, of.without_identity


def test_every_record_of_a_market_is_accounted_for() -> None:
    records = [
        car(1), car(2), car(2), car(3, kind=None), car(4, id=None), {"kind": {}, "id": "car-5"}, {"id": {}},
        car(6, kind="part"), car(7, id=None, kind="part"),
    ]  # fmt: skip
    report, output = typed({"es": records})
    assert counts(report) == (9, 2, 6, 1, 4, 2), "cars 1, 2, 3 and 5 were seen; two have no identity"
    assert report.quarantined_by_rule == {"brand": 1, "listing_id": 1, "part": 2, "schema_drift": 2}
    assert output.rows()["listing_id"].to_list() == ["car-1", "car-2"]
    seen = output.beside("sightings")
    assert seen is not None
    assert seen.select("identity", "outcome").rows() == [
        ("car-1", "accepted"), ("car-2", "accepted"), ("car-3", "quarantined"), ("car-5", "quarantined")
    ]  # fmt: skip


def test_a_report_says_where_the_rows_lie_and_repeats_what_raw_says() -> None:
    report, _ = typed({"es": [car(1), car(2)], "gb": [car(3, kind=None)]})
    assert (report.oem, report.name, report.endpoint, report.table) == ("oem", "inventory", "feed", "inventory")
    assert (report.date, report.source, report.interpretation) == (DAY.isoformat(), "sandbox", "0123456789abcdef")
    assert (report.files, report.quarantine_file, report.sightings_file) == (
        ["part-00000"], "quarantine", "sightings"
    )  # fmt: skip
    assert (report.sha256, report.failed) == ({}, {})
    market = report.markets["es"]
    assert (market.complete, market.cause, market.reported_total, market.fetch_seconds) == (True, None, 9, 2.5)
    assert counts(report, "gb") == (1, 0, 1, 0, 1, 0), "a part without rows is none"
    assert report.fill == {"es": {"listing_id": 1.0, "vin": 0.0, "brand": 1.0}, "gb": {}}


def test_of_two_listings_of_one_vehicle_the_one_that_says_more_is_the_row_and_both_were_seen() -> None:
    record = pl.Struct([*MAPPING.record.fields, pl.Field("trim", pl.String)])
    columns = {"listing_id": text("id"), "vin": text("vin"), "brand": text("kind"), "trim": text("trim")}
    cars = [car(1, vin=VINS[0]), car(2, vin=VINS[0], trim="S line"), car(3, vin=VINS[1])]
    report, output = typed({"es": cars}, mapping=replace(MAPPING, record=record, columns=columns))
    assert (counts(report), report.drift) == ((3, 2, 0, 1, 3, 0), [])
    assert output.rows()["listing_id"].to_list() == ["car-2", "car-3"]
    assert report.fill["es"]["vin"] == 1.0


def test_a_vin_on_three_listings_identifies_none_and_is_told() -> None:
    refused = car(3, vin=VINS[0], kind=None)
    report, output = typed({"es": [car(1, vin=VINS[0]), car(2, vin=VINS[0]), refused, car(4, vin=VINS[1])]})
    assert counts(report) == (4, 3, 1, 0, 4, 0)
    assert dict(output.rows().select("listing_id", "vin").iter_rows()) == {
        "car-1": None, "car-2": None, "car-4": VINS[1]
    }  # fmt: skip
    assert report.fill["es"]["vin"] == 0.3333
    (line,) = report.drift
    assert line.startswith(f"vin: `{VINS[0]}` stands on 3 listings of es and identifies none")
    assert "3 records" in line
    seen = output.beside("sightings")
    assert seen is not None
    assert seen["vin"].to_list() == [None, None, None, VINS[1]]


def test_a_mapping_without_vins_counts_none() -> None:
    columns = {name: column for name, column in MAPPING.columns.items() if name != "vin"}
    report, _ = typed({"es": [car(1)]}, mapping=replace(MAPPING, columns=columns, ignored=frozenset({"vin"})))
    assert report.fill["es"] == {"listing_id": 1.0, "brand": 1.0}


def test_a_declared_field_that_no_record_holds_is_told_unless_a_day_may_lack_it() -> None:
    records = {"es": [{"id": "a", "kind": "van"}]}
    assert typed(dict(records))[0].drift == ["no record holds the declared field `vin` (1 record)"]
    assert typed(dict(records), mapping=replace(MAPPING, optional=frozenset({"vin"})))[0].drift == []


def test_a_page_without_its_list_is_drift_unless_the_endpoint_declares_how_it_says_that_there_is_nothing() -> None:
    empty: Markets = {"es": b'{"cars": {}}'}
    assert typed(empty, nothing=Sign("total", 0))[0].drift == []
    (line,) = typed(empty)[0].drift
    assert line.startswith("a page without a list of records: ")


# --- what stops a market, and what stops the day -----------------------------------------------------------------


def error(cause: Cause, detail: str = "it is damaged") -> PlatformError:
    return PlatformError(cause, detail)


@pytest.mark.parametrize(
    ("stopped", "cause", "told"),
    [
        (b"<html>", "not_json", "not_json: "),
        (error(Cause.ARCHIVE_DAMAGED), "archive_damaged", "archive_damaged: it is damaged"),
        (error(Cause.CONSERVATION_BROKEN), "conservation_broken", "conservation_broken: it is damaged"),
        (ZeroDivisionError("x" * 900), "defect", "defect: ZeroDivisionError in test_typing_a_day.py:"),
    ],
)
def test_a_market_that_cannot_be_typed_has_no_rows_and_stops_no_other(stopped: Any, cause: str, told: str) -> None:
    report, output = typed({"es": stopped, "gb": [car(1)]})
    market = report.markets["es"]
    assert (market.complete, market.cause, market.message) == (False, cause, report.failed["es"])
    assert report.failed.keys() == {"es"}
    assert report.failed["es"].startswith("oem feed es")
    assert told in report.failed["es"]
    assert len(report.failed["es"]) < 500
    assert counts(report) == (0, 0, 0, 0, 0, 0)
    assert (market.reported_total, market.fetch_seconds) == (9, 2.5), "of raw, whatever happened"
    assert report.fill["es"] == report.known_codes["es"] == {}
    assert output.rows()["listing_id"].to_list() == ["car-1"]


def test_the_first_market_speaks_where_none_could_be_typed() -> None:
    with pytest.raises(PlatformError, match="oem feed es: archive_damaged"):
        typed({"gb": error(Cause.NOT_JSON), "es": error(Cause.ARCHIVE_DAMAGED)})


def test_a_day_without_markets_is_typed() -> None:
    assert typed({})[0].markets == {}


@pytest.mark.parametrize(
    "raised", [OSError("the disk"), MemoryError(), error(Cause.CONNECTION), error(Cause.LAKE_UNWRITABLE)]
)
def test_what_lies_in_no_markets_bytes_stops_the_day(raised: Exception) -> None:
    with pytest.raises(type(raised)) as stopped:
        typed({"es": raised, "gb": [car(1)]})
    assert stopped.value is raised


def test_rows_that_were_written_before_a_market_failed_are_named_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_in_es(rows: pl.DataFrame, identity: str, part: int) -> pl.DataFrame:
        if rows["market"][0] == "es":
            raise ZeroDivisionError
        return keys_of(rows, identity, part)

    monkeypatch.setattr("transformed.day.duplicates.keys_of", fails_in_es)
    report, output = typed({"de": [car(1)], "es": [car(2)], "gb": [car(3), car(3)]})
    assert output.rows()["listing_id"].to_list() == ["car-1", "car-3"]
    assert (len(report.files), list(report.failed)) == (2, ["es"])


@pytest.mark.parametrize("collected", [1, 3])
def test_raw_and_transformed_count_the_same_records(collected: int) -> None:
    with pytest.raises(PlatformError) as raised:
        typed({"es": [car(1), car(2)]}, collected=collected)
    assert (raised.value.cause, raised.value.market) == (Cause.CONSERVATION_BROKEN, "es")
    assert (raised.value.oem, raised.value.endpoint) == ("oem", "feed")
    assert raised.value.detail == f"raw collected {collected} records, 2 came"


def test_a_record_that_becomes_neither_row_nor_refused_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def loses_one(*given: Any) -> TypedBatch:
        batch = typed_rows(*given)
        return replace(batch, rows=batch.rows.tail(len(batch.rows) - 1))

    monkeypatch.setattr(transform, "typed_rows", loses_one)
    with pytest.raises(PlatformError) as raised:
        typed({"es": [car(1), car(2), car(2), car(3, kind=None)]})
    assert raised.value.detail == "4 records received, 1 + 1 + 1 accounted for"


# --- what is written ---------------------------------------------------------------------------------------------


def written(report: Report, standing: Report | None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a typed day does to the lake, in order. standing: the report that it replaces."""
    did: list[Any] = []

    class Stored(MemoryOutput):
        def __init__(self, _lake: object, folder: str) -> None:
            super().__init__()
            did.append(folder)

        def remove_superseded(self, replaced: Report | None) -> None:
            did.append(replaced)

    def read_report(*_: object) -> Report:
        if standing is None:
            raise error(Cause.TRANSFORMED_DAMAGED)
        return standing

    monkeypatch.setattr(transform, "read_seal", lambda *_: None)
    monkeypatch.setattr(transform, "type_day", lambda *_: report)
    monkeypatch.setattr(transform, "StoredOutput", Stored)
    monkeypatch.setattr(transform, "read_report", read_report)
    monkeypatch.setattr(transform, "write_report", lambda _lake, made, _day: did.append(made))
    lake: Any = None
    assert transform_day(lake=lake, oem="oem", endpoint=endpoint(), day=DAY) is report
    return did


def test_the_report_is_written_before_what_it_replaces_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    report, standing = typed({"es": [car(1)]})[0], typed({"es": []})[0]
    assert written(report, standing, monkeypatch) == [f"transformed/oem/inventory/{DAY}", report, standing]
    assert written(report, None, monkeypatch)[1:] == [report, None], "a report that cannot be read is replaced"


LOST: Markets = {"es": error(Cause.ARCHIVE_DAMAGED), "gb": [car(2)]}


def test_rows_of_a_market_that_the_archive_has_lost_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = typed(LOST)[0]
    with pytest.raises(PlatformError) as raised:
        written(lost, typed({"es": [car(1)]})[0], monkeypatch)
    assert (raised.value.cause, raised.value.market) == (Cause.ARCHIVE_DAMAGED, "es")
    assert (raised.value.oem, raised.value.endpoint) == ("oem", "feed")
    assert raised.value.detail == (
        f"the market can no longer be typed, and what was typed before stays ({lost.markets['es'].message})"
    )


@pytest.mark.parametrize(
    ("made", "standing"),
    [
        (LOST, None),
        (LOST, {"es": [car(1, kind=None)]}),
        (LOST, {"gb": [car(2)]}),
        ({"es": error(Cause.NOT_JSON), "gb": [car(2)]}, {"es": [car(1)]}),
    ],
)
def test_where_no_rows_would_be_lost_to_the_archive_the_new_report_is_written(
    made: Markets, standing: Markets | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = typed(standing)[0] if standing else None
    assert len(written(typed(made)[0], before, monkeypatch)) == 3


def test_a_market_that_raw_calls_damaged_and_that_was_typed_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    report = typed({"es": [car(1)]})[0]
    of_raw = replace(report.markets["es"], complete=False, cause=Cause.ARCHIVE_DAMAGED.value)
    assert len(written(replace(report, markets={"es": of_raw}), report, monkeypatch)) == 3
