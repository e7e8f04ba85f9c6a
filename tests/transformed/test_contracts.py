"""The contracts: every column documented, every enum with its source, no place for a person's name."""

import re

import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import discover
from transformed.contract.contracts import CONTRACTS, Dealer, Vehicle, contract_columns
from transformed.day.transform import mapping_of
from transformed.mapping.declaration import PROVIDED_COLUMNS

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
    assert enums == ["condition", "body_type", "fuel_type", "transmission", "drive_type"]
    for enum in enums:
        assert names[names.index(enum) + 1] == f"{enum}_source"


def test_numbers_with_a_unit_name_it_and_money_has_a_currency() -> None:
    for name in Vehicle.column_names():
        assert not re.fullmatch(r"mileage|power|price|list_price", name)
    assert {"mileage_km", "power_kw", "price_amount", "price_currency"} <= set(Vehicle.column_names())


@pytest.mark.parametrize("contract", CONTRACTS.values())
def test_no_column_is_for_a_person(contract: type[Vehicle] | type[Dealer]) -> None:
    for name in contract.column_names():
        assert not re.search(r"person|email|first_?name|last_?name|contact|plate|owner_name", name), name


@pytest.mark.parametrize(("oem", "endpoint"), ENDPOINTS, ids=lambda value: getattr(value, "name", value))
def test_a_mapping_lists_the_contracts_columns_in_their_order(oem: str, endpoint: Endpoint) -> None:
    mapping = mapping_of(oem, endpoint)
    declared = [expression.meta.output_name() for expression in mapping.columns]
    assert declared == [name for name in mapping.contract.column_names() if name not in PROVIDED_COLUMNS]
    assert mapping.contract is CONTRACTS[endpoint.yields.table]
    assert not {field.name for field in mapping.record.fields} & set(PROVIDED_COLUMNS)
    assert set(mapping.parsed) <= set(declared)


def test_audi_never_reads_the_dealers_persons() -> None:
    for oem, endpoint in ENDPOINTS:
        assert "erson" not in str(mapping_of(oem, endpoint).record)
