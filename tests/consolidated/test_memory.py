"""A day's step holds one large market at a time: what it reads, what it hashes, what waits to be written."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidated.day.content_hash import content_hash
from consolidated.day.inventory import INVENTORY
from consolidated.day.typed import Feed, TypedDay, read_typed_day
from consolidated.tables import staged as staging
from consolidated.tables.staged import Staged
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.typed_days import OEM, contract_frame, day_number, market_report, vehicle
from transformed.contract.contracts import Vehicle
from transformed.day import sightings
from transformed.day.output import StoredOutput
from transformed.day.report import Report, report_folder, write_report

DAY = day_number(0)
NAME = "stock"


def typed_day(lake: Lake, files: list[tuple[str, int]], accepted: dict[str, int]) -> TypedDay:
    """files: the market and the number of rows of each file. accepted: of each market, as the report says."""
    stored = StoredOutput(lake, report_folder(OEM, NAME, DAY))
    for number, (market, rows) in enumerate(files):
        of_file = [vehicle(f"{number}-{one}", DAY) | {"market": market} for one in range(rows)]
        stored.write_part(contract_frame(Vehicle, of_file))
    return reported(lake, stored, accepted)


def reported(lake: Lake, stored: StoredOutput, accepted: dict[str, int]) -> TypedDay:
    markets = {name: replace(market_report(rows), market=name) for name, rows in accepted.items()}
    report = Report(OEM, NAME, NAME, "inventory", DAY.isoformat(), "sandbox", 1, stored.files(), None, {}, markets)
    write_report(lake, report, DAY)
    return read_typed_day(lake, OEM, Feed(NAME, 2), DAY, INVENTORY.schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of rows that were read, by their number."""
    found: list[str] = []
    read_bytes = Lake.read_bytes

    def noted(lake: Lake, path: str) -> bytes:
        if "/part-" in path:
            found.append(path[-9:-8])
        return read_bytes(lake, path)

    monkeypatch.setattr(Lake, "read_bytes", noted)
    # a day of no file of sightings takes them from its rows, which would be read once more
    monkeypatch.setattr(sightings, "of_rows", lambda *_: pl.DataFrame(schema=sightings.SCHEMA))
    return found


def test_each_file_is_read_once_when_its_market_is_asked_for(lake: Lake, reads: list[str]) -> None:
    typed = typed_day(lake, [("de", 2), ("de", 1), ("gb", 3)], {"de": 3, "es": 0, "gb": 3})
    reads.clear()
    for market, rows, read in (("de", 3, ["0", "1"]), ("es", 0, []), ("gb", 3, ["2"])):
        found = typed.rows_of(market)
        assert found is not None
        assert found.height == rows
        assert reads == read, "files of other markets too"
        reads.clear()
    typed.rows_of("de")
    assert reads == ["0", "1"], "another try asks again"


def test_files_in_another_order_are_found(lake: Lake) -> None:
    typed = typed_day(lake, [("gb", 3), ("de", 2), ("gb", 1), ("de", 5)], {"de": 7, "gb": 4})
    for market, rows in (("de", 7), ("gb", 4)):
        found = typed.rows_of(market)
        assert found is not None
        assert found["market"].to_list() == [market] * rows


def test_a_file_of_several_markets_is_told_apart(lake: Lake) -> None:
    stored = StoredOutput(lake, report_folder(OEM, NAME, DAY))
    both = [vehicle(str(number), DAY) | {"market": market} for number, market in enumerate(["gb", "de", "gb"])]
    stored.write_part(contract_frame(Vehicle, both))
    typed = reported(lake, stored, {"de": 1, "gb": 2})
    for market, rows in (("de", 1), ("gb", 2), ("de", 1)):
        found = typed.rows_of(market)
        assert found is not None
        assert found["market"].to_list() == [market] * rows


@pytest.mark.parametrize(("files", "held"), [([("de", 2), ("gb", 9)], 2), ([], 0), ([("de", 4)], 4)])
def test_files_that_do_not_hold_what_the_report_says_are_no_smaller_market(
    lake: Lake, files: list[tuple[str, int]], held: int
) -> None:
    typed = typed_day(lake, files, {"de": 3, "gb": 9})
    with pytest.raises(PlatformError, match=f"the report says 3 rows, and its files hold {held}") as raised:
        typed.rows_of("de")
    assert raised.value.cause is Cause.TRANSFORMED_DAMAGED
    assert (raised.value.oem, raised.value.market) == (OEM, "de")


_VALUES = st.sampled_from([None, "", "a", "b", 'quoted "b"', "two\nlines", "ä", "a,b"])
_ROWS = st.lists(st.tuples(_VALUES, _VALUES, st.sampled_from([None, 1, 2, 30]), st.lists(st.sampled_from("xy"))))


@given(_ROWS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_hash_of_rows_is_that_of_all_their_text(rows: list[tuple[object, ...]], at_a_time: int, random) -> None:  # type: ignore[no-untyped-def]
    schema = pl.Schema({"one": pl.String(), "two": pl.String(), "three": pl.Int64(), "list": pl.List(pl.String())})
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    text = frame.with_columns(pl.col("list").list.join("\x1f")).sort(frame.columns).write_csv()
    random.shuffle(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("consolidated.day.content_hash._ROWS_OF_TEXT", at_a_time)
        shuffled = pl.DataFrame(rows, schema=schema, orient="row")
        assert content_hash(shuffled) == hashlib.sha256(text.encode()).hexdigest()
        assert content_hash(shuffled, frame) == hashlib.sha256((text + text).encode()).hexdigest()


def test_a_large_market_does_not_wait_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def write(_: object, rows: pl.DataFrame) -> list[object]:
        written.append(rows.height)
        return []

    monkeypatch.setattr(staging, "write_data_files", write)
    staged = Staged(None)  # type: ignore[arg-type]
    for rows in (3, staging.ROWS_IN_MEMORY + 1):
        staged.add(pl.lit(value=True), pl.DataFrame({"a": range(rows)}), {})
    assert written == [3, staging.ROWS_IN_MEMORY + 1], "the small ones before it, and the large one at once"
