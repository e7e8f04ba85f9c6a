"""What a maker's module declares: how its requests render, its fingerprints, and the facts of its markets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raw.audi import PSS_DEALERS, SCS_SEARCH
from raw.endpoint import Get, GraphQL, Offset, PageIndex, SinglePage
from raw.endpoint.coverage import coverage
from raw.endpoint.declaration import Endpoint, market_parameters
from raw.endpoint.requests import render
from raw.mercedes import MBUSA_DEALERS, MBUSA_SEARCH
from resources.failures import PlatformError
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


def test_a_maker_without_its_transformed_module_does_not_load() -> None:
    with pytest.raises(PlatformError, match=r"there is no transformed/yugo\.py for raw/yugo\.py") as error:
        transformed_asset("yugo", SCS_SEARCH, shares_table=False)
    assert "SCS_INVENTORY" in str(error.value)
