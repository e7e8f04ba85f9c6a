"""The fingerprint of contract and mapping moves when their meaning does, and for nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable

import dataframely as dy
import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import discover
from resources.lake.lake import CHECKOUT
from transformed.contract import contracts
from transformed.day import interpretation as module
from transformed.day.interpretation import interpretation
from transformed.mapping.loading import mapping_of

pytestmark = pytest.mark.slow

AUDI = next(oem for oem in discover() if oem.name == "audi")
STOCK, DEALERS = AUDI.endpoint("scs_search"), AUDI.endpoint("pss_dealers")
EVERY = [(oem.name, endpoint) for oem in discover() for endpoint in oem.endpoints]
MAKER, SHARED = "transformed.audi", "transformed.mapping.expressions"


def edited(monkeypatch: pytest.MonkeyPatch, name: str, edit: Callable[[str], str]) -> None:
    """From now on the source of a module reads otherwise."""
    source_of = module._source
    before = source_of(name)
    assert before is not None
    after = edit(before)
    assert after != before, "the edit changes nothing"
    monkeypatch.setattr(module, "_source", lambda asked: after if asked == name else source_of(asked))


def replacing(old: str, new: str) -> Callable[[str], str]:
    return lambda source: source.replace(old, new, 1)


def reformatted(source: str) -> str:
    return ast.unparse(ast.parse(source))


@pytest.mark.parametrize(("oem", "endpoint"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_every_makers_interpretation_is_sixteen_hexadecimal_digits(oem: str, endpoint: Endpoint) -> None:
    found = interpretation(oem, endpoint)
    assert len(found) == 16
    assert int(found, 16) >= 0


def test_endpoints_share_one_only_where_they_are_read_alike() -> None:
    read_as: dict[str, set[str]] = {}
    for oem, endpoint in EVERY:
        mapping = mapping_of(oem, endpoint)
        said = " ".join(map(str, [mapping.contract, mapping.record, sorted(mapping.columns)]))
        read_as.setdefault(interpretation(oem, endpoint), set()).add(said)
    assert all(len(ways) == 1 for ways in read_as.values())
    assert len(read_as) > len(EVERY) / 2


def test_another_process_finds_the_same() -> None:
    program = (
        "from raw.audi import SCS_SEARCH\nfrom transformed.day.interpretation import interpretation\n"
        "print(interpretation('audi', SCS_SEARCH))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True
    )
    assert told.stdout.strip() == interpretation("audi", STOCK), told.stderr


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        (MAKER, replacing("_FUELS = {", "# what the letters mean\n_FUELS = {")),
        (MAKER, replacing('"""Audi: stock', '"""The maker Audi: stock')),
        (MAKER, reformatted),
        (MAKER, replacing("    vehicleDataVersion", "    aNewlyIgnoredField vehicleDataVersion")),
        (MAKER, replacing('optional=paths("priceDetails vin ', 'optional=paths("anotherField priceDetails vin ')),
        (MAKER, replacing('"power_kw": "powerDisplay",\n', "")),
        (MAKER, replacing("    carId vin type commissionNumber", "    vin carId commissionNumber\n    type")),
        (MAKER, replacing('_PSS_SERVICES = {"usedcars": "used_cars"}', '_PSS_SERVICES = {"usedcars": "sales"}')),
        (MAKER, lambda source: source + "\n\ndef nobody_calls_me() -> int:\n    return 1\n"),
        (SHARED, reformatted),
        (SHARED, replacing('    """Text without white space', '    """A text without white space')),
        (
            SHARED,
            replacing("def text(source: Source) -> pl.Expr:", 'def text(source: "Source") -> "pl.Expr":'),
        ),
        ("transformed.contract.plausible", reformatted),
        ("transformed.mapping.conform", replacing("_WHOLE_NUMBER =", "# digits\n_WHOLE_NUMBER =")),
    ],
)
def test_words_and_form_and_what_serves_only_drift_do_not_move_it(
    name: str, edit: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = interpretation("audi", STOCK)
    edited(monkeypatch, name, edit)
    assert interpretation("audi", STOCK) == before


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        (MAKER, replacing('"W": "hydrogen",', '"W": "electric",')),
        (MAKER, replacing('"W": "hydrogen",', "")),
        (MAKER, replacing(".otherwise(1)\n", ".otherwise(2)\n")),
        (MAKER, replacing("_KOREAN_UNIT = 10_000", "_KOREAN_UNIT = 1_000")),
        (MAKER, replacing('number="typedPrices[].amount used', 'number="typedPrices[].amount dateOffer used')),
        (MAKER, replacing('whole="modelYear ', 'whole="')),
        (MAKER, replacing('        "stock_number": text("commissionNumber"),\n', "")),
        (MAKER, replacing('_amount("retail")', '_amount("regular")')),
        (SHARED, replacing("KILOMETRES_PER_MILE = 1.609344", "KILOMETRES_PER_MILE = 1.6")),
        (SHARED, replacing('stripped != ""', 'stripped != "-"')),
        ("transformed.contract.plausible", replacing("date(1950, 1, 1)", "date(1900, 1, 1)")),
        ("transformed.mapping.conform", replacing(r'"[+-]?[1-9]\d{0,2}\.\d{3}"', r'"[+-]?[1-9]\d{0,1}\.\d{3}"')),
        ("transformed.contract.one_vehicle", replacing("[True] + [False]", "[False] + [False]")),
        ("transformed.day.duplicates", replacing("_MOST_LISTINGS_OF_A_VIN = 2", "_MOST_LISTINGS_OF_A_VIN = 3")),
        (contracts.__name__, replacing("cls.price_amount.col.is_null() |", "")),
    ],
)
def test_a_changed_code_map_expression_or_rule_moves_it(
    name: str, edit: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = interpretation("audi", STOCK)
    edited(monkeypatch, name, edit)
    assert interpretation("audi", STOCK) != before


def test_an_exclusion_moves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before, of_stock = interpretation("audi", DEALERS), interpretation("audi", STOCK)
    edited(monkeypatch, MAKER, replacing('== "test")', '== "prueba")'))
    assert interpretation("audi", DEALERS) != before
    assert interpretation("audi", STOCK) == of_stock, "the other endpoint of the maker stays as it is"


class _Bound(contracts.Vehicle):
    power_kw = dy.Int32(nullable=True, min=1, max=2501, metadata={"doc": "another bound"})


class _Type(contracts.Vehicle):
    offered_at = dy.Datetime(nullable=True, time_unit="ms", time_zone="UTC", metadata={"doc": "another type"})


class _Column(contracts.Vehicle):
    wheels = dy.Int8(nullable=True, metadata={"doc": "a new column"})


class _Codes(contracts.Vehicle):
    fuel_type = contracts._enum((*contracts.FUEL_TYPES, "coal"), "another code")


class _Words(contracts.Vehicle):
    power_kw = dy.Int32(nullable=True, min=1, max=2500, metadata={"doc": "the same in other words"})


@pytest.mark.parametrize("contract", [_Bound, _Type, _Column, _Codes])
def test_a_changed_column_moves_it(contract: type[contracts.Vehicle], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_rules", lambda _: [])
    before = interpretation("audi", STOCK)
    monkeypatch.setitem(contracts.CONTRACTS, "inventory", contract)
    assert interpretation("audi", STOCK) != before


def test_a_columns_words_do_not_move_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_rules", lambda _: [])
    before = interpretation("audi", STOCK)
    monkeypatch.setitem(contracts.CONTRACTS, "inventory", _Words)
    assert interpretation("audi", STOCK) == before
