"""What a maker's module declares: how its requests render, its fingerprints, and what is refused when it loads."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import raw
from raw.audi import PSS_DEALERS, SCS_SEARCH
from raw.endpoint import Get, GraphQL, Offset, PageIndex, SinglePage
from raw.endpoint.coverage import coverage
from raw.endpoint.declaration import Endpoint, market_parameters
from raw.endpoint.requests import render
from raw.mercedes import MBUSA_DEALERS, MBUSA_SEARCH
from raw.wiring.discovery import discover
from resources.failures import Cause, PlatformError
from transformed.day.assets import transformed_asset

# As of 2026-11-25, when every market still stated its own language. History takes another fingerprint for another way
# of asking, so these never change while the endpoints ask as they did.
FINGERPRINTS = [
    (
        SCS_SEARCH,
        {
            "au": "78bbffa6da0a19f3",
            # since 2026-11-26 of used cars and new ones; a night of before is not compared with one after
            "es": "be91fbdee75f09b7",
            "gb": "e963cd294afb70d1",
            "kr": "5dce3e522baad229",
            "pl": "013beb425b810962",
        },
    ),
    (
        PSS_DEALERS,
        {
            "au": "3e9fee45b813035b",
            "de": "3ca90cf4cdbaca0c",
            "es": "12ad48ba8cfb3432",
            "gb": "c2b6f887e926a58e",
            "kr": "17e20eeee62bbc4e",
            "pl": "246a4d5dc0004046",
        },
    ),
    # since 2026-11-27 of the classes that the facets name, too
    (MBUSA_SEARCH, {"us": "08883656332dbac8"}),
    (MBUSA_DEALERS, {"us": "200680f89e8b129e"}),
]


@pytest.mark.parametrize(("endpoint", "expected"), FINGERPRINTS, ids=[endpoint.name for endpoint, _ in FINGERPRINTS])
def test_the_coverage_of_an_endpoint_stays_what_history_knows(endpoint: Endpoint, expected: dict[str, str]) -> None:
    assert {market: coverage(endpoint, market) for market in endpoint.markets} == expected


def test_coverage_follows_how_a_market_is_asked_and_nothing_else() -> None:
    asked = coverage(SCS_SEARCH, "gb")
    same = replace(SCS_SEARCH, total_tolerance=0.1, description="another", minimum_expected=7)
    assert coverage(same, "gb") == asked
    for other in (
        replace(SCS_SEARCH, records="cars"),
        replace(SCS_SEARCH, slices={"model": ("a1",)}),
        replace(SCS_SEARCH, markets={"gb": {"market": "ukuc", "language": "ca"}}),
        replace(SCS_SEARCH, pages=Offset(start="from", size="size", step=48, total="totalCount", ends_with=400)),
    ):
        assert coverage(other, "gb") != asked


def test_a_market_brings_its_own_facts_and_the_endpoint_adds_to_them() -> None:
    assert market_parameters(SCS_SEARCH, "gb") == {
        "code": "gb",
        "language": "en",
        "currency": "GBP",
        "distance_unit": "mi",
        "market": "ukuc",
    }
    rendered = render(SCS_SEARCH.request, market_parameters(SCS_SEARCH, "gb"), {"from": "96"})
    assert rendered.url == ("https://scs.audi.de/api/v2/search/filter/ukuc/en?sort=prices.retail:asc&from=96")


def test_a_template_without_its_parameter_names_it() -> None:
    with pytest.raises(KeyError, match="dealer"):
        render(Get("https://oem.example/{dealer}"), {"market": "es"})


def test_paging_goes_into_a_query_and_into_variables() -> None:
    paging = Offset(start="from", size="size", step=96).parameters(2)
    assert paging == {"from": 192, "size": 96}
    assert PageIndex(index="page", size="count", step=12, first=1).parameters(2) == {"page": 3, "count": 12}
    assert SinglePage().parameters(0) == {}
    assert render(Get("https://oem.example/", params={"a": "b c"}), {}, paging).url.endswith(
        "?a=b%20c&from=192&size=96"
    )
    body = render(GraphQL("https://oem.example/", "query", variables={"m": "{code}"}), {"code": "es"}, paging).body
    assert body == b'{"query": "query", "variables": {"m": "es", "from": 192, "size": 96}}'


def _refused(maker: str, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> PlatformError:
    """The error with which a maker's module `raw/<maker>.py` of that text is refused."""
    (folder / f"{maker}.py").write_text(text)
    monkeypatch.setattr(raw, "__path__", [*raw.__path__, str(folder)])
    with pytest.raises(PlatformError) as error:
        discover()
    sys.modules.pop(f"raw.{maker}")
    assert error.value.cause is Cause.CONFIGURATION
    return error.value


_MODULE = """
from raw.endpoint import Dealers, Endpoint, Get, PerSecond, SinglePage
SEARCH = Endpoint(name="search", yields=Dealers("dealers"), request=Get("https://oem.example/"), pages=SinglePage(),
                  records="a", identity="id", markets={"es": {}}, limit=PerSecond(1))
"""


def test_a_module_with_endpoints_and_no_list_of_them_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = _refused("yugo", _MODULE, tmp_path, monkeypatch)
    assert "ENDPOINTS = (...) in raw/yugo.py" in str(error)


def test_a_list_that_is_no_tuple_of_endpoints_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = _refused("yugo", f"{_MODULE}ENDPOINTS = ('search',)\n", tmp_path, monkeypatch)
    assert "not a tuple of endpoints" in str(error)


@pytest.mark.parametrize("code", ["uk", "ES", "esuc"])
def test_a_market_that_the_platform_does_not_know_is_refused_with_what_to_do(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _MODULE.replace('"es"', f'"{code}"') + "ENDPOINTS = (SEARCH,)\n"
    error = _refused("yugo", text, tmp_path, monkeypatch)
    assert str(error).startswith(f"yugo search: configuration: '{code}' is no market of the platform.")
    assert f"Add a row Market('{code}'" in str(error)


def test_endpoints_that_are_not_listed_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{_MODULE}from raw.audi import SCS_SEARCH\nENDPOINTS = (SEARCH,)\n"
    (tmp_path / "yugo.py").write_text(text)
    monkeypatch.setattr(raw, "__path__", [*raw.__path__, str(tmp_path)])
    found = {oem.name: [endpoint.name for endpoint in oem.endpoints] for oem in discover()}
    sys.modules.pop("raw.yugo")
    assert found["yugo"] == ["search"]
    assert found["audi"] == ["scs_search", "pss_dealers", "us_stock", "us_dealers"]


def test_a_maker_without_its_transformed_module_does_not_load() -> None:
    with pytest.raises(PlatformError, match=r"there is no transformed/yugo\.py for raw/yugo\.py") as error:
        transformed_asset("yugo", SCS_SEARCH, shares_table=False)
    assert "SCS_INVENTORY" in str(error.value)
