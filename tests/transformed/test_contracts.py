"""The contracts: every column documented, every enum with its source, no place for a person's name."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import discover
from transformed.contract.contracts import CONTRACTS, Dealer, Vehicle, contract_columns
from transformed.mapping.loading import mapping_of

ENDPOINTS = [(oem.name, endpoint) for oem in discover() for endpoint in oem.endpoints]


@pytest.mark.parametrize("contract", CONTRACTS.values())
def test_every_column_says_what_it_means(contract: type[Vehicle] | type[Dealer]) -> None:
    for name, column in contract.columns().items():
        assert len(str((column.metadata or {}).get("doc", ""))) >= 4, name


@pytest.mark.parametrize("table", CONTRACTS)
def test_contract_columns_name_every_column_once(table: str) -> None:
    names = [name for name, _, _ in contract_columns(table)]
    assert names == CONTRACTS[table].column_names()
    assert len(set(names)) == len(names)


def test_every_enum_keeps_the_sources_text_beside_it() -> None:
    names = Vehicle.column_names()
    enums = [
        name
        for name, column in Vehicle.columns().items()
        if isinstance(column.check, dict) and "known_code" in column.check
    ]
    # what kind of price a field holds is known of the field, not said by the record
    assert enums == [
        "condition", "body_type", "fuel_type", "transmission", "drive_type", "price_kind", "availability",
    ]  # fmt: skip
    for enum in set(enums) - {"price_kind"}:
        assert names[names.index(enum) + 1] == f"{enum}_source"


def test_numbers_with_a_unit_name_it_and_money_has_a_currency() -> None:
    for name in Vehicle.column_names():
        assert not re.fullmatch(r"mileage|power|price|list_price|electric_range|battery_capacity|co2", name)
    assert {"mileage_km", "power_kw", "price_amount", "price_currency", "co2_g_per_km"} <= set(Vehicle.column_names())


@pytest.mark.parametrize("contract", CONTRACTS.values())
def test_no_column_is_for_a_person(contract: type[Vehicle] | type[Dealer]) -> None:
    for name in contract.column_names():
        assert not re.search(r"person|email|first_?name|last_?name|contact|plate|owner_name", name), name


@pytest.mark.parametrize(("oem", "endpoint"), ENDPOINTS, ids=lambda value: getattr(value, "name", value))
def test_a_mapping_lists_the_contracts_columns_in_their_order(oem: str, endpoint: Endpoint) -> None:
    declared = mapping_of(oem, endpoint).names()
    assert declared == [name for name in CONTRACTS[endpoint.yields.table].column_names() if name in declared]


def test_audi_never_reads_the_dealers_persons() -> None:
    for oem, endpoint in ENDPOINTS:
        assert "erson" not in str(mapping_of(oem, endpoint).record)


BOUNDS: dict[str, tuple[Any, Any]] = {
    "model_year": (1950, 2100),
    "power_kw": (1, 2500),
    "battery_capacity_kwh": (0.1, 1000.0),
    "electric_range_km": (1, 3000),
    "co2_g_per_km": (0, 2000),
    "doors": (1, 9),
    "seats": (1, 30),
    "mileage_km": (0, 2_000_000),
    "previous_owners": (0, 50),
    "price_amount": (Decimal("0.01"), None),
    "list_price_amount": (Decimal("0.01"), None),
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
}


def is_row(contract: type[Vehicle] | type[Dealer], **values: Any) -> bool:
    """Whether a row with these values keeps the contract."""
    row: dict[str, Any] = dict.fromkeys(contract.column_names())
    row |= {name: value for name, value in (GOOD | values).items() if name in row}
    return contract.filter(pl.DataFrame([row]), cast=True)[0].height == 1


GOOD = {
    "archive_address": "part#0/0",
    "fetched_at": datetime(2026, 6, 24, tzinfo=UTC),
    "oem": "maker",
    "market": "es",
    "listing_id": "1",
    "dealer_id": "1",
    "brand": "Maker",
    "name": "Dealer",
    "vin_is_temporary": False,
    "price_currency": "EUR",
}


@pytest.mark.slow
@pytest.mark.parametrize("contract", CONTRACTS.values())
def test_the_bounds_of_every_column_are_the_ones_above(contract: type[Vehicle] | type[Dealer]) -> None:
    for name, column in contract.columns().items():
        declared = (getattr(column, "min", None), getattr(column, "max", None))
        assert declared == BOUNDS.get(name, (None, None)), name
        if name in BOUNDS:
            step = Decimal("0.01") if isinstance(BOUNDS[name][0], Decimal) else 1
            for bound, outside in zip(BOUNDS[name], (-step, step), strict=True):
                if bound is not None:
                    assert is_row(contract, **{name: bound}), f"{name} {bound}"
                    assert not is_row(contract, **{name: bound + outside}), f"{name} {bound + outside}"


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("vin", "WAUZZZ8V0KA000001", ["WAUZZZ8V0KA00000", "WAUZZZ8V0KA0000012", "WAUZZZ8V0KAO00001"]),
        ("price_currency", "EUR", ["EU", "EURO", "eur", "€"]),
        ("listing_id", "1", ["", None]),
        ("brand", "Maker", ["", None]),
        ("fuel_type", "petrol", ["Petrol", "benzin", ""]),
        ("condition", "certified", ["cpo"]),
        ("availability", "sold", ["Sold", "gone"]),
        ("price_kind", "asking_net", ["net"]),
    ],
)
def test_texts_have_their_form(column: str, good: str, bad: list[str | None]) -> None:
    assert is_row(Vehicle, **{column: good})
    for text in bad:
        assert not is_row(Vehicle, **{column: text}), text


@pytest.mark.parametrize(
    ("contract", "needed"),
    [
        (Vehicle, {"archive_address", "fetched_at", "oem", "market", "listing_id", "vin_is_temporary", "brand"}),
        (Dealer, {"archive_address", "fetched_at", "oem", "market", "dealer_id", "name"}),
    ],
)
def test_a_row_may_lack_all_but_what_it_is_and_where_it_comes_from(
    contract: type[Vehicle] | type[Dealer], needed: set[str]
) -> None:
    whole = {name: value for name, value in GOOD.items() if name in needed}
    rows = [dict.fromkeys(contract.column_names()) | whole | {name: None} for name in contract.column_names()]
    schema = {name: column.dtype for name, column in contract.columns().items()}
    accepted, failure = contract.filter(pl.DataFrame(rows, schema=schema), cast=True)
    assert accepted.height == len(contract.column_names()) - len(needed)
    assert {name for row in failure.invalid().to_dicts() for name in needed if row[name] is None} == needed


def test_a_list_of_services_holds_texts_and_may_be_empty() -> None:
    assert is_row(Dealer, services=[])
    assert is_row(Dealer, services=["sales"])
    assert not is_row(Dealer, services=["sales", None])


def test_a_price_has_its_currency() -> None:
    assert not is_row(Vehicle, price_amount=Decimal(5), price_currency=None)
    assert is_row(Vehicle, price_amount=None, price_currency=None)


@pytest.mark.parametrize(("days", "is_good"), [(0, True), (1, True), (2, False)])
def test_a_registration_lies_at_most_a_day_after_the_fetch(days: int, is_good: bool) -> None:
    assert is_row(Vehicle, first_registration_on=date(2026, 6, 24) + timedelta(days=days)) is is_good
