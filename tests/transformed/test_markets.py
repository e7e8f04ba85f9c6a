"""Every maker and market that is declared has its facts, and a car without a stated currency or unit gets them."""

from __future__ import annotations

import polars as pl
import pytest

from raw.endpoint.declaration import Endpoint, Inventory
from raw.wiring.discovery import discover
from resources.markets import MARKETS
from transformed.mapping.expressions import kilometres, market_currency
from transformed.mapping.loading import mapping_of
from transformed.mapping.shapes import plain

DECLARED = [
    (oem.name, endpoint, market) for oem in discover() for endpoint in oem.endpoints for market in endpoint.markets
]
OF_VEHICLES = [declared for declared in DECLARED if isinstance(declared[1].yields, Inventory)]


@pytest.mark.parametrize(("oem", "endpoint", "market"), DECLARED, ids=lambda value: getattr(value, "name", value))
def test_every_declared_market_has_its_facts(oem: str, endpoint: Endpoint, market: str) -> None:
    assert market in MARKETS, f"{oem} {endpoint.name} declares {market}: add it to resources/markets.py"


@pytest.mark.parametrize(("oem", "endpoint", "market"), OF_VEHICLES, ids=lambda value: getattr(value, "name", value))
def test_every_maker_reads_the_markets_currency(oem: str, endpoint: Endpoint, market: str) -> None:
    """Whatever the maker's record looks like: none of its fields says anything, so the market has to."""
    mapping = mapping_of(oem, endpoint)
    silent = pl.DataFrame({"market": [market]}).with_columns(
        pl.lit(None, plain(field.dtype)).alias(field.name) for field in mapping.record.fields
    )
    assert silent.select(mapping.expressions()["price_currency"]).item() == MARKETS[market].currency


@pytest.mark.parametrize(("oem", "endpoint", "market"), OF_VEHICLES, ids=lambda value: getattr(value, "name", value))
def test_a_price_asked_is_net_where_the_market_adds_its_tax_and_gross_elsewhere(
    oem: str, endpoint: Endpoint, market: str
) -> None:
    mapping = mapping_of(oem, endpoint)
    row = pl.DataFrame({"market": [market]}).with_columns(
        pl.lit(None, plain(field.dtype)).alias(field.name) for field in mapping.record.fields
    )
    kind = row.select(mapping.expressions()["price_kind"]).item()
    assert kind in (("asking_net", "list", None) if market == "us" else ("asking_gross", "list", None))


@pytest.mark.parametrize(
    ("market", "currency", "mileage_km"),
    [("au", "AUD", 1000), ("gb", "GBP", 1609), ("us", "USD", 1609), ("kr", "KRW", 1000), ("es", "EUR", 1000)],
)
def test_the_facts_of_some_markets_in_figures(market: str, currency: str, mileage_km: int) -> None:
    row = pl.DataFrame({"market": [market], "distance": [1000.0], "unit": [None]}, schema_overrides={"unit": pl.String})
    found = row.select(market_currency(), kilometres(pl.col("distance"), pl.col("unit")).alias("km")).row(0)
    assert found == (currency, mileage_km)


@pytest.mark.parametrize(
    ("unit", "mileage_km"),
    [
        ("km", 1000),
        ("KM", 1000),
        ("kilometres", 1000),
        ("mi", 1609),
        (" Miles", 1609),
        ("parsec", None),
        ("", 1609),
        ("m", None),
        ("metres", None),
        ("min", None),
        ("Mil", None),
        ("kilo", None),
        ("1000 km", None),
        ("mi.", 1609),
    ],
)
def test_a_stated_unit_counts_whatever_the_market(unit: str, mileage_km: int | None) -> None:
    row = pl.DataFrame({"market": ["gb"], "distance": [1000.0], "unit": [unit]})
    assert row.select(kilometres(pl.col("distance"), pl.col("unit"))).item() == mileage_km
