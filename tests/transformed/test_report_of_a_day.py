"""The report of a typed day in its file: what comes back, of which version, and why one cannot be read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.typed_days import MARKET, NAME, OEM, market_report
from transformed.day import report as module
from transformed.day.report import Report, read_report, report_folder, typed_days, write_report

DAY = date(2026, 11, 20)
PATH = f"transformed/{OEM}/{NAME}/2026-11-20/report.json"


def report(**values: Any) -> Report:
    usual: dict[str, Any] = {
        "oem": OEM, "name": NAME, "endpoint": "search", "table": "inventory", "date": DAY.isoformat(), "source": "live",
        "contract_version": 2, "files": [], "quarantine_file": None, "quarantined_by_rule": {}, "markets": {},
    }  # fmt: skip
    return Report(**usual | values)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path.as_uri())


def test_what_is_written_is_read_again(lake: Lake) -> None:
    markets = {MARKET: market_report(9, quarantined=2, sightings=8, without_identity=1, cause="shortfall")}
    written = report(markets=markets, files=["f"], sha256={"f": "1"}, fill={MARKET: {"vin": 0.5}}, failed={"gb": "no"})
    write_report(lake, written, DAY)
    assert read_report(lake, OEM, NAME, DAY) == written
    assert json.loads(lake.read_bytes(PATH))["version"] == 2


def test_in_a_report_of_version_1_each_accepted_or_quarantined_record_is_a_sighting(lake: Lake) -> None:
    value = report(markets={MARKET: market_report(9, quarantined=2, accepted=5)}).to_json()
    for name in ("sightings", "without_identity"):
        del value["markets"][MARKET][name]
    for name in ("sightings_file", "interpretation", "fill", "known_codes", "sha256", "failed", "drift"):
        del value[name]
    lake.write_json(PATH, value | {"version": 1})
    found = read_report(lake, OEM, NAME, DAY)
    assert (found.version, found.markets[MARKET].sightings, found.markets[MARKET].without_identity) == (1, 7, 0)
    assert (found.drift, found.interpretation, found.failed, found.sightings_file) == ([], "", {}, None)


def test_a_part_that_this_platform_does_not_know_is_passed_over(lake: Lake) -> None:
    lake.write_json(PATH, report().to_json() | {"note": "of another hand"})
    assert read_report(lake, OEM, NAME, DAY) == report()


def test_the_runs_of_a_report_are_the_folders_of_its_files() -> None:
    folder = report_folder(OEM, NAME, DAY)
    files = [f"{folder}/1Z/part-00000.parquet", f"{folder}/1Z/part-00001.parquet"]
    assert report(files=files, sightings_file=f"{folder}/2Z/s.parquet").runs == {"1Z", "2Z"}
    assert report(quarantine_file=f"{folder}/3Z/q.parquet").runs == {"3Z"}
    assert report().runs == frozenset()


def failure_of(lake: Lake) -> PlatformError:
    with pytest.raises(PlatformError) as raised:
        read_report(lake, OEM, NAME, DAY)
    assert (raised.value.oem, raised.value.endpoint) == (OEM, NAME)
    return raised.value


def test_a_day_without_a_report_says_what_to_run_first(lake: Lake) -> None:
    failure = failure_of(lake)
    assert (failure.cause, failure.detail) == (Cause.NEVER_LANDED, "nothing is transformed for 2026-11-20")
    assert failure.advice == "Run the transformed step of that day first."


def test_a_report_of_a_newer_version_says_what_to_do(lake: Lake) -> None:
    lake.write_json(PATH, {"version": 3})
    failure = failure_of(lake)
    assert failure.cause is Cause.FORMAT_UNKNOWN
    assert failure.detail == f"{PATH} has version 3, and this platform knows versions up to 2"
    assert str(failure.advice).startswith("Upgrade the platform, or run the transformed step")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "JSONDecodeError"),
        (b"[]", "TypeError"),
        (b"{}", "KeyError: 'version'"),
        (b'{"version": 2}', "KeyError: 'markets'"),
        (b'{"version": "3"}', "KeyError: 'markets'"),
        (b'{"version": 2, "markets": []}', "AttributeError"),
        (b'{"version": 2, "markets": {"es": {"accepted": 1, "quarantined": 0}}}', "TypeError"),
    ],
)
def test_a_file_that_is_no_report_says_why(content: bytes, why: str, lake: Lake) -> None:
    lake.write_atomic(PATH, content)
    failure = failure_of(lake)
    assert failure.cause is Cause.TRANSFORMED_DAMAGED
    assert failure.detail.startswith(f"{PATH} is no report ({why}")


def test_why_a_file_is_no_report_is_cut(lake: Lake) -> None:
    name = "x" * 5000
    lake.write_json(PATH, {"version": 2, "markets": {"es": {name: 1, "sightings": 0}}})
    assert len(failure_of(lake).detail) < 300


def test_the_days_of_a_table_are_in_order_and_one_that_cannot_be_read_is_among_them(lake: Lake) -> None:
    folder = f"transformed/{OEM}/{NAME}"
    write_report(lake, report(), DAY)
    lake.write_atomic(f"{folder}/2026-11-18/report.json", b"{")
    lake.write_json(f"{folder}/2026-11-19/report.json", {"version": 3})
    lake.write_atomic(f"{folder}/2026-11-17/1Z/part-00000.parquet", b"PAR1")
    lake.write_json(f"{folder}/2026-11-16-copy/report.json", report().to_json())
    assert typed_days(lake, OEM, NAME) == [date(2026, 11, 18), date(2026, 11, 19), DAY]
    assert typed_days(lake, OEM, "other") == []


def test_a_storage_that_does_not_answer_is_no_day_without_a_report(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> Report:
        raise PlatformError(Cause.CONNECTION, "the storage does not answer")

    write_report(lake, report(), DAY)
    monkeypatch.setattr(module, "read_report", read)
    with pytest.raises(PlatformError, match="does not answer"):
        typed_days(lake, OEM, NAME)
