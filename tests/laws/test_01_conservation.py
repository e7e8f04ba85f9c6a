"""Law 1: records received = accepted + quarantined + duplicates, for every endpoint and day.

A night without faults is counted the same way in `tests/sandbox/test_makers.py`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from resources.sandbox.serving.faults import known_faults
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.declared import SMALL
from tests.support.nights import night_in
from tests.support.sweeps import conserved
from transformed.day.report import read_report

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 2)
OF_RECORDS = ("negative-price", "future-registration", "drift")


def test_a_night_of_records_that_break_the_contract_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = Sandbox(World(DAY, 400)).routes
    faults = [
        f"{route.oem}/{route.endpoint}:{fault}@{page}"
        for route in routes
        if route.oem in {oem.name for oem in SMALL}
        for page, fault in enumerate(OF_RECORDS)
        if fault in known_faults(route)
    ]
    monkeypatch.setenv("SANDBOX_FAULTS", ";".join(faults))
    with night_in(tmp_path, monkeypatch, oems=SMALL) as night:
        assert night.run("nightly", DAY).success
        for oem in SMALL:
            conserved(night, oem, DAY)
        # a price that is none is unknown and no reason to refuse the record
        negative = {(route.oem, route.endpoint) for route in routes if "negative-price" in known_faults(route)}
        endpoints = [(oem.name, endpoint) for oem in SMALL for endpoint in oem.endpoints]
        refused_records = 0
        for name, endpoint in endpoints:
            report = read_report(night.lake, name, endpoint.yields.name, DAY)
            if (name, endpoint.name) in negative:
                assert any("price" in line for line in report.drift)
            if report.quarantine_file is None:
                continue
            refused = pl.read_parquet(night.lake.url(report.quarantine_file))
            refused_records += len(refused)
            for address in refused["archive_address"]:
                part, _, row = str(address).partition("#")
                assert night.lake.filesystem.exists(night.lake.storage_path(part))
                assert row.partition("/")[0].isdigit()
        assert refused_records > 0
