"""Volvo: a token for each visitor that ends on the way, pages that are shuffled for a client that jumps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from raw.endpoint import Endpoint, PageIndex
from raw.fetch.day import fetch_day
from raw.volvo import GB_SEARCH
from resources.lake.lake import Lake
from tests.support.played import PlayedApis

DAY = date(2026, 11, 20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("endpoint", "is_whole", "why"),
    [
        (GB_SEARCH, True, ""),
        (replace(GB_SEARCH, first=()), False, "token"),
        (replace(GB_SEARCH, first=replace(GB_SEARCH.firsts[0], again_after=())), False, "401"),
    ],
    ids=["as declared", "without a token", "a token that is minted once"],
)
def test_the_token_is_minted_and_minted_again(endpoint: Endpoint, is_whole: bool, why: str, tmp_path: Path) -> None:
    assert isinstance(GB_SEARCH.pages, PageIndex)
    pages = replace(GB_SEARCH.pages, step=10, delay_seconds=0)
    manifest = fetch_day(
        lake=Lake(tmp_path.as_uri()),
        oem="volvo",
        endpoint=replace(endpoint, pages=pages),
        day=DAY,
        apis=PlayedApis("sandbox", vehicles=1600),
        progress=lambda _: None,
    )
    market = manifest.markets["gb"]
    assert market.complete == is_whole, market.message
    assert why in (market.message or "")
