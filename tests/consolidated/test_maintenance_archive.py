"""What leaves the archive and the typed days: what killed steps left; more only where a setting says so."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.tasks import sweep_archive
from raw.archive.responses import day_folder
from raw.archive.seal import Manifest, MarketSeal, seal
from resources.failures import Cause, PlatformError
from resources.lake.days import today
from resources.lake.lake import Lake
from resources.lake.stored_files import unfinished_uploads
from tests.support.consolidated_support import History
from tests.support.servers import S3Server
from tests.support.typed_days import day_number, vehicle

REPORT_FIELDS = (
    "oem", "name", "endpoint", "table", "date", "source", "contract_version", "quarantine_file", "quarantined_by_rule",
)  # fmt: skip
OLD_SECONDS = 30 * 24 * 3600


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake((tmp_path / "lake").as_uri())


def attempt_of(
    lake: Lake, attempt: str, *, days_ago: int = 1, finished: bool = True, age_seconds: int = OLD_SECONDS
) -> None:
    day = today() - timedelta(days=days_ago)
    part = f"{day_folder('maker', 'search', day)}/{attempt}/part-00000.parquet"
    lake.write_atomic(part, b"rows")
    if finished:
        market = MarketSeal("es", attempt, "A", [part], 1, 1, 4, 1, 1, 1, 0, True, None, None, "", 1.0)
        seal(lake, Manifest("maker", "search", day.isoformat(), "sandbox", {"es": market}), day)
    for path in lake.filesystem.find(lake.storage_path("raw")):
        if attempt in path:
            moment = time.time() - age_seconds
            os.utime(path, (moment, moment))


def left(lake: Lake, tier: str = "raw") -> set[str]:
    root = lake.storage_path("")
    return {"/".join(path.removeprefix(root).split("/")[3:]) for path in lake.filesystem.find(lake.storage_path(tier))}


def swept(lake: Lake, **settings: Any) -> None:
    """Announced and removed."""
    for _ in range(2):
        sweep_archive(lake, MaintenanceSettings(**settings))


def test_only_what_was_killed_long_ago_goes(lake: Lake) -> None:
    day = (today() - timedelta(days=1)).isoformat()
    attempt_of(lake, "1Z")
    attempt_of(lake, "2Z")
    attempt_of(lake, "3Z", finished=False)
    attempt_of(lake, "4Z", finished=False, age_seconds=60)
    lake.write_atomic(f"{day_folder('maker', 'search', today())}/manifest.json.1.tmp", b"")
    temporary = lake.storage_path(f"{day_folder('maker', 'search', today())}/manifest.json.1.tmp")
    os.utime(temporary, (0, 0))
    before = left(lake)
    sweep_archive(lake, MaintenanceSettings())
    sweep_archive(lake, MaintenanceSettings(dry_run=True))
    assert left(lake) == before
    sweep_archive(lake, MaintenanceSettings())
    gone = {f"{day}/3Z/part-00000.parquet", f"{today().isoformat()}/manifest.json.1.tmp"}
    assert left(lake) == before - gone


def test_an_attempt_that_still_writes_is_as_young_as_its_latest_part(lake: Lake) -> None:
    attempt_of(lake, "1Z", finished=False)
    day = today() - timedelta(days=1)
    lake.write_atomic(f"{day_folder('maker', 'search', day)}/1Z/part-00001.parquet", b"rows")
    before = left(lake)
    swept(lake)
    assert left(lake) == before


def test_superseded_attempts_and_old_days_go_only_where_a_setting_says_so(lake: Lake) -> None:
    for days_ago in (5, 50):
        attempt_of(lake, "1Z", days_ago=days_ago)
        attempt_of(lake, "2Z", days_ago=days_ago)
    everything = left(lake)
    swept(lake)
    assert left(lake) == everything
    swept(lake, raw_superseded_days=10)
    of_old = (today() - timedelta(days=50)).isoformat()
    assert everything - left(lake) == {f"{of_old}/1Z/part-00000.parquet", f"{of_old}/1Z/manifest.json"}
    before = left(lake)
    swept(lake, raw_days=10)
    assert left(lake) == before, "a day sealed just now stays whole, however old its attempts"
    for path in lake.filesystem.find(lake.storage_path("raw")):
        os.utime(path, (0, 0))
    swept(lake, raw_days=10)
    assert left(lake) == {path for path in everything if not path.startswith(of_old)}


def test_an_attempt_whose_answers_another_endpoint_reads_stays(lake: Lake) -> None:
    """The endpoint was fetched once more, and the other one was not derived from that attempt."""
    day = today() - timedelta(days=50)
    attempt_of(lake, "1Z", days_ago=50)
    part = f"{day_folder('maker', 'search', day)}/1Z/part-00000.parquet"
    market = MarketSeal("es", "5Z", "A", [part], 1, 1, 4, 1, 1, 1, 0, True, None, None, "", 1.0)
    seal(lake, Manifest("maker", "dealers", day.isoformat(), "sandbox", {"es": market}), day)
    attempt_of(lake, "2Z", days_ago=50)
    attempt_of(lake, "3Z", days_ago=50)
    swept(lake, raw_superseded_days=10)
    kept = {path.split("/")[1] for path in left(lake) if path.endswith(".parquet")}
    assert kept == {"1Z", "3Z"}


def test_of_the_typed_days_the_reports_run_stays(tmp_path: Path) -> None:
    kept = History(tmp_path)
    day = day_number(0)
    kept.land(day, [vehicle("car", day)])
    named = left(kept.lake, "transformed")
    folder = f"transformed/maker/stock/{day.isoformat()}/20260101T000000.000000Z"
    kept.lake.write_atomic(f"{folder}/part-00000.parquet", b"killed")
    for path in kept.lake.filesystem.find(kept.lake.storage_path("transformed")):
        os.utime(path, (0, 0))
    swept(kept.lake)
    assert left(kept.lake, "transformed") == named
    swept(kept.lake, transformed_days=10)
    assert left(kept.lake, "transformed") == set()


def test_of_a_typed_day_without_a_report_nothing_that_is_old_stays(lake: Lake) -> None:
    for run, age_seconds in (("20260101T000000.000000Z", OLD_SECONDS), ("20260102T000000.000000Z", 0)):
        part = f"transformed/maker/stock/{today() - timedelta(days=1)}/{run}/part-00000.parquet"
        lake.write_atomic(part, b"rows")
        moment = time.time() - age_seconds
        os.utime(lake.storage_path(part), (moment, moment))
    swept(lake)
    assert left(lake, "transformed") == {f"{today() - timedelta(days=1)}/20260102T000000.000000Z/part-00000.parquet"}


@pytest.mark.parametrize(
    ("days_ago", "goes"), [(9, False), (10, False), (11, True)], ids=["younger", "as old as the setting", "older"]
)
def test_retention_keeps_the_days_of_the_setting_and_no_day_less(lake: Lake, days_ago: int, goes: bool) -> None:
    attempt_of(lake, "1Z", days_ago=days_ago)
    attempt_of(lake, "2Z", days_ago=days_ago)
    day = (today() - timedelta(days=days_ago)).isoformat()
    report = f"transformed/maker/stock/{day}/report.json"
    lake.write_json(report, {"markets": {}, **dict.fromkeys(REPORT_FIELDS)} | {"files": []})
    for path in [path for tier in ("raw", "transformed") for path in lake.filesystem.find(lake.storage_path(tier))]:
        os.utime(path, (0, 0))
    everything = left(lake)
    swept(lake, raw_superseded_days=10)
    superseded = {f"{day}/1Z/part-00000.parquet", f"{day}/1Z/manifest.json"}
    assert everything - left(lake) == (superseded if goes else set())
    swept(lake, raw_days=10, transformed_days=10)
    assert (left(lake) == set()) is goes
    assert (left(lake, "transformed") == set()) is goes


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"version": 99}'])
def test_a_day_whose_manifest_cannot_be_read_stays_and_stops_nothing(
    lake: Lake, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    attempt_of(lake, "1Z", days_ago=2, finished=False)
    attempt_of(lake, "2Z", days_ago=1, finished=False)
    day = (today() - timedelta(days=1)).isoformat()
    for tier, manifest in (("raw", "manifest.json"), ("transformed", "report.json")):
        lake.write_atomic(f"{tier}/maker/search/{day}/{manifest}", content)
        lake.write_atomic(f"{tier}/maker/search/{day}/2Z/part-00000.parquet", b"rows")
    for path in lake.filesystem.find(lake.storage_path("")):
        os.utime(path, (0, 0))
    swept(lake)
    assert left(lake) == {f"{day}/manifest.json", f"{day}/2Z/part-00000.parquet"}
    assert left(lake, "transformed") == {f"{day}/report.json", f"{day}/2Z/part-00000.parquet"}
    assert caplog.text.count(f"maintenance leaves {day} as it is") >= 2


@pytest.mark.parametrize("reads", ["raw.archive.retention.read_seal", "transformed.day.retention.read_report"])
def test_a_storage_that_fails_stops_the_sweep(lake: Lake, reads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise PlatformError(Cause.LAKE_UNWRITABLE, "the storage answers with 503")

    for tier in ("raw", "transformed"):
        lake.write_atomic(f"{tier}/maker/search/{today() - timedelta(days=1)}/1Z/part-00000.parquet", b"rows")
    monkeypatch.setattr(reads, failing)
    with pytest.raises(PlatformError, match="answers with 503"):
        sweep_archive(lake, MaintenanceSettings())


@pytest.mark.parametrize("stray", ["2026-11-20-copy", "20261120", "old", "2026-13-01"])
def test_a_stray_folder_is_told_and_passed_over(lake: Lake, stray: str, caplog: pytest.LogCaptureFixture) -> None:
    attempt_of(lake, "3Z", finished=False)
    for tier in ("raw", "transformed"):
        lake.write_atomic(f"{tier}/maker/search/{stray}/1Z/part-00000.parquet", b"copied")
        lake.write_atomic(f"{tier}/maker/search/{stray}/manifest.json", b"copied")
    for path in lake.filesystem.find(lake.storage_path("")):
        os.utime(path, (0, 0))
    swept(lake, raw_days=1, raw_superseded_days=1, transformed_days=1)
    copied = {f"{stray}/1Z/part-00000.parquet", f"{stray}/manifest.json"}
    assert left(lake) == copied, "the killed attempt goes all the same"
    assert left(lake, "transformed") == copied
    for tier in ("raw", "transformed"):
        assert f"{tier}/maker/search/{stray} is no folder of a day" in caplog.text


@pytest.mark.slow
def test_an_upload_that_was_never_finished_is_aborted(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    lake = Lake(s3.new_lake_uri())
    bucket, _, folder = lake.storage_path("raw").partition("/")
    lake.filesystem.call_s3("create_multipart_upload", Bucket=bucket, Key=f"{folder}/maker/search/part")
    assert len(unfinished_uploads(lake.filesystem, lake.storage_path("raw"))) == 1
    sweep_archive(lake, MaintenanceSettings())
    assert len(unfinished_uploads(lake.filesystem, lake.storage_path("raw"))) == 1, "it is young"
    sweep_archive(lake, MaintenanceSettings(grace_hours=0))
    assert unfinished_uploads(lake.filesystem, lake.storage_path("raw")) == []
