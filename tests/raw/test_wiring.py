"""Raw's part of the asset graph: whose turn it is to ask a host, and what the check `complete` says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import dagster as dg

import definitions
from raw.endpoint.hosts import hosts_of
from raw.wiring import makers
from raw.wiring.assets import complete_check
from raw.wiring.host_pools import limit_pools, pool_of
from tests.support.declared import ENDPOINTS, OEMS, credentials
from tests.support.hand_sealed import manifest, market_seal

SEAL = market_seal()


def test_the_steps_of_a_host_share_its_pool_and_no_other() -> None:
    graph = definitions.build_defs().resolve_asset_graph()
    hosts: dict[str, set[str]] = defaultdict(set)
    for oem, endpoint in ENDPOINTS:
        pools = graph.get(dg.AssetKey([oem.name, "raw", endpoint.name])).pools
        assert pools == ({pool_of(endpoint)} - {None})
        for host in hosts_of(endpoint)[:1]:
            hosts[host] |= pools
    assert all(len(pools) == 1 for pools in hosts.values())
    assert len({pool for pools in hosts.values() for pool in pools}) == len(hosts)


def test_each_host_has_one_slot_unless_somebody_has_set_another_number() -> None:
    with dg.DagsterInstance.local_temp() as instance:
        instance.event_log_storage.set_concurrency_slots("host_oem.example", 3)
        for _ in range(2):
            limit_pools(instance, ["host_oem.example", "host_other.example"])
        limits = {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}
    assert limits == {"host_oem.example": 3, "host_other.example": 1}


def test_a_whole_day_passes() -> None:
    assert complete_check(manifest(SEAL)).passed


def test_a_refused_rerun_of_a_day_that_had_landed_is_a_warning() -> None:
    refused = replace(SEAL, last_refusal="attempt 20261120T070000.000000Z: blocked: status 403")
    check = complete_check(manifest(SEAL, replace(refused, market="gb")))
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "gb stays as it was sealed before; attempt 20261120T070000" in str(check.description)
    assert check.metadata["refused_later"].value == ["gb"]


def test_an_incomplete_market_is_an_error_whatever_else_there_is() -> None:
    refused = replace(SEAL, last_refusal="attempt 20261120T070000.000000Z: blocked: status 403")
    check = complete_check(manifest(refused, replace(SEAL, market="gb", complete=False, message="gb: timeout")))
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert check.metadata["incomplete"].value == ["gb"]
    assert "gb: timeout" in str(check.description)


def test_the_list_of_makers_names_markets_hosts_and_credentials() -> None:
    told = "\n".join(makers.lines(OEMS))
    for oem, endpoint in ENDPOINTS:
        assert f"\n{oem.name}\n" in f"\n{told}"
        assert all(market in told for market in endpoint.markets)
    for variable in {variable for oem in OEMS for variable in credentials(oem)}:
        assert variable in told
