"""The fetch of a day: every answer archived, what came counted, and no failed fetch in the place of a whole one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from raw.archive.responses import day_folder
from raw.archive.seal import Manifest, read_seal
from raw.audi import PSS_DEALERS, SCS_SEARCH
from raw.endpoint.declaration import Endpoint, Inventory, PerSecond
from raw.endpoint.paging import Offset
from raw.endpoint.requests import Get
from raw.fetch.day import fetch_day
from raw.fetch.market import Progress
from raw.mercedes import MBUSA_DEALERS, MBUSA_SEARCH
from resources.apis.apis import Apis
from resources.failures import Cause, PlatformError
from resources.lake.lake import CHECKOUT, Lake
from tests.support.fetched_days import DAY, archived, fetch, records_in
from tests.support.played import PlayedApis, played

ENDPOINTS = {"audi": [SCS_SEARCH, PSS_DEALERS], "mercedes": [MBUSA_SEARCH, MBUSA_DEALERS]}


@pytest.mark.parametrize(
    ("oem", "endpoint"), [(oem, endpoint) for oem, endpoints in ENDPOINTS.items() for endpoint in endpoints]
)
def test_every_endpoint_lands_whole(lake: Lake, oem: str, endpoint: Endpoint) -> None:
    seen: list[Progress] = []
    began = time.monotonic()
    manifest = fetch_day(lake=lake, oem=oem, endpoint=endpoint, day=DAY, apis=played(), progress=seen.append)
    took_seconds = time.monotonic() - began
    assert manifest.drift == []
    for market in manifest.markets.values():
        assert market.complete, market.message
        assert 0 < market.seconds <= took_seconds
        assert market.unique > 0
    assert set(manifest.markets) == set(endpoint.markets)
    # law 1, raw's half: what was counted is what lies in the archive
    assert records_in(lake, manifest, endpoint) == {name: market.collected for name, market in manifest.markets.items()}
    assert {progress.market for progress in seen if progress.finished} == set(endpoint.markets)
    assert read_seal(lake, oem, endpoint.name, DAY) == manifest


def test_a_market_tells_how_far_it_is_while_it_is_fetched(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raw.fetch.market._PROGRESS_SECONDS", 0)
    seen: list[Progress] = []
    endpoint = replace(SCS_SEARCH, markets={"es": SCS_SEARCH.markets["es"]})
    fetch_day(lake=lake, oem="audi", endpoint=endpoint, day=DAY, apis=played(), progress=seen.append)
    pages = [one.pages for one in seen if not one.finished]
    assert pages[0] == 1
    assert pages == sorted(pages)
    assert len(set(pages)) > 1
    assert [one.finished for one in seen][-1:] == [True]


def test_no_credential_is_archived(lake: Lake) -> None:
    manifest = fetch(lake, SCS_SEARCH, played())
    rows = archived(lake, manifest)
    assert all(json.loads(str(row["request_headers"]))["Token"] == "<AUDI_SCS_TOKEN>" for row in rows)
    assert "sandbox-AUDI" not in json.dumps(manifest.to_json())
    assert not any(b"sandbox-AUDI" in row["body"] for row in rows)  # type: ignore[operator]


def test_a_failed_rerun_replaces_neither_the_seal_nor_the_evidence(lake: Lake) -> None:
    first = fetch(lake, SCS_SEARCH, played())
    second = fetch(lake, SCS_SEARCH, played("audi/scs_search/esuc:status-403"))
    refusal = second.markets["es"].last_refusal
    assert refusal is not None
    assert "blocked: status 403" in refusal
    assert replace(second.markets["es"], last_refusal=None) == first.markets["es"]
    assert second.markets["gb"].last_refusal is None
    assert second.markets["gb"].attempt > first.markets["gb"].attempt
    assert read_seal(lake, "audi", "scs_search", DAY) == second
    attempts = [name for name in lake.list(day_folder("audi", "scs_search", DAY)) if name.endswith("Z")]
    assert len(attempts) == 2
    failed = Manifest.from_json(lake.read_json(f"{day_folder('audi', 'scs_search', DAY)}/{attempts[1]}/manifest.json"))
    assert failed.markets["es"].cause == "blocked"


@pytest.mark.slow
def test_a_killed_fetch_leaves_nothing_visible_and_a_rerun_lands(lake: Lake) -> None:
    program = f"""
from datetime import date
from raw.audi import SCS_SEARCH
from raw.fetch.day import fetch_day
from resources.lake.lake import Lake
from tests.support.played import played
print("ready", flush=True)
fetch_day(lake=Lake({lake.uri!r}), oem="audi", endpoint=SCS_SEARCH, day=date(2026, 11, 20),
          apis=played(vehicles=20_000), progress=lambda p: None)
"""
    for delay_seconds in (0.2, 0.5, 0.8):
        process = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay_seconds)
        process.kill()
        process.wait()
        process.stdout.close()
        with pytest.raises(PlatformError) as error:
            read_seal(lake, "audi", "scs_search", DAY)
        assert error.value.cause is Cause.NEVER_LANDED
    manifest = fetch(lake, SCS_SEARCH, played())
    assert all(market.complete for market in manifest.markets.values())


def test_a_missing_credential_names_its_variable_and_seals_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDI_SCS_TOKEN", raising=False)
    with pytest.raises(PlatformError) as error:
        fetch_day(
            lake=lake, oem="audi", endpoint=SCS_SEARCH, day=date.today(), apis=Apis("live"), progress=lambda _: None
        )
    assert error.value.cause is Cause.CREDENTIAL_MISSING
    assert "audi scs_search" in str(error.value)
    assert "AUDI_SCS_TOKEN" in str(error.value)
    assert lake.list("raw") == []


def test_days_that_cannot_be_fetched(lake: Lake) -> None:
    today = DAY
    for apis, day, cause in (
        (Apis("live"), today - timedelta(days=1), Cause.NEVER_LANDED),
        (Apis("live"), today + timedelta(days=1), Cause.FUTURE_DATE),
        (Apis("sandbox"), today + timedelta(days=2), Cause.FUTURE_DATE),
    ):
        with pytest.raises(PlatformError) as error:
            apis.may_fetch(day, today)
        assert error.value.cause is cause
        assert day.isoformat() in str(error.value)
    Apis("live").may_fetch(today, today)
    Apis("sandbox").may_fetch(today + timedelta(days=1), today)
    Apis("sandbox").may_fetch(date(2023, 1, 1), today)


@pytest.mark.slow
def test_an_unwritable_lake_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlatformError) as error:
        fetch(Lake((tmp_path / "file").as_uri()), SCS_SEARCH, played())
    assert error.value.cause is Cause.LAKE_UNWRITABLE
    assert "audi scs_search" in str(error.value)


def test_a_lake_that_fails_meanwhile_ends_the_step_and_is_no_defect_of_a_market(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise PlatformError(Cause.LAKE_UNWRITABLE, "no space left")

    monkeypatch.setattr("raw.archive.writer.ArchiveWriter.write", full)
    with pytest.raises(PlatformError, match="no space left") as error:
        fetch(lake, SCS_SEARCH, played())
    assert error.value.cause is Cause.LAKE_UNWRITABLE


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    identities=st.lists(st.integers(0, 60), max_size=70),
    step=st.integers(1, 9),
    total=st.one_of(st.none(), st.integers(0, 90)),
    ends_with=st.sampled_from([None, 400]),
)
def test_paging_collects_exactly_what_is_served(
    tmp_path_factory: pytest.TempPathFactory, identities: list[int], step: int, total: int | None, ends_with: int | None
) -> None:
    """Whatever the total claims and wherever the pages end; a full page that brings nothing new is refused."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        start = int(request.query["from"])
        if ends_with and start >= len(identities):
            return web.Response(status=ends_with)
        cars = [{"id": identity} for identity in identities[start : start + step]]
        return web.json_response({"cars": cars} | ({} if total is None else {"total": total}))

    endpoint = Endpoint(
        name="feed",
        yields=Inventory("inventory"),
        request=Get("https://oem.example/search"),
        pages=Offset("from", "size", step, total="total", ends_with=ends_with),
        records="cars",
        identity="id",
        markets={"xx": {}},
        trusted_total=False,
        minimum_expected=0,
        limit=PerSecond(1000, concurrency=1),
    )
    lake = Lake(tmp_path_factory.mktemp("lake").as_uri())
    manifest = fetch(lake, endpoint, PlayedApis("sandbox", handler=handle), oem="any")
    market = manifest.markets["xx"]
    pages = [tuple(identities[start : start + step]) for start in range(0, len(identities), step)]
    nothing_new = [
        page for number, page in enumerate(pages) if set(page) <= {one for before in pages[:number] for one in before}
    ]
    if ends_with and not identities:
        assert market.cause == "bad_request", "an end has pages before it"
    elif any(len(page) == step for page in nothing_new):
        assert market.cause == "repeated_page"
    elif total is not None and total > len(identities) and (ends_with is None or len(identities) % step):
        assert market.cause == "contradiction", "a page holds less than its own total promises"
    else:
        assert market.complete, market.message
        assert market.responses <= len(pages) + 2
        assert market.unique == len(set(identities))
        assert market.collected == len(identities)
        assert market.without_identity == 0
    # whatever came of it, what was counted is what lies in the archive
    assert records_in(lake, manifest, endpoint)["xx"] == market.collected
