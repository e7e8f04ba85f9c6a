"""Past days are typed again from the archive: in memory for a comparison, or in place of what was typed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from raw.audi import SCS_SEARCH
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.transformed_support import DAY, body_of, car, lake_at, land, run
from transformed.day import retype
from transformed.day.output import read_rows, read_sightings
from transformed.day.report import read_report, write_report
from transformed.day.retype import archived_days, retype_days, retyped_rows
from transformed.day.transform import transform_day

pytestmark = pytest.mark.slow

DAYS = [DAY + timedelta(days=number) for number in range(4)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Four days in the archive, the first three of them typed."""
    lake = lake_at(tmp_path)
    for number, day in enumerate(DAYS):
        cars = [car(one, vin=f"WAUZZZ8V0KA0000{one:02d}") for one in range(number + 1)]
        land(lake, "audi", SCS_SEARCH, {"es": [body_of(SCS_SEARCH, [*cars, cars[0], car(9, modelYear=1066)])]}, day)
    for day in DAYS[:3]:
        run(lake, day=day)
    return lake


def files(lake: Lake) -> set[str]:
    return set(lake.filesystem.find(lake.storage_path("")))


def test_a_day_typed_in_memory_is_the_day_as_typed_and_nothing_is_written(lake: Lake) -> None:
    before = files(lake)
    found = retyped_rows(lake, "audi", SCS_SEARCH, DAYS[1])
    assert found is not None
    report = read_report(lake, "audi", "scs_inventory", DAYS[1])
    assert_frame_equal(found.rows, read_rows(lake, report))
    assert_frame_equal(found.sightings, read_sightings(lake, report))
    assert found.report.markets == report.markets
    assert found.report.interpretation == report.interpretation != ""
    assert found.report.files == []
    assert files(lake) == before


def test_a_day_that_the_archive_has_not_got_is_none(lake: Lake) -> None:
    assert retyped_rows(lake, "audi", SCS_SEARCH, DAY - timedelta(days=1)) is None


def test_a_day_that_the_archive_has_damaged_is_not_taken_for_one_that_it_has_not_got(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise PlatformError(Cause.ARCHIVE_DAMAGED, "cut short")

    monkeypatch.setattr("transformed.day.retype.read_seal", damaged)
    with pytest.raises(PlatformError, match="cut short"):
        retyped_rows(lake, "audi", SCS_SEARCH, DAY)


def test_a_day_without_rows_has_the_contracts_columns(lake: Lake) -> None:
    day = DAY + timedelta(days=9)
    land(lake, "audi", SCS_SEARCH, {"es": [body_of(SCS_SEARCH, [])]}, day)
    found = retyped_rows(lake, "audi", SCS_SEARCH, day)
    assert found is not None
    assert (len(found.rows), "listing_id" in found.rows.columns, len(found.sightings)) == (0, True, 0)


def other_interpretation(lake: Lake, day_number: int) -> None:
    report = read_report(lake, "audi", "scs_inventory", DAYS[day_number])
    report = report.from_json(report.to_json() | {"interpretation": "0123456789abcdef", "drift": ["old"]})
    write_report(lake, report, DAYS[day_number])


def test_only_days_of_another_interpretation_are_typed_again(lake: Lake) -> None:
    told: list[str] = []
    assert retype_days(lake, "audi", None, told.append) == [DAYS[3]], "it had never been typed"
    other_interpretation(lake, 0)
    other_interpretation(lake, 2)
    lake.write_atomic(f"transformed/audi/scs_inventory/{DAYS[1]}/report.json", b"{")
    assert retype_days(lake, "audi", DAYS[1], told.append) == [DAYS[1], DAYS[2]]
    assert any(f"audi scs_search {DAYS[2]}: 3 rows (2 of 2)" in line for line in told)
    assert retype_days(lake, "audi", DAYS[1], told.append) == []
    assert retype_days(lake, "audi", None, told.append) == [DAYS[0]]
    assert read_report(lake, "audi", "scs_inventory", DAYS[0]).drift != ["old"]


def test_a_command_that_was_ended_goes_on_where_it_was(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        other_interpretation(lake, number)
    typed = transform_day

    def ends(**given: object) -> object:
        if given["day"] == DAYS[2]:
            raise KeyboardInterrupt
        return typed(**given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(retype, "transform_day", ends)
        with pytest.raises(KeyboardInterrupt):
            retype_days(lake, "audi", None, print)
    assert retype_days(lake, "audi", None, print) == [DAYS[2], DAYS[3]]


def test_a_maker_that_is_none_is_told(lake: Lake) -> None:
    with pytest.raises(PlatformError, match=r"there is no maker adui.*audi") as raised:
        retype_days(lake, "adui", None, print)
    assert raised.value.cause is Cause.CONFIGURATION


def test_a_stray_folder_in_the_archive_is_passed_over(lake: Lake) -> None:
    lake.write_atomic("raw/audi/scs_search/2026-11-20-copy/manifest.json", b"{}")
    assert retype_days(lake, "audi", None, print) == [DAYS[3]]


def test_a_damaged_seal_is_a_day_of_the_archive_and_one_that_cannot_be_asked_for_an_error(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write_atomic(f"raw/audi/scs_search/{DAYS[1]}/manifest.json", b"{")
    lake.filesystem.rm_file(lake.storage_path(f"raw/audi/scs_search/{DAYS[2]}/manifest.json"))
    assert archived_days(lake, "audi", SCS_SEARCH) == [DAYS[0], DAYS[1], DAYS[3]]

    def read_seal(*_: object) -> None:
        raise PlatformError(Cause.CONNECTION, "the storage does not answer")

    monkeypatch.setattr(retype, "read_seal", read_seal)
    with pytest.raises(PlatformError) as raised:
        archived_days(lake, "audi", SCS_SEARCH)
    assert raised.value.cause is Cause.CONNECTION


def test_a_day_that_the_archive_has_lost_keeps_what_was_typed(lake: Lake) -> None:
    for number in (0, 1):
        other_interpretation(lake, number)
    before = read_rows(lake, read_report(lake, "audi", "scs_inventory", DAYS[0]))
    (part,) = (one for one in files(lake) if f"scs_search/{DAYS[0]}" in one and one.endswith(".parquet"))
    stored = Path(part)
    stored.write_bytes(stored.read_bytes()[:-40])
    told: list[str] = []
    assert retype_days(lake, "audi", None, told.append) == [DAYS[1], DAYS[3]]
    assert any(f"{DAYS[0]} stays as it is: audi scs_search es: archive_damaged" in line for line in told), told
    assert_frame_equal(read_rows(lake, read_report(lake, "audi", "scs_inventory", DAYS[0])), before)


def test_one_lost_market_of_several_keeps_what_was_typed(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    pages = {market: [body_of(SCS_SEARCH, [car(1)])] for market in ("es", "gb")}
    land(lake, "audi", SCS_SEARCH, pages, DAY)
    before = run(lake)
    (part,) = (Path(one) for one in files(lake) if "raw/" in one and one.endswith(".parquet"))
    content = bytearray(part.read_bytes())
    of_first_market = pq.read_metadata(part).row_group(0)
    body = of_first_market.column(of_first_market.num_columns - 1)
    middle = body.data_page_offset + body.total_compressed_size // 2
    content[middle] ^= 0xFF
    part.write_bytes(content)
    with pytest.raises(PlatformError, match=r"archive_damaged: the market can no longer be typed, and what was typed"):
        run(lake)
    assert read_report(lake, "audi", "scs_inventory", DAY) == before
    assert len(read_rows(lake, before)) == 2
