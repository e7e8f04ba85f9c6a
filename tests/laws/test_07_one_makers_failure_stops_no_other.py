"""Law 7: one maker's failure stops no other maker, and no other endpoint of its own that does not need it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from raw.archive.seal import read_seal
from raw.endpoint.declaration import Endpoint, Inventory
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from resources.graph import RETRY, ends_only_its_own
from tests.support.counts import IS_SOAK
from tests.support.declared import OEMS, SHARING, SMALL, WITH_CREDENTIAL, credentials, feeds
from tests.support.nights import failed_checks, failed_steps, night_in

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 2)


ALONE = [
    oem for oem in SMALL if not oem.shares_table(oem.endpoints[0]) and (IS_SOAK or oem.name == WITH_CREDENTIAL.name)
]
"""The makers whose first endpoint has a table to itself: the one with a credential, the others under `make soak`."""


@pytest.mark.parametrize("oem", ALONE, ids=[oem.name for oem in ALONE])
def test_a_rejected_credential_fails_one_step(oem: Oem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, *rest = oem.endpoints
    others = [one for one in rest if one.answers_of != endpoint.name]  # which do not need it
    monkeypatch.setenv("SANDBOX_FAULTS", f"{oem.name}/{endpoint.name}:status-401")
    with night_in(tmp_path, monkeypatch, vehicles=200, oems=SMALL) as night:
        result = night.run("nightly", DAY)
        assert not result.success
        assert failed_steps(result) == {f"{oem.name}/raw/{endpoint.name}"}
        failure = result.get_step_failure_events()[0].step_failure_data.user_failure_data
        assert failure is not None
        line = failure.description or ""
        assert line.startswith(f"{oem.name} {endpoint.name}")
        assert ("credential_rejected" if credentials(oem) else "blocked") in line
        assert not credentials(oem) or any(variable in line for variable in credentials(oem))
        assert set(night.table(endpoint.yields.table)["oem"]) == {one.name for one in SMALL if one is not oem}
        for other in others:
            seal = read_seal(night.lake, oem.name, other.name, DAY)
            assert all(market.complete for market in seal.markets.values())
            assert oem.name in set(night.table(other.yields.table)["oem"])


def of_one_market(oem: Oem) -> Oem:
    """The maker with its endpoints of vehicles alone, each of one market."""
    of_vehicles = oem.yielding(Inventory)
    return replace(oem, endpoints=tuple(replace(one, markets=dict([*one.markets.items()][:1])) for one in of_vehicles))


def whole_lists(oem: Oem) -> int:
    return sum(map(feeds, of_one_market(oem).endpoints))


PAIRS = [(of_one_market(oem), one) for oem, one in SHARING if isinstance(one.yields, Inventory)]
MAKERS_THAT_SHARE = sorted({oem.name for oem, _ in PAIRS})
LIGHT = min((oem for oem in OEMS if oem.name in MAKERS_THAT_SHARE), key=whole_lists).name
SHARED = [(oem, one) for oem, one in PAIRS if IS_SOAK or oem.name == LIGHT]
HOWS = ("refused", "never landed", "not typed")
# each way of being down meets one of the endpoints that share a table; all of them under `make soak`
DOWN = [
    (oem, one, how)
    for place, (oem, one) in enumerate(SHARED)
    for number, how in enumerate(HOWS)
    if IS_SOAK or place == number % len(SHARED)
]


@pytest.mark.parametrize(("oem", "down", "how"), DOWN, ids=[f"{oem.name}-{one.name}-{how}" for oem, one, how in DOWN])
def test_an_endpoint_that_is_down_costs_no_other_its_night_in_their_common_table(
    oem: Oem, down: Endpoint, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The maker's consolidated step needs all of its endpoints, and Dagster skips a step that needs a failed one."""
    others = {market for one in oem.endpoints if one.name != down.name for market in one.markets}
    raw, typed = f"{oem.name}/raw/{down.name}", f"{oem.name}/transformed/{down.yields.name}"
    if how == "refused":
        monkeypatch.setenv("SANDBOX_FAULTS", f"{oem.name}/{down.name}:status-403")
    with night_in(tmp_path, monkeypatch, vehicles=200, oems=[oem]) as night:
        break_step(monkeypatch, how, down)
        result = night.run("nightly", DAY)
        assert failed_steps(result) == set()
        checks = failed_checks(result)
        runs = night.table("runs").filter(pl.col("table") == "inventory")
        assert set(runs.filter("complete")["market"]) == others
        assert set(night.table("inventory")["market"]) == others
        markets = set(down.markets) - others
        assert all(market in checks[f"{oem.name}/consolidated/inventory complete"] for market in markets)
        if how == "refused":
            assert "blocked" in checks[f"{raw} complete"]
            assert dict(runs.filter(pl.col("complete").not_())["market", "cause"].iter_rows()) == dict.fromkeys(
                markets, "blocked"
            )
        elif how == "never landed":
            assert checks[f"{raw} complete"].startswith(f"{oem.name} {down.name}: never_landed")
            assert "never_landed" in checks[f"{typed} conservation"]
        else:
            assert "defect" in checks[f"{typed} conservation"]
        if how != "refused":  # the report and the alerts read the causes, and no sentence
            told = {
                f"{check.asset_key.to_user_string()} {check.check_name}": check.metadata["causes"].value
                for check in result.get_asset_check_evaluations()
                if not check.passed and "causes" in check.metadata
            }
            assert told[f"{typed} conservation"] == ["never_landed" if how == "never landed" else "defect"]
            assert how != "never landed" or told[f"{raw} complete"] == ["never_landed"]


def break_step(monkeypatch: pytest.MonkeyPatch, how: str, down: Endpoint) -> None:
    """Let raw not land the endpoint's day at all, or transformed trip over every record of it."""
    from raw.wiring import assets
    from transformed.day import transform

    land, type_market = assets._land, transform._type_market

    def land_others(context: Any, oem: str, endpoint: Endpoint, *more: Any) -> Any:
        if endpoint.name == down.name:
            raise PlatformError(Cause.NEVER_LANDED, "the day is past", oem=oem, endpoint=endpoint.name)
        return land(context, oem, endpoint, *more)

    def type_others(work: Any, *more: Any) -> Any:
        if work.endpoint.name == down.name:
            raise ZeroDivisionError
        return type_market(work, *more)

    if how == "never landed":
        monkeypatch.setattr(assets, "_land", land_others)
    elif how == "not typed":
        monkeypatch.setattr(transform, "_type_market", type_others)


@pytest.mark.parametrize(
    ("cause", "attempt", "shares_table", "expected"),
    [
        (Cause.BLOCKED, 0, True, True),
        (Cause.BLOCKED, 0, False, False),
        (Cause.TIMEOUT, 0, True, False),
        (Cause.TIMEOUT, RETRY.max_retries, True, True),
        (Cause.LAKE_UNWRITABLE, RETRY.max_retries, True, False),
    ],
)
def test_a_step_fails_while_a_retry_can_help(cause: Cause, attempt: int, shares_table: bool, expected: bool) -> None:
    context: Any = SimpleNamespace(retry_number=attempt)
    assert ends_only_its_own(context, PlatformError(cause, ""), shares_table=shares_table) is expected
