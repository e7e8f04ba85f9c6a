"""A night through the real jobs, in-process: the laws that need all three tiers."""

from __future__ import annotations

import shutil
import socket
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

import dagster as dg
import polars as pl
import pytest

from raw.archive.seal import read_seal
from raw.wiring.discovery import discover
from resources.lake.lake import Lake
from tests.support.nights import Night, assert_same_content, night_in
from transformed.day.report import read_report

DAY = date(2026, 11, 2)
NEXT = DAY + timedelta(days=1)

pytestmark = pytest.mark.slow


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        f"{check.asset_key.to_user_string()} {check.check_name}": check.description or ""
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    }


def failed_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.step_key.replace("__", "/") for event in result.get_step_failure_events() if event.step_key}


def test_two_nights_and_each_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night_in(tmp_path, monkeypatch) as night:
        first = night.run("nightly", DAY)
        assert first.success
        assert failed_checks(first) == {}
        assert_conserved(night, DAY)
        present = night.table("inventory")
        assert set(present["oem"]) == {"audi", "mercedes"}
        assert present["first_seen_is_censored"].all()
        assert 600 < present.height < 1000

        # law 3: the same day again changes nothing, although every response is fetched and archived anew
        snapshots = night.snapshots()
        assert night.run("nightly", DAY).success
        assert night.snapshots() == snapshots

        assert night.run("nightly", NEXT).success
        runs = night.table("runs").filter(pl.col("date") == NEXT, pl.col("table") == "inventory")
        stock = runs["vehicles"].sum()
        for count, most in (("listed", 0.06), ("disappeared", 0.06), ("price_changes", 0.08)):
            assert 0 < int(runs[count].sum()) < float(stock) * most, f"{count}: {runs[count].sum()} of {stock}"
        again = night.snapshots()
        assert night.run("nightly", NEXT).success
        assert night.snapshots() == again
        law_2_raw_is_the_truth(night, tmp_path / "rebuilt", monkeypatch)


def assert_conserved(night: Night, day: date) -> None:
    """Law 1, from the responses to the rows."""
    for oem in discover():
        for endpoint in oem.endpoints:
            seal = read_seal(night.lake, oem.name, endpoint.name, day)
            report = read_report(night.lake, oem.name, endpoint.yields.name, day)
            rows = pl.read_parquet([night.lake.url(file) for file in report.files])
            refused = (
                pl.read_parquet(night.lake.url(report.quarantine_file)) if report.quarantine_file else pl.DataFrame()
            )
            for name, market in report.markets.items():
                assert market.received == seal.markets[name].collected
                assert market.received == market.accepted + market.quarantined + market.duplicates
                assert market.accepted == rows.filter(pl.col("market") == name).height
                assert market.quarantined == (refused.filter(pl.col("market") == name).height if refused.height else 0)
            if endpoint.yields.table == "inventory":
                daily = night.table("inventory_daily").filter(pl.col("oem") == oem.name, pl.col("date") == day)
                assert daily.height == rows.height


def law_2_raw_is_the_truth(night: Night, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the network off, everything after raw is rebuilt from the archive, equal row for row."""
    expected = night.content()
    source = Path(night.lake.storage_path("")).resolve()
    shutil.copytree(source / "raw", elsewhere / "lake" / "raw")
    shutil.copy(source / "source.json", elsewhere / "lake" / "source.json")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the network was used")

    after_raw = [
        f"{oem.name}/{tier}/{name}"
        for oem in discover()
        for tier, names in (
            ("transformed", [endpoint.yields.name for endpoint in oem.endpoints]),
            ("consolidated", ["inventory", "dealers"]),
        )
        for name in names
    ]
    with monkeypatch.context() as patch, night_in(elsewhere, patch) as rebuilt:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        for day in (DAY, NEXT):
            assert rebuilt.run("nightly", day, after_raw).success
        assert_same_content(rebuilt.content(), expected)


def test_law_5_a_bad_day_retires_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An incomplete and an implausible day: the last good state stays served and a failed check says why."""
    with night_in(tmp_path, monkeypatch) as night:
        for offset in range(2):
            assert night.run("audi_nightly", DAY + timedelta(days=offset)).success
        good = night.content()

        monkeypatch.setenv(
            "SANDBOX_FAULTS",
            "audi/scs_search/esuc:status-403@1;audi/scs_search/ukuc:half;audi/pss_dealers/DEU:graphql-errors",
        )
        result = night.run("audi_nightly", DAY + timedelta(days=2))
        assert result.success
        checks = failed_checks(result)
        assert "blocked" in checks["audi/raw/scs_search complete"]
        assert "es" in checks["audi/consolidated/inventory complete"]
        assert "volume_drop" in checks["audi/consolidated/inventory plausible"]
        assert "bad_request" in checks["audi/raw/pss_dealers complete"]
        bad = night.content()
        for name in ("inventory", "inventory_events"):
            for market in ("es", "gb"):
                here = (pl.col("oem") == "audi") & (pl.col("market") == market)
                assert bad[name].filter(here).equals(good[name].filter(here)), f"{name} of {market} changed"
        germany = pl.col("market") == "de"
        assert bad["dealers"].filter(germany).equals(good["dealers"].filter(germany))
        runs = bad["runs"].filter(pl.col("date") == DAY + timedelta(days=2), pl.col("table") == "inventory")
        by_market = {row["market"]: row for row in runs.iter_rows(named=True)}
        assert (by_market["es"]["complete"], by_market["es"]["cause"]) == (False, "blocked")
        assert (by_market["gb"]["complete"], by_market["gb"]["accepted"]) == (True, False)
        assert by_market["pl"]["accepted"]

        # the next good day goes on from the last good state: what the bad day hid was never gone
        monkeypatch.delenv("SANDBOX_FAULTS")
        assert night.run("audi_nightly", DAY + timedelta(days=3)).success
        delisted = night.table("inventory_events").filter(pl.col("kind") == "delisted")
        assert not set(delisted["market"]) & {"es", "gb"}


def test_law_7_one_oems_failure_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_FAULTS", "audi/scs_search:status-401")
    with night_in(tmp_path, monkeypatch) as night:
        result = night.run("nightly", DAY)
        assert not result.success
        assert failed_steps(result) == {"audi/raw/scs_search"}
        failure = result.get_step_failure_events()[0].step_failure_data
        assert failure.user_failure_data is not None
        line = failure.user_failure_data.description or ""
        assert "credential_rejected" in line
        assert "AUDI_SCS_TOKEN" in line
        assert set(night.table("inventory")["oem"]) == {"mercedes"}
        assert set(night.table("dealers")["oem"]) == {"audi", "mercedes"}


def test_rows_that_break_the_contract_are_in_quarantine_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = ("no-id@0", "negative-price@1", "future-registration@2")
    monkeypatch.setenv("SANDBOX_FAULTS", ";".join(f"audi/scs_search/ukuc:{fault}" for fault in faults))
    with night_in(tmp_path, monkeypatch, vehicles=1600) as night:
        result = night.run("audi_nightly", DAY)
        assert result.success
        report = read_report(night.lake, "audi", "scs_inventory", DAY)
        assert report.quarantine_file is not None
        assert_conserved_audi(report.markets["gb"].received, night)
        refused = pl.read_parquet(night.lake.url(report.quarantine_file))
        rules = " ".join(refused["rule"].to_list())
        for rule in ("listing_id", "price_amount", "first_registration"):
            assert rule in rules
        for address in refused["archive_address"]:
            part, _, row = str(address).partition("#")
            assert night.lake.filesystem.exists(night.lake.storage_path(part))
            assert row.partition("/")[0].isdigit()


def assert_conserved_audi(received: int, night: Night) -> None:
    market = read_report(night.lake, "audi", "scs_inventory", DAY).markets["gb"]
    assert received == market.accepted + market.quarantined + market.duplicates
    assert market.quarantined >= 3


def test_law_10_a_lake_of_another_source_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night_in(tmp_path, monkeypatch) as night:
        Lake((tmp_path / "lake").as_uri()).stamp("live")
        result = night.run("audi_nightly", DAY)
        assert not result.success
        failure = result.get_step_failure_events()[0].step_failure_data
        assert failure.user_failure_data is not None
        assert "source_mixed" in (failure.user_failure_data.description or "")
        assert night.lake.list("raw") == []
        # nor may a day of one source be merged into tables of another
        monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://127.0.0.1/v4/task")
        monkeypatch.delenv("OEM_APIS")
        result = night.run("audi_nightly", DAY)
        failure = result.get_step_failure_events()[0].step_failure_data
        assert failure.user_failure_data is not None
        assert "OEM_APIS is not set" in (failure.user_failure_data.description or "")


def test_live_reads_a_past_day_from_the_archive_or_says_that_it_never_landed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with night_in(tmp_path, monkeypatch, apis="live") as night:
        result = night.run("audi_nightly", DAY)
        assert failed_steps(result) == {"audi/raw/scs_search", "audi/raw/pss_dealers"}
        for event in result.get_step_failure_events():
            failure = event.step_failure_data.user_failure_data
            assert failure is not None
            assert "never_landed" in (failure.description or "")
            assert DAY.isoformat() in (failure.description or "")
