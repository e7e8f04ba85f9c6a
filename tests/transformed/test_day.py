"""A day as a whole: conservation, unknown fields, duplicates, and the rows that come of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from raw.archive.reader import PageBody, read_pages
from raw.archive.seal import read_seal
from raw.audi import SCS_SEARCH
from raw.mercedes import MBUSA_SEARCH
from resources.failures import Cause, PlatformError
from tests.support.counts import count
from tests.support.hostile import HOSTILE, UNKNOWN
from tests.support.transformed_support import (
    DAY,
    assert_conserved,
    body_of,
    car,
    lake_at,
    land,
    landed,
    quarantine_of,
    rows_of,
    run,
    without_provenance,
)
from transformed.contract.contracts import Vehicle
from transformed.day import batches, transform
from transformed.day.output import read_rows, read_sightings
from transformed.day.report import read_report
from transformed.day.typed_rows import TypedBatch, typed_rows

# --- conservation (law 1) --------------------------------------------------------------------------------------

defects = st.sampled_from([{}, {}, {}, {}, *(changes for changes, _ in HOSTILE.values()), *UNKNOWN.values()])
records: st.SearchStrategy[Any] = st.builds(
    lambda number, changes: car(number, **changes), st.integers(1, 12), defects
) | st.sampled_from([None, {}, 7])
days = st.dictionaries(
    st.sampled_from(["es", "gb", "kr"]), st.lists(st.lists(records, max_size=4), max_size=4), min_size=1, max_size=3
)


@pytest.mark.slow
@given(days, st.sampled_from([1, 3, 25_000]))
@settings(max_examples=count(20, 2000), deadline=None)
def test_received_is_accepted_and_quarantined_and_duplicates(day: dict[str, list[list[Any]]], batch: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BATCH_RECORDS", batch)
        lake = landed(Path(folder), day)
        report = run(lake)
        assert_conserved(report)
        rows, bad, seen = rows_of(lake, report), quarantine_of(lake, report), read_sightings(lake, report)
        accepted = Counter(row["market"] for row in rows)
        quarantined = Counter(row["market"] for row in bad)
        for name, pages in day.items():
            market = report.markets[name]
            sent = [record for page in pages for record in page]
            good = {record["carId"] for record in sent if isinstance(record, dict) and record and _is_good(record)}
            named = {record["carId"] for record in sent if isinstance(record, dict) and is_named(record)}
            assert market.received == len(sent)
            assert set(seen.filter(pl.col("market") == name)["identity"]) == named
            assert market.sightings == len(named)
            assert market.without_identity == sum(not isinstance(one, dict) or not is_named(one) for one in sent)
            assert market.accepted == accepted[name] == len(good)
            assert {row["listing_id"] for row in rows if row["market"] == name} == good
            assert market.quarantined == quarantined[name]
        addresses = [row["archive_address"] for row in rows + bad]
        assert len(set(addresses)) == len(addresses)


def _is_good(record: dict[str, Any]) -> bool:
    if not is_named(record):
        return False
    plain = car(int(record["carId"][3:]))
    return record in [plain, *({**plain, **changes} for changes in UNKNOWN.values())]


def is_named(record: dict[str, Any]) -> bool:
    return isinstance(record.get("carId"), str) and record["carId"].startswith("ESP")


def test_raw_and_transformed_count_the_same_records(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1), car(2)]]}, collected={"es": 3})
    with pytest.raises(PlatformError) as raised:
        run(lake)
    assert raised.value.cause is Cause.CONSERVATION_BROKEN
    assert (raised.value.oem, raised.value.market, raised.value.endpoint) == ("audi", "es", "scs_search")
    with pytest.raises(PlatformError):
        read_report(lake, "audi", "scs_inventory", DAY)


def test_a_row_lost_on_the_way_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loses_one(*given: Any) -> TypedBatch:
        batch = typed_rows(*given)
        return replace(batch, rows=batch.rows.head(1))

    monkeypatch.setattr(transform, "typed_rows", loses_one)
    with pytest.raises(PlatformError) as raised:
        run(landed(tmp_path, {"es": [[car(1), car(2)]]}))
    assert raised.value.cause is Cause.CONSERVATION_BROKEN


@pytest.mark.slow
@pytest.mark.parametrize("failure", ["lost", "not json", "defect"])
def test_what_one_markets_records_do_stops_no_other_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    def pages(*given: Any) -> Iterator[PageBody]:
        for page in read_pages(*given):
            yield replace(page, body=page.body[:-9]) if page.market == "gb" and failure == "not json" else page

    def typed(records: pl.DataFrame, *given: Any) -> TypedBatch:
        if failure == "defect" and records["market"][0] == "gb" and "ESP00004" in records["carId"]:
            raise ZeroDivisionError("whatever nobody thought of")
        return typed_rows(records, *given)

    monkeypatch.setattr(transform, "read_pages", pages)
    monkeypatch.setattr(transform, "typed_rows", typed)
    monkeypatch.setattr(batches, "BATCH_RECORDS", 1)
    cars = {"es": [[car(1)], [car(2)]], "gb": [[car(3)], [car(4)]], "kr": [[car(5)]]}
    lake = landed(tmp_path, cars, collected={"gb": 9} if failure == "lost" else None)
    report = run(lake)
    assert {row["market"]: row["listing_id"] for row in rows_of(lake, report)} == {"es": "ESP00002", "kr": "ESP00005"}
    gb = report.markets["gb"]
    assert (gb.complete, gb.received, gb.accepted, gb.sightings) == (False, 0, 0, 0)
    causes = {"lost": "conservation_broken", "not json": "not_json", "defect": "defect"}
    assert gb.cause == causes[failure]
    assert set(report.failed) == {"gb"}
    assert report.failed["gb"].startswith("audi scs_search gb")
    assert set(read_sightings(lake, report)["market"]) == {"es", "kr"}
    assert_conserved(report)


def test_a_defect_names_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def typed(*_: Any) -> TypedBatch:
        raise ZeroDivisionError("x" * 5000)

    monkeypatch.setattr(transform, "typed_rows", typed)
    with pytest.raises(
        PlatformError, match=r"audi scs_search es: defect: ZeroDivisionError in test_day\.py:\d+"
    ) as raised:
        run(landed(tmp_path, {"es": [[car(1)]]}))
    assert len(str(raised.value)) < 500


# --- unknown fields --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", range(5))
def test_a_field_on_any_single_page_is_found(tmp_path: Path, page: int) -> None:
    pages = [[car(10 * number + one, **({"dealPrice": 1} if number == page else {})) for one in range(10)]
             for number in range(5)]  # fmt: skip
    report = run(landed(tmp_path, {"es": pages, "gb": [[]]}))
    assert any(line.startswith("unknown field `dealPrice`") for line in report.drift)


def test_a_field_of_a_later_slice_is_found_on_its_first_page_with_records(tmp_path: Path) -> None:
    def body(records: list[Any]) -> bytes:
        return json.dumps({**json.loads(body_of(MBUSA_SEARCH, records)), "success": True}).encode()

    def vehicle(number: int, **changes: Any) -> dict[str, Any]:
        return {"vin": f"W1KZH6AB2NB0289{number:02d}", "msrp": 1.0, **changes}

    lake = lake_at(tmp_path)
    first = [vehicle(number) for number in range(12)]
    last = [vehicle(20 + number, **({"dealPrice": 1} if number == 7 else {})) for number in range(12)]
    pages = {"us": [body([]), body(first), body([]), body(last)]}
    land(lake, "mercedes", MBUSA_SEARCH, pages, slices=["class=A", "class=A", "class=S", "class=S"])
    report = run(lake, MBUSA_SEARCH, "mercedes")
    assert any(line.startswith("unknown field `dealPrice` (1 record,") for line in report.drift)


def test_the_sample_is_drawn_by_identity_and_day_and_a_rerun_draws_the_same(tmp_path: Path) -> None:
    pages = [[car(number) for number in range(100)]]
    pages += [[car(100 * page + one, **{f"field{one}": 1}) for one in range(96)] for page in range(1, 4)]
    lake = landed(tmp_path, {"es": pages})
    found = {line for line in run(lake).drift if line.startswith("unknown field")}
    assert 3 <= len(found) <= 60, "about 18 of 288"
    assert {line for line in run(lake).drift if line.startswith("unknown field")} == found


def test_what_a_source_says_is_bounded_in_report_and_quarantine(tmp_path: Path) -> None:
    million = "x" * 1_000_000
    cars = [car(number, **{f"{million}{number}": 1, "trimline": {million: 2}}) for number in range(3)]
    cars += [car(10, modelYear=million), car(11, vin=million), car(12, bodyType={"code": million})]
    lake = landed(tmp_path, {"es": [cars]})
    report = run(lake)
    assert max(map(len, report.drift)) < 400
    assert len(json.dumps(report.to_json())) < 50_000
    for row in quarantine_of(lake, report):
        assert all(len(str(value)) <= 200 for value in row.values())


def test_as_many_field_names_as_records_are_bounded(tmp_path: Path) -> None:
    cars = [car(number, **{f"{number}-{one}": 1 for one in range(30)}) for number in range(100)]
    report = run(landed(tmp_path, {"es": [cars]}))
    assert len(report.drift) == 51
    assert report.drift[-1].startswith("and ")


def test_an_incomplete_market_is_transformed_and_said_to_be_incomplete(tmp_path: Path) -> None:
    report = run(landed(tmp_path, {"es": [[car(1)]], "gb": []}, complete=False))
    es, gb = report.markets["es"], report.markets["gb"]
    assert (es.accepted, es.complete, es.cause, es.message) == (1, False, "shortfall", "a page is missing")
    assert (gb.received, gb.accepted) == (0, 0)
    assert es.coverage == read_seal(lake_at(tmp_path), "audi", "scs_search", DAY).markets["es"].coverage


def test_a_day_without_any_record_has_a_report_and_no_files(tmp_path: Path) -> None:
    report = run(landed(tmp_path, {"es": [[]]}))
    assert (report.files, report.quarantine_file, report.drift) == ([], None, [])


def test_a_day_that_never_landed_says_so(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as raised:
        run(lake_at(tmp_path))
    assert raised.value.cause is Cause.NEVER_LANDED


def test_an_archived_page_that_is_not_json_names_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = landed(tmp_path, {"es": [[car(1)]]})
    monkeypatch.setattr(
        transform, "read_pages", lambda *given: (replace(page, body=page.body[:-9]) for page in read_pages(*given))
    )
    with pytest.raises(PlatformError, match=r"audi scs_search es page raw/.*part-00000\.parquet#0: not_json"):
        run(lake)


def test_an_endpoint_without_a_mapping_says_what_is_missing(tmp_path: Path) -> None:
    endpoint = replace(SCS_SEARCH, yields=replace(SCS_SEARCH.yields, name="nothing_yet"))
    with pytest.raises(PlatformError, match=r"transformed/audi\.py does not declare NOTHING_YET"):
        run(landed(tmp_path, {"es": []}), endpoint)


# --- duplicates ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@given(st.data())
@settings(max_examples=count(15, 1000), deadline=None)
def test_the_order_of_pages_decides_nothing(data: st.DataObject) -> None:
    prices = st.sampled_from([[], [{"type": "retail", "amount": 5.0}], [{"type": "retail", "amount": 6.0}]])
    vins = st.sampled_from([None, "WAUZZZ8V0KA000001", "WAUZZZ8V0KA000002"])
    cars = st.builds(
        lambda number, price, vin, trim: car(number, typedPrices=price, vin=vin, trimline={"description": trim}),
        st.integers(1, 4), prices, vins, st.sampled_from(["S line", "Basis"]),
    )  # fmt: skip
    pages = data.draw(st.lists(st.lists(cars, min_size=1, max_size=4), min_size=2, max_size=4))
    shuffled = [data.draw(st.permutations(page)) for page in data.draw(st.permutations(pages))]
    with TemporaryDirectory() as one, TemporaryDirectory() as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BATCH_RECORDS", data.draw(st.sampled_from([2, 25_000])))
        tables = []
        for folder, order in ((one, pages), (other, shuffled)):
            lake = landed(Path(folder), {"es": order})
            report = run(lake)
            assert_conserved(report)
            tables.append(without_provenance(read_rows(lake, report)))
        assert_frame_equal(*tables)


def test_a_listing_on_two_pages_is_one_row_and_counted(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1), car(2)], [car(2), car(3)]], "gb": [[car(2)]]})
    report = run(lake)
    assert Counter((row["market"], row["listing_id"]) for row in rows_of(lake, report)) == Counter(
        [("es", "ESP00001"), ("es", "ESP00002"), ("es", "ESP00003"), ("gb", "ESP00002")]
    )
    assert (report.markets["es"].duplicates, report.markets["gb"].duplicates) == (1, 0)


# --- rows ------------------------------------------------------------------------------------------------------


def test_the_row_is_typed_as_the_contract_says_and_sorted(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"gb": [[car(3), car(1)]], "es": [[car(2), car(1)]]})
    report = run(lake)
    rows = read_rows(lake, report)
    assert rows.schema == Vehicle.create_empty().schema
    assert rows.select("market", "listing_id").rows() == [
        ("es", "ESP00001"), ("es", "ESP00002"), ("gb", "ESP00001"), ("gb", "ESP00003"),
    ]  # fmt: skip
    assert len(Vehicle.validate(rows)) == 4
