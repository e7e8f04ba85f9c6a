"""Which makers there are: the modules that name their endpoints, and what is refused of them when they are found."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import raw
from raw.endpoint import Dealers, Endpoint, Inventory
from raw.wiring.discovery import Oem, discover
from resources.failures import Cause, PlatformError
from tests.support.words import endpoint

PREAMBLE = "from tests.support.words import endpoint\nfrom raw.endpoint import Dealers, Get, Inventory\n"


@pytest.fixture
def makers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Finds the makers of these modules, and no others. text: of each module by its name."""

    def found(**text: str) -> list[Oem]:
        for name, said in text.items():
            (tmp_path / f"{name}.py").write_text(PREAMBLE + said)
            monkeypatch.delitem(sys.modules, f"raw.{name}", raising=False)
        monkeypatch.setattr(raw, "__path__", [str(tmp_path)])
        try:
            return discover()
        finally:
            for name in text:
                sys.modules.pop(f"raw.{name}", None)
                vars(raw).pop(name, None)

    return found


def test_a_maker_has_the_endpoints_that_its_module_names_and_not_those_that_it_imports(makers: Any) -> None:
    found = makers(
        yugo="CARS = endpoint(name='cars')\nENDPOINTS = (CARS, endpoint(name='dealers', yields=Dealers('places')))",
        lada="from raw.yugo import CARS\nENDPOINTS = (endpoint(name='own'),)",
        helper="limit = 3",
        prepared="ENDPOINTS = ()",
    )
    assert [(oem.name, [one.name for one in oem.endpoints]) for oem in found] == [
        ("lada", ["own"]),
        ("yugo", ["cars", "dealers"]),
    ]


def test_a_platform_that_makers_share_is_no_maker(makers: Any, tmp_path: Path) -> None:
    """Not even where it holds an endpoint and a list of them."""
    platforms = tmp_path / "shared"
    platforms.mkdir()
    for name in ("__init__", "engine"):
        (platforms / f"{name}.py").write_text(f"{PREAMBLE}ENDPOINTS = (endpoint(),)\n")
    assert [oem.name for oem in makers(yugo="ENDPOINTS = (endpoint(),)")] == ["yugo"]
    assert "raw.shared" not in sys.modules


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SEARCH = endpoint()", "raw.yugo declares an Endpoint and no ENDPOINTS"),
        ("ENDPOINTS = [endpoint()]", "raw.yugo.ENDPOINTS is not a tuple of endpoints"),
        ("ENDPOINTS = (endpoint(), 'search')", "raw.yugo.ENDPOINTS is not a tuple of endpoints"),
        ("ENDPOINTS = endpoint()", "raw.yugo.ENDPOINTS is not a tuple of endpoints"),
    ],
)
def test_endpoints_are_named_in_a_tuple(makers: Any, text: str, told: str) -> None:
    with pytest.raises(PlatformError) as refused:
        makers(yugo=text)
    assert (refused.value.cause, refused.value.detail) == (Cause.CONFIGURATION, told)
    assert refused.value.advice == "Write ENDPOINTS = (...) in raw/yugo.py, with each endpoint that it fetches."


@pytest.mark.parametrize(
    ("declared", "told", "of_endpoint"),
    [
        (
            "endpoint(), endpoint(yields=Dealers('dealers'))",
            "two endpoints share a name: ['feed', 'feed']",
            None,
        ),
        (
            "endpoint(), endpoint(name='dealers', yields=Dealers('inventory'))",
            "two transformed tables share a name: ['inventory', 'inventory']",
            None,
        ),
        (
            "endpoint(markets={'gb': {}, 'es': {}}), endpoint(name='used', yields=Inventory('used'))",
            "two endpoints yield inventory of one market: ['es', 'es', 'gb']",
            None,
        ),
        (
            "endpoint(yields=Dealers('a')), endpoint(name='used', yields=Dealers('b'))",
            "two endpoints yield dealers of one market: ['es', 'es']",
            None,
        ),
        ("endpoint(markets={'es': {}, 'atlantis': {}})", "'atlantis' is no market of the platform", "feed"),
        ("endpoint(name='No Name')", "name 'No Name' is no name", "No Name"),
        (
            "endpoint(name='dealers', yields=Dealers('dealers'), request=Get(''), answers_of='feed')",
            "answers_of='feed' is none of no other endpoint",
            "dealers",
        ),
    ],
)
def test_endpoints_that_contradict_each_other_are_refused_by_the_makers_name(
    makers: Any, declared: str, told: str, of_endpoint: str | None
) -> None:
    with pytest.raises(PlatformError) as refused:
        makers(yugo=f"ENDPOINTS = ({declared},)")
    failure = refused.value
    assert (failure.cause, failure.detail) == (Cause.CONFIGURATION, told)
    assert (failure.oem, failure.endpoint) == ("yugo", of_endpoint)


def test_a_market_that_nobody_knows_is_mended_by_a_row(makers: Any) -> None:
    with pytest.raises(PlatformError) as refused:
        makers(yugo="ENDPOINTS = (endpoint(markets={'atlantis': {}}),)")
    assert str(refused.value.advice).startswith("Add a row Market('atlantis', language, currency, distance unit) to ")
    assert str(refused.value.advice).endswith("or correct the endpoint's `markets`.")


def test_two_endpoints_that_share_no_market_are_one_table_of_vehicles(makers: Any) -> None:
    declared = "endpoint(), endpoint(name='used', yields=Inventory('used'), markets={'gb': {}})"
    (oem,) = makers(yugo=f"ENDPOINTS = ({declared}, endpoint(name='places', yields=Dealers('dealers')))")
    assert [one.name for one in oem.yielding(Inventory)] == ["feed", "used"]
    assert [one.name for one in oem.yielding(Dealers)] == ["places"]
    assert oem.endpoint("used") is oem.endpoints[1]


def _named(name: str, yields: Inventory | Dealers, answers_of: str = "") -> Endpoint:
    return replace(endpoint(name=name, yields=yields), answers_of=answers_of)


NEW, USED = _named("new", Inventory("new")), _named("used", Inventory("used"))
PLACES, OF_NEW = _named("places", Dealers("places")), _named("of_new", Dealers("of_new"), "new")


@pytest.mark.parametrize(
    ("endpoints", "one", "shares"),
    [
        ([NEW], NEW, False),
        ([NEW, USED], NEW, True),
        ([NEW, PLACES], NEW, False),
        ([NEW, OF_NEW], NEW, False),
        ([NEW, OF_NEW], OF_NEW, False),
        ([NEW, OF_NEW, PLACES], NEW, True),
        ([NEW, OF_NEW, PLACES], OF_NEW, True),
        ([NEW, OF_NEW, PLACES], PLACES, True),
        ([NEW, OF_NEW, USED], OF_NEW, False),
    ],
)
def test_a_table_is_shared_with_an_endpoint_that_lands_without_this_one(
    endpoints: list[Endpoint], one: Endpoint, shares: bool
) -> None:
    assert Oem("yugo", tuple(endpoints)).shares_table(one) is shares
