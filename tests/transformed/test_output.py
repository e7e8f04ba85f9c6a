"""The rows of a run: parts that are written, changed and named, what is removed after them, and what is read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from raw.archive.writer import new_attempt
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.typed_days import contract_frame
from transformed.contract.contracts import Vehicle
from transformed.day import sightings
from transformed.day.output import (
    MemoryOutput,
    Output,
    StoredOutput,
    read_file,
    read_quarantine,
    read_rows,
    read_sightings,
)
from transformed.day.quarantine import QUARANTINE_SCHEMA
from transformed.day.report import Report

FOLDER = "transformed/maker/stock/2026-11-20"


def rows(*names: str) -> pl.DataFrame:
    return pl.DataFrame({"listing_id": names, "vin": [f"VIN {name}" for name in names]})


def places(*at: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(at, schema={"part": pl.UInt32, "row": pl.UInt32}, orient="row")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path.as_uri())


@pytest.fixture(params=["stored", "in memory"])
def output(request: pytest.FixtureRequest, lake: Lake) -> Output:
    """Of two parts: a, b, c and d, e."""
    made = MemoryOutput() if request.param == "in memory" else StoredOutput(lake, FOLDER)
    assert (made.parts, made.files()) == (0, [])
    assert [made.write_part(rows(*names)) for names in ("abc", "de")] == [0, 1]
    return made


def listings(output: Output) -> list[str]:
    found: list[str] = output.rows_at(places(*ALL[: _rows_of(output)]))["listing_id"].to_list()
    return found


ALL = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]


def _rows_of(output: Output) -> int:
    return 5 if output.parts == 2 else 3


def test_rows_are_found_at_their_places_with_what_stands_beside_the_places(output: Output) -> None:
    found = output.rows_at(places((1, 1), (0, 2), (0, 0)).with_columns(vehicle=pl.Series(["x", "y", "z"])))
    assert found.select("part", "row", "listing_id", "vehicle").rows() == [
        (1, 1, "e", "x"), (0, 0, "a", "z"), (0, 2, "c", "y"),
    ]  # fmt: skip


def test_dropped_rows_leave_the_others_in_their_order(output: Output) -> None:
    output.drop(places((0, 1), (1, 0)))
    assert output.rows_at(places((0, 0), (0, 1), (1, 0)))["listing_id"].to_list() == ["a", "c", "e"]
    assert "row" not in output._get(output._names[0]).columns


def test_a_forgotten_vin_is_null_and_the_row_stays(output: Output) -> None:
    output.forget_vins(places((0, 1), (1, 0)))
    found = output.rows_at(places(*ALL))
    assert found["vin"].to_list() == ["VIN a", None, "VIN c", None, "VIN e"]
    assert output._get(output._names[0]).columns == ["listing_id", "vin"]


def test_discarded_parts_are_named_no_more(output: Output) -> None:
    output.discard_parts_from(1)
    assert (output.parts, len(output.files()), listings(output)) == (1, 1, ["a", "b", "c"])
    assert output.write_part(rows("f")) == 1, "the next one takes the number"


def test_what_belongs_to_no_part_is_kept_beside_them_where_there_is_any(output: Output) -> None:
    path = output.write_beside("quarantine", rows("q"))
    assert path is not None
    assert path not in output.files()
    assert output.write_beside("sightings", rows()) is None


def test_the_parts_of_a_run_are_files_of_a_folder_of_its_own(lake: Lake) -> None:
    output = StoredOutput(lake, FOLDER)
    assert output.write_part(rows("a")) == 0
    (path,) = output.files()
    assert path == f"{FOLDER}/{output.run}/part-00000.parquet"
    assert output.sha256 == {path: hashlib.sha256(lake.read_bytes(path)).hexdigest()}
    assert output.write_beside("quarantine", rows("q")) == f"{FOLDER}/{output.run}/quarantine.parquet"


def test_the_rows_in_memory_are_those_of_the_parts_and_what_lies_beside_them_has_a_name() -> None:
    output = MemoryOutput()
    assert output.rows().shape == (0, 0)
    output.write_part(rows("a"))
    output.write_part(rows("b"))
    output.write_beside("quarantine", rows("q"))
    assert_frame_equal(output.rows(), rows("a", "b"))
    beside = output.beside("quarantine")
    assert beside is not None
    assert beside["listing_id"].to_list() == ["q"]
    assert output.beside("sightings") is None


# --- what a run removes ------------------------------------------------------------------------------------------


def report(**values: Any) -> Report:
    usual: dict[str, Any] = {
        "oem": "maker", "name": "stock", "endpoint": "search", "table": "inventory", "date": "2026-11-20",
        "source": "live", "contract_version": 2, "files": [], "quarantine_file": None, "quarantined_by_rule": {},
        "markets": {},
    }  # fmt: skip
    return Report(**usual | values)


def test_the_replaced_run_and_abandoned_ones_are_removed_and_one_that_writes_is_left_alone(lake: Lake) -> None:
    now = datetime.now(UTC)
    abandoned, replaced, writing = (
        new_attempt(now - timedelta(hours=hours)) for hours in (25, 3, 23)
    )  # the run that is replaced may be young
    for run in (abandoned, replaced, writing, "notes"):
        lake.write_atomic(f"{FOLDER}/{run}/part-00000.parquet", b"PAR1")
    lake.write_json(f"{FOLDER}/report.json", {})
    output = StoredOutput(lake, FOLDER)
    output.write_part(rows("a"))
    output.remove_superseded(report(files=[f"{FOLDER}/{replaced}/part-00000.parquet"]))
    assert set(lake.list(FOLDER)) == {writing, output.run, "notes", "report.json"}


def test_without_a_report_before_it_a_run_removes_only_what_is_abandoned(lake: Lake) -> None:
    young = new_attempt(datetime.now(UTC) - timedelta(hours=1))
    lake.write_atomic(f"{FOLDER}/{young}/part-00000.parquet", b"PAR1")
    output = StoredOutput(lake, FOLDER)
    output.write_part(rows("a"))
    output.remove_superseded(report(files=output.files()))
    output.remove_superseded(None)
    assert set(lake.list(FOLDER)) == {young, output.run}, "its own files stay, whatever the report names"


# --- what is read ------------------------------------------------------------------------------------------------


def stored(lake: Lake, **beside: pl.DataFrame) -> Report:
    output = StoredOutput(lake, FOLDER)
    cars = [{"oem": "maker", "market": "es", "listing_id": name, "vin_is_temporary": False} for name in "ab"]
    for number in range(2):
        output.write_part(contract_frame(Vehicle, cars[number : number + 1]))
    named = {f"{name}_file": output.write_beside(name, frame) for name, frame in beside.items()}
    return report(files=output.files(), sha256=output.sha256, **named)


def test_the_rows_of_a_report_are_those_of_its_files_in_order(lake: Lake) -> None:
    written = stored(lake)
    assert read_rows(lake, written)["listing_id"].to_list() == ["a", "b"]
    assert read_file(lake, written, written.files[1], ["listing_id", "market"]).rows() == [("b", "es")]
    assert read_file(lake, written, written.files[1]).width == len(Vehicle.column_names())
    assert read_rows(lake, report()).shape == (0, 0)


REFUSED = pl.DataFrame(
    [{"market": "es", "identity": name, "message": "breaks it"} for name in ("c", "a")], schema=QUARANTINE_SCHEMA
)


def test_a_quarantine_and_sightings_are_read_from_their_files(lake: Lake) -> None:
    seen = pl.DataFrame([("es", "z", None, "merged")], schema=sightings.SCHEMA, orient="row")
    written = stored(lake, quarantine=REFUSED, sightings=seen)
    assert_frame_equal(read_quarantine(lake, written), REFUSED)
    assert_frame_equal(read_sightings(lake, written), seen)


def test_a_report_without_a_file_of_sightings_has_them_from_its_rows_and_its_quarantine(lake: Lake) -> None:
    outcomes = read_sightings(lake, stored(lake, quarantine=REFUSED)).select("identity", "outcome").rows()
    assert outcomes == [("a", "accepted"), ("b", "accepted"), ("c", "quarantined")]
    empty = read_sightings(lake, report())
    assert (empty.height, empty.schema) == (0, sightings.SCHEMA)
    assert (read_quarantine(lake, report()).height, read_quarantine(lake, report()).schema) == (0, QUARANTINE_SCHEMA)


def _gone(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _changed(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("damage", "is_known", "told"),
    [
        (_gone, True, "is gone"),
        (_changed, True, "does not hold the bytes that were written"),
        (_cut, False, "is no Parquet file: "),
    ],
)
def test_a_damaged_file_is_named(damage: Callable[[Path], None], is_known: bool, told: str, lake: Lake) -> None:
    written = stored(lake)
    path = written.files[0]
    damage(Path(lake.storage_path(path)))
    with pytest.raises(PlatformError) as raised:
        read_rows(lake, written if is_known else report(files=written.files))
    assert raised.value.cause is Cause.TRANSFORMED_DAMAGED
    assert raised.value.detail.startswith(f"{path} {told}")
    assert len(raised.value.detail) < 350


def test_a_file_whose_sha256_nobody_noted_is_read_as_it_is(lake: Lake) -> None:
    assert read_rows(lake, report(files=stored(lake).files)).height == 2


def test_a_storage_that_takes_no_file_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space is left")

    monkeypatch.setattr(Lake, "open_write", full)
    with pytest.raises(PlatformError) as raised:
        StoredOutput(lake, FOLDER).write_part(rows("a"))
    assert raised.value.cause is Cause.LAKE_UNWRITABLE
    assert raised.value.detail.startswith(f"cannot write {FOLDER}/")
    assert raised.value.detail.endswith(f"part-00000.parquet to the lake at {lake.uri}: no space is left")
