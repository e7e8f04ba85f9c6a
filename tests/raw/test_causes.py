"""Answers that are no sound page: a failed market names its cause and stops no other; what passes is asked again."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest
from aiohttp import web

from raw.audi import PSS_DEALERS, SCS_SEARCH
from resources.failures import Cause
from resources.lake.lake import Lake
from tests.support.fetched_days import archived, fetch
from tests.support.played import IMPATIENT, PATIENT, PlayedApis, played

CAUSES = [
    ("audi/scs_search/ukuc:html", Cause.NOT_JSON),
    ("audi/scs_search/ukuc:truncated@1", Cause.TRUNCATED),
    ("audi/scs_search/ukuc:truncated-json@1", Cause.TRUNCATED),
    ("audi/scs_search/ukuc:status-503@1", Cause.SERVER_ERROR),
    ("audi/scs_search/ukuc:status-500@0", Cause.BAD_MARKET),
    ("audi/scs_search/ukuc:status-401", Cause.CREDENTIAL_REJECTED),
    ("audi/scs_search/ukuc:status-403", Cause.BLOCKED),
    ("audi/scs_search/ukuc:status-404", Cause.BAD_REQUEST),
    pytest.param("audi/scs_search/ukuc:slow@1", Cause.TIMEOUT, marks=pytest.mark.slow),
    ("audi/scs_search/ukuc:disconnect@1", Cause.CONNECTION),
    ("audi/scs_search/ukuc:empty", Cause.EMPTY_FEED),
    ("audi/scs_search/ukuc:shortfall", Cause.SHORTFALL),
    ("audi/scs_search/ukuc:repeat", Cause.REPEATED_PAGE),
]


@pytest.mark.slow
@pytest.mark.parametrize(("faults", "cause"), CAUSES)
def test_a_failed_market_names_its_cause_and_stops_no_other(lake: Lake, faults: str, cause: Cause) -> None:
    apis = played(faults, vehicles=1600, patience=IMPATIENT if "slow" in faults else PATIENT)
    manifest = fetch(lake, SCS_SEARCH, apis)
    failed = manifest.markets["gb"]
    assert not failed.complete
    assert failed.cause == cause
    assert failed.message is not None
    assert failed.message.startswith("audi scs_search gb")
    assert cause.value in failed.message
    if "@" in faults:
        assert f"page {faults[-1]}" in failed.message
    assert all(market.complete for name, market in manifest.markets.items() if name != "gb")
    # nothing is lost: what came of the failed market lies in the archive as it came
    rows = [row for row in archived(lake, manifest) if row["market"] == "gb"]
    assert len(rows) == failed.responses
    if cause not in (Cause.EMPTY_FEED, Cause.SHORTFALL):
        refused = [row for row in rows if row["kind"] == "refused"]
        assert refused
    if "html" in faults:
        assert all(b"<!DOCTYPE html>" in row["body"] for row in refused)  # type: ignore[operator]
    if faults.endswith("truncated@1"):
        assert all(len(row["body"]) > 0 for row in refused)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", ["status-503", "disconnect", "truncated", "html"])
@pytest.mark.slow
def test_what_passes_is_asked_again(lake: Lake, fault: str) -> None:
    manifest = fetch(lake, SCS_SEARCH, played(f"audi/scs_search/ukuc:{fault}@0*1"))
    assert manifest.markets["gb"].complete
    kinds = Counter(row["kind"] for row in archived(lake, manifest) if row["market"] == "gb")
    assert kinds["refused"] == 1


def test_a_byte_order_mark_is_no_error(lake: Lake) -> None:
    manifest = fetch(lake, SCS_SEARCH, played("audi/scs_search/ukuc:bom"))
    assert manifest.markets["gb"].complete
    bodies = [row["body"] for row in archived(lake, manifest) if row["market"] == "gb" and row["kind"] == "page"]
    assert all(body.startswith(b"\xef\xbb\xbf") for body in bodies)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", ["status-429", "status-503-date"])
@pytest.mark.slow
def test_retry_after_is_honoured(lake: Lake, fault: str) -> None:
    endpoint = replace(SCS_SEARCH, markets={"es": SCS_SEARCH.markets["es"]})
    started = time.monotonic()
    manifest = fetch(lake, endpoint, played(f"audi/scs_search/esuc:{fault}@0*1"))
    assert manifest.markets["es"].complete
    # a date has whole seconds, so of the one second that is asked for a part may be over
    assert time.monotonic() - started >= (1.0 if fault == "status-429" else 0.1)


def test_a_wait_that_is_too_long_is_not_waited_for(lake: Lake) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "86400"})

    manifest = fetch(lake, SCS_SEARCH, PlayedApis("sandbox", handler=handle))
    assert {market.cause for market in manifest.markets.values()} == {"rate_limited"}
    assert "86400 s" in str(manifest.markets["es"].message)


def test_a_market_that_the_oem_does_not_know(lake: Lake) -> None:
    scs = replace(SCS_SEARCH, markets={**SCS_SEARCH.markets, "xx": {"market": "xxuc", "language": "xx"}})
    manifest = fetch(lake, scs, played())
    assert manifest.markets["xx"].cause == "bad_market"
    assert "correct the endpoint's `markets`" in str(manifest.markets["xx"].message)
    assert manifest.markets["es"].complete

    pss = replace(PSS_DEALERS, markets={"es": {"market": "ESP"}, "xx": {"market": "XXX"}})
    manifest = fetch(lake, pss, played())
    assert manifest.markets["xx"].cause == "bad_market"
    assert manifest.markets["es"].complete
    assert "AUS" in manifest.drift[0]


def test_graphql_errors_are_a_refusal(lake: Lake) -> None:
    manifest = fetch(lake, PSS_DEALERS, played("audi/pss_dealers/ESP:graphql-errors"))
    assert manifest.markets["es"].cause == "bad_request"
    assert manifest.markets["de"].complete


def test_a_body_without_its_records_is_drift(lake: Lake) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"totalCount": 3, "cars": []})

    manifest = fetch(lake, SCS_SEARCH, PlayedApis("sandbox", handler=handle))
    assert {market.cause for market in manifest.markets.values()} == {"schema_drift"}
    assert "vehicleBasic" in str(manifest.markets["es"].message)
