"""A day transformed again: from the archive alone, in a rerun, after a kill. Its rows are the same each time."""

from __future__ import annotations

import gzip
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from raw.archive.seal import MarketSeal
from raw.audi import SCS_SEARCH
from raw.mercedes import MBUSA_SEARCH
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.transformed_support import (
    DAY,
    body_of,
    captures,
    car,
    lake_at,
    land,
    landed,
    quarantine_of,
    rows_of,
    run,
)
from transformed.day import transform
from transformed.day.output import read_rows
from transformed.day.report import Report, read_report, report_folder


def no_network(*_: object, **__: object) -> None:
    raise AssertionError("a socket was opened")


@pytest.mark.slow
def test_everything_is_rebuilt_from_the_archive_with_the_network_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = captures("mercedes", "mbusa_used_search", "2026-06-24.json.gz")
    lake = lake_at(tmp_path)
    land(lake, "mercedes", MBUSA_SEARCH, {"us": [gzip.decompress(path.read_bytes())]})
    land(lake, "audi", SCS_SEARCH, {"es": [body_of(SCS_SEARCH, [car(1), car(2, carId=None), car(1)])]})
    before = {}
    for oem, endpoint in (("mercedes", MBUSA_SEARCH), ("audi", SCS_SEARCH)):
        report = run(lake, endpoint, oem)
        before[oem] = (report, read_rows(lake, report), quarantine_of(lake, report))
    lake.filesystem.rm(lake.storage_path("transformed"), recursive=True)
    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)
    for oem, endpoint in (("mercedes", MBUSA_SEARCH), ("audi", SCS_SEARCH)):
        report = run(lake, endpoint, oem)
        earlier, rows, quarantined = before[oem]
        assert_frame_equal(read_rows(lake, report), rows)
        assert quarantine_of(lake, report) == quarantined
        assert without_files(report) == without_files(earlier)


def without_files(report: Report) -> Report:
    return replace(report, files=[], quarantine_file=None, sightings_file=None, sha256={})


def runs(lake: Lake) -> list[str]:
    return [name for name in lake.list(report_folder("audi", "scs_inventory", DAY)) if name != "report.json"]


def test_a_rerun_gives_the_same_rows_and_leaves_one_run(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1), car(2, carId=None), car(1)]]})
    first = run(lake)
    rows = rows_of(lake, first)
    second = run(lake)
    assert rows_of(lake, second) == rows
    assert first.files != second.files
    assert runs(lake) == [second.files[0].split("/")[-2]]
    assert read_report(lake, "audi", "scs_inventory", DAY) == second


@pytest.mark.slow
@pytest.mark.parametrize("where", ["typed_rows", "_settle", "write_report"])
def test_a_killed_run_leaves_nothing_visible_and_the_next_one_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    lake = landed(tmp_path, {"es": [[car(1), car(2)]]})
    with monkeypatch.context() as patch:
        patch.setattr(transform, where, killed)
        with pytest.raises(KeyboardInterrupt):
            run(lake)
    with pytest.raises(PlatformError):
        read_report(lake, "audi", "scs_inventory", DAY)
    report = run(lake)
    assert len(rows_of(lake, report)) == 2


def test_what_a_killed_run_left_is_removed_when_it_surely_runs_no_more(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1)]]})
    folder = report_folder("audi", "scs_inventory", DAY)
    for name in ("20260101T000000.000000Z", "29990101T000000.000000Z"):
        lake.write_atomic(f"{folder}/{name}/part-00000.parquet", b"unfinished")
    report = run(lake)
    assert runs(lake) == [report.files[0].split("/")[-2], "29990101T000000.000000Z"]


@pytest.mark.parametrize("cause", [Cause.CONNECTION, Cause.CREDENTIAL_REJECTED, Cause.CONFIGURATION])
def test_a_storage_that_fails_in_a_market_ends_the_day_and_is_no_state_of_the_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: Cause
) -> None:
    lake = lake_at(tmp_path)
    bodies = {market: [body_of(SCS_SEARCH, [car(number)])] for number, market in enumerate(("es", "gb"))}
    land(lake, "audi", SCS_SEARCH, bodies)
    type_market = transform._type_market

    def fails_once(work: Any, lake: Lake, seal: MarketSeal) -> Any:
        if seal.market == "es":
            raise PlatformError(cause, "the storage does not answer")
        return type_market(work, lake, seal)

    monkeypatch.setattr(transform, "_type_market", fails_once)
    with pytest.raises(PlatformError, match="the storage does not answer") as error:
        run(lake)
    assert error.value.cause is cause
    assert lake.list(report_folder("audi", SCS_SEARCH.yields.name, DAY)) == []
