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
from tests.support.declared import OEMS, with_few_markets
from tests.support.nights import night_in
from tests.support.sweeps import conserved
from transformed.day.report import read_report

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 2)
OF_RECORDS = ("negative-price", "future-registration", "drift")
ROUTES = Sandbox(World(DAY, 400)).routes
SHOWN = {
    (route.oem, route.endpoint): [fault for fault in OF_RECORDS if fault in known_faults(route)] for route in ROUTES
}
BREAKING = [
    oem
    for oem in map(with_few_markets, OEMS)
    if any(SHOWN.get((oem.name, endpoint.name)) == [*OF_RECORDS] for endpoint in oem.endpoints)
]
"""The makers of which the sandbox can play every such record."""


def test_a_night_of_records_that_break_the_contract_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [
        f"{oem.name}/{endpoint.name}:{fault}@{page}"
        for oem in BREAKING
        for endpoint in oem.endpoints
        for page, fault in enumerate(OF_RECORDS)
        if fault in SHOWN.get((oem.name, endpoint.name), ())
    ]
    assert faults
    monkeypatch.setenv("SANDBOX_FAULTS", ";".join(faults))
    with night_in(tmp_path, monkeypatch, oems=BREAKING) as night:
        assert night.run("nightly", DAY).success
        for oem in BREAKING:
            conserved(night, oem, DAY)
        # a price that is none is unknown and no reason to refuse the record
        endpoints = [(oem.name, endpoint) for oem in BREAKING for endpoint in oem.endpoints]
        refused_records = 0
        for name, endpoint in endpoints:
            report = read_report(night.lake, name, endpoint.yields.name, DAY)
            if "negative-price" in SHOWN[name, endpoint.name]:
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
