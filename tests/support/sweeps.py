"""What has to hold for every maker: functions over one maker or one of its endpoints.

`tests/sandbox/test_makers.py` runs them over every maker that `discover()` finds, and
`tests/sandbox/test_made_up_maker.py` over one more that does not exist.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from raw.archive.seal import Manifest, read_seal
from raw.endpoint.coverage import coverage
from raw.endpoint.declaration import Endpoint, PerSecond
from raw.endpoint.requests import Computed
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.apis.apis import Patience
from resources.lake.lake import CHECKOUT, Lake
from resources.markets import MARKETS
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.faults import ON_THE_WIRE, known_faults
from resources.sandbox.serving.routes import Route, World
from resources.sandbox.serving.server import Sandbox
from tests.support import declared
from tests.support.counts import count
from tests.support.live_apis import LoopbackLiveApis, Seen, recording
from tests.support.nights import Night, failed_checks, night_in
from tests.support.played import PlayedApis
from transformed.contract.drift import UNKNOWN_FIELD
from transformed.day.report import read_report
from transformed.mapping.declaration import PROVIDED_COLUMNS
from transformed.mapping.loading import mapping_of

DAY = date(2026, 11, 2)
_HASTY = Patience(total_seconds=10, read_seconds=1.5, attempts=2, backoff_seconds=0.001, retry_after_max_seconds=0)
COVERAGES = """
import importlib, json, sys
{preparation}
from raw.endpoint.coverage import coverage
from tests.support.declared import OEMS
told = {{oem.name: {{f"{{e.name}} {{m}}": coverage(e, m) for e in oem.endpoints for m in e.markets}} for oem in OEMS}}
print(json.dumps(told))
"""


def routes(oem: Oem) -> dict[str, Route]:
    """The sandbox's routes of a maker's endpoints, by endpoint."""
    found = [route for route in Sandbox(World(DAY, 400)).routes if route.oem == oem.name]
    return {route.endpoint: route for route in found if route.is_endpoint}


def modules_agree(oem: Oem) -> None:
    """The three modules name the same endpoints, at the same hosts, and only markets that have a row."""
    importlib.import_module(f"transformed.{oem.name}")
    played = routes(oem)
    assert played.keys() == {endpoint.name for endpoint in oem.endpoints if not endpoint.answers_of}
    assert declared.hosts(oem) <= {route.host for route in Sandbox(World(DAY, 400)).routes if route.oem == oem.name}
    for endpoint in oem.endpoints:
        mapping_of(oem.name, endpoint)
        if not endpoint.answers_of:
            route = played[endpoint.name]
            assert route.records in endpoint.records.split("|")
            assert route.identity in endpoint.identities
        assert endpoint.markets.keys() <= MARKETS.keys(), "a market has no row in resources/markets.py"


def coverage_is_stable(oem: Oem) -> None:
    """The fingerprint of how a market is asked is the same in another process; politeness is no part of it."""
    ours = {
        f"{endpoint.name} {market}": coverage(endpoint, market)
        for endpoint in oem.endpoints
        for market in endpoint.markets
    }
    assert _coverages_in_another_process()[oem.name] == ours
    for endpoint in oem.endpoints:
        market = next(iter(endpoint.markets))
        assert coverage(replace(endpoint, limit=PerSecond(0.5, 1)), market) == coverage(endpoint, market)
        assert coverage(replace(endpoint, identity="another"), market) != coverage(endpoint, market)


@cache
def _coverages_in_another_process() -> dict[str, dict[str, str]]:
    """By maker, then by endpoint and market: told once for all makers, since such a process takes 2 CPU seconds."""
    made_up = "tests.support.made_up"
    program = COVERAGES.format(preparation=f"import {made_up}" if made_up in sys.modules else "")
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, str]] = json.loads(told.stdout)
    return found


def conserved(night: Night, oem: Oem, day: date) -> None:
    """Law 1 from the responses to the tables: received = accepted + quarantined + duplicates, in every market."""
    for endpoint in oem.endpoints:
        seal = read_seal(night.lake, oem.name, endpoint.name, day)
        report = read_report(night.lake, oem.name, endpoint.yields.name, day)
        rows = pl.read_parquet([night.lake.url(file) for file in report.files])
        refused = pl.read_parquet(night.lake.url(report.quarantine_file)) if report.quarantine_file else pl.DataFrame()
        for name, market in report.markets.items():
            assert market.received == seal.markets[name].collected
            assert market.received == market.accepted + market.quarantined + market.duplicates
            assert market.accepted == rows.filter(pl.col("market") == name).height
            assert market.quarantined == (refused.filter(pl.col("market") == name).height if refused.height else 0)
        if endpoint.yields.table == "inventory":
            of_endpoint = pl.col("market").is_in(list(endpoint.markets))
            daily = night.table("inventory_daily").filter(of_endpoint, pl.col("oem") == oem.name, pl.col("date") == day)
            assert daily.height == rows.height


def round_trip(oem: Oem, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night of the maker's own job against the sandbox: everything lands, is typed, and is in the tables."""
    with night_in(folder, monkeypatch, vehicles=count(800, 1600), oems=[oem]) as night:
        result = night.run(f"{oem.name}_nightly", DAY)
        assert result.success
        assert failed_checks(result) == {}
        conserved(night, oem, DAY)
        for endpoint in oem.endpoints:
            seal = read_seal(night.lake, oem.name, endpoint.name, DAY)
            assert {name for name, market in seal.markets.items() if market.complete} == set(endpoint.markets)
            columns_are_filled_or_absent(night.lake, oem, endpoint)
        for table in ("inventory", "dealers"):
            rows, markets = night.table(table), declared.markets(oem, table)
            # a maker may publish no dealers
            assert set(rows["oem"]) == ({oem.name} if markets else set())
            assert set(rows["market"]) == markets
        prices = night.table("inventory").filter(pl.col("price_amount").is_not_null())
        for market, currency in prices.select("market", "price_currency").unique().iter_rows():
            assert currency == MARKETS[market].currency, f"{oem.name} {market} asks in {currency}"


def columns_are_filled_or_absent(lake: Lake, oem: Oem, endpoint: Endpoint) -> None:
    """A column that the mapping computes from a record holds something in some row; the others hold nothing."""
    report = read_report(lake, oem.name, endpoint.yields.name, DAY)
    assert [line for line in report.drift if line.startswith((UNKNOWN_FIELD, "`$"))] == []
    rows = pl.read_parquet([lake.url(file) for file in report.files])
    filled = {name for name in rows.columns if rows[name].count()}
    computed = {
        expression.meta.output_name(): bool(expression.meta.root_names())
        or bool(pl.select(expression).to_series().count())
        for expression in mapping_of(oem.name, endpoint).row_expressions()
    }
    expected = {name for name, is_computed in computed.items() if is_computed} | set(PROVIDED_COLUMNS)
    assert filled == expected, f"{oem.name} {endpoint.name}: {sorted(filled ^ expected)}"


def live_equals_sandbox(oem: Oem, endpoint: Endpoint, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over real TLS `live` sends byte for byte what the sandbox gets."""
    # what is computed for each request differs from one to the next, and hosts look at what it is
    computed: dict[int, str] = {}
    monkeypatch.setattr(Computed, "value", lambda one: computed.setdefault(id(one), one.function()))
    for variable in declared.credentials(oem):
        monkeypatch.setenv(variable, sandbox_credential(variable))
    today = datetime.now(UTC).date()
    live: list[Seen] = []
    played: list[Seen] = []
    for apis, name in (
        (LoopbackLiveApis("live", seen=live), "live"),
        (PlayedApis("sandbox", handler=recording(played, today)), "sandbox"),
    ):
        manifest = fetch_day(
            lake=Lake((folder / name).as_uri()),
            oem=oem.name,
            endpoint=endpoint,
            day=today,
            apis=apis,
            progress=lambda _: None,
        )
        assert all(market.complete for market in manifest.markets.values()), manifest
        assert manifest.source == name
    assert live
    assert sorted(live) == sorted(played)
    agent = ("user-agent", "oem-stock/0.1 (nightly reader of published stock)")
    assert all(agent in headers for _, _, headers, _ in live)


def faults_are_played(oem: Oem, endpoint: Endpoint, folder: Path) -> None:
    """Each fault that `GET /` lists for an endpoint changes what a fetch of its largest market sees, except those that
    break the connection."""
    route = routes(oem)[endpoint.name]

    def fetched(name: str, faults: str, of: Endpoint) -> Manifest:
        return fetch_day(
            lake=Lake((folder / name).as_uri()),
            oem=oem.name,
            endpoint=of,
            day=DAY,
            apis=PlayedApis("sandbox", faults=faults, vehicles=600, patience=_HASTY),
            progress=lambda _: None,
        )

    markets = fetched("sound", "", endpoint).markets
    assert all(market.complete for market in markets.values()), markets
    largest = max(markets.values(), key=lambda market: market.collected).market
    alone = replace(endpoint, markets={largest: endpoint.markets[largest]})
    has_pages = markets[largest].pages > len(markets[largest].slices)
    # one page has none to be repeated by, and no rest to be kept back
    unseen = {*ON_THE_WIRE, *(() if has_pages else ("repeat", "silent-cap"))}
    for name in sorted(set(known_faults(route)) - unseen):
        played = fetched(name, f"{route.oem}/{route.endpoint}:{name.replace('NNN', '500')}", alone).markets[largest]
        sound = markets[largest]
        assert (played.cause, played.content_digest) != (sound.cause, sound.content_digest), f"{route.endpoint}:{name}"
