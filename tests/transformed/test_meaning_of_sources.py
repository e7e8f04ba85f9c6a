"""What of a maker's source counts for the fingerprint: modules of a few lines, edited, and whether it moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dataframely as dy
import pytest

from raw.endpoint import Dealers, Inventory
from resources.markets import MARKETS
from tests.support.words import endpoint
from transformed.contract import contracts
from transformed.day import interpretation as module
from transformed.day.interpretation import interpretation

MAKER = '''"""A maker."""
from transformed.mapping import expressions, fields
from transformed.mapping.handed import rounded as whole
from somewhere.else_ import helper

_CODES = {"B": "petrol"}
_CODES |= {"D": "diesel"}
_RATE: float = 1.5
_UNUSED = 1


def _price(net: float) -> float:
    """What is asked."""
    if net:
        return whole(net) * _RATE
    return helper.net(net)


class _Kind:
    best = _RATE


STOCK = TableMapping(
    record=fields(text="id name", whole="year", flag=_FLAGS),
    columns={"price": _price, "fuel": Coded("fuel", _CODES), "id": expressions.text("id"), "k": _Kind},
    exclusions={},
    ignored=paths("a b"),
    optional=paths("c"),
    parsed={"x": "y"},
)
OTHER = TableMapping(record=fields(text="id"))
'''
SOURCES = {
    "transformed.maker": MAKER,
    "transformed.mapping": "from transformed.mapping.words import text as said\n",
    "transformed.mapping.expressions": (
        "import polars\n_EMPTY = ''\n\ndef text(path):\n    return _EMPTY\n\ndef other():\n    return 2\n"
    ),
    "transformed.mapping.fields": "def fields():\n    return 1\n",
    "transformed.mapping.handed": "from transformed.mapping.numbers import rounded\n",
    "transformed.mapping.numbers": "DIGITS = 2\n\ndef rounded(one):\n    return round(one, DIGITS)\n",
    "somewhere.else_": "helper = 1\n",
    "transformed.mapping.conform": "def conform():\n    return 1\n",
    "transformed.contract.contracts": "class Vehicle:\n    size = 1\n\n    def rule(cls):\n        return cls.a > 1\n",
}  # fmt: skip
READS = endpoint(yields=Inventory("stock"))


def found(sources: Mapping[str, str] = SOURCES) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_source", sources.get)
        return interpretation("maker", READS)


def edited(name: str, old: str, new: str) -> str:
    assert SOURCES[name].count(old) == 1, "the edit changes one place"
    return found({**SOURCES, name: SOURCES[name].replace(old, new)})


@pytest.fixture(autouse=True)
def sources_as_they_are() -> Iterator[None]:
    yield
    module._source.cache_clear()


M = "transformed.maker"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (M, '"B": "petrol"', '"B": "diesel"'),
        (M, '_CODES |= {"D"', '_CODES |= {"E"'),
        (M, '"petrol"', 'b"petrol"'),
        (M, "_RATE: float = 1.5", "_RATE: float = 2"),
        (M, "if net:", "if not net:"),
        (M, "whole(net) *", "whole(net) +"),
        (M, "helper.net(net)", "helper.gross(net)"),
        (M, "    best =", "    worst ="),
        (M, 'text="id name"', 'text="id names"'),
        (M, 'text="id name"', 'number="id name"'),
        (M, "flag=_FLAGS", "flag=_FLAG"),
        (M, "exclusions={}", 'exclusions={"a": 1}'),
        (M, 'expressions.text("id")', 'expressions.other("id")'),
        (M, "import rounded as whole", "import rounding as whole"),
        ("transformed.mapping.expressions", "_EMPTY = ''", "_EMPTY = '-'"),
        ("transformed.mapping.numbers", "DIGITS = 2", "DIGITS = 3"),
        ("transformed.mapping.conform", "return 1", "return 2"),
        ("transformed.contract.contracts", "cls.a > 1", "cls.a > 2"),
        ("transformed.contract.contracts", "cls.a > 1", "cls.a >= 1"),
    ],
)
def test_what_a_mapping_reaches_moves_it(name: str, old: str, new: str) -> None:
    assert edited(name, old, new) != found()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (M, '"""A maker."""', '"""Another."""'),
        (M, '    """What is asked."""\n', ""),
        (M, "_UNUSED = 1", "_UNUSED = 2"),
        (M, "_RATE: float = 1.5", "_RATE = 1.5"),
        (M, "_RATE: float = 1.5", "_RATE: int = 1.5  # a rate"),
        (M, "(net: float) -> float", "(net)"),
        (M, 'text="id name", whole="year"', 'whole="year", text="name  id"'),
        (M, 'paths("a b")', 'paths("d")'),
        (M, 'optional=paths("c")', 'optional=paths("d")'),
        (M, '    parsed={"x": "y"},\n', ""),
        (M, 'OTHER = TableMapping(record=fields(text="id"))', "OTHER = 1"),
        (M, "from somewhere.else_", "from anywhere.else_"),
        ("transformed.mapping.expressions", "return 2", "return 3"),
        ("transformed.mapping.fields", "return 1", "return 2"),
        ("somewhere.else_", "helper = 1", "helper = 2"),
        ("transformed.contract.contracts", "size = 1", "size = 2"),
    ],
)
def test_form_and_words_and_what_is_not_reached_leave_it(name: str, old: str, new: str) -> None:
    assert edited(name, old, new) == found()


def test_only_the_mapping_of_the_endpoint_may_hold_what_serves_drift() -> None:
    """Another call's argument of that name is a part of what it says."""
    calls = MAKER.replace("exclusions={}", 'exclusions={"a": told(ignored=1)}')
    assert found({**SOURCES, M: calls}) != found({**SOURCES, M: calls.replace("ignored=1", "ignored=2")})


def test_a_text_as_a_statement_is_no_docstring_of_a_value() -> None:
    one, other = ('_CODES = {"B": ["x"]}', '_CODES = {"B": []}')
    assert edited(M, '_CODES = {"B": "petrol"}', one) != edited(M, '_CODES = {"B": "petrol"}', other)


def test_a_function_without_a_name_counts() -> None:
    one, other = ('"k": lambda row: row.a if row else 1', '"k": lambda row: row.b if row else 1')
    assert edited(M, '"k": _Kind', one) != edited(M, '"k": _Kind', other)


def test_definitions_that_use_each_other_come_to_an_end() -> None:
    circle = {"transformed.mapping.numbers": "def rounded(one):\n    return half(one)\n\ndef half(one):\n"
              "    return rounded(one)\n"}  # fmt: skip
    assert found({**SOURCES, **circle}) != found()


def test_the_identity_and_the_facts_of_the_markets_move_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(**words: object) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(module, "_source", SOURCES.get)
            return interpretation("maker", endpoint(yields=Inventory("stock"), **words))

    assert of(identity="vin") != of()
    assert of(markets={"es": {}, "gb": {}}) != of()
    assert of(markets={"gb": {}, "es": {}}) == of(markets={"es": {}, "gb": {}})
    assert of(markets={"es": {"code": "x"}}) == of(), "how a market is asked makes no row"
    assert of(markets={"es": {}, "zz": {}}) == of(), "a code without facts of its own"
    assert "es" in MARKETS


def test_the_table_moves_it() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_source", SOURCES.get)
        assert interpretation("maker", endpoint(yields=Dealers("stock"))) != found()


@pytest.mark.parametrize(
    ("column", "moves"),
    [
        (dy.Int32(nullable=True, min=1, max=2500, metadata={"doc": "other words"}), False),
        (dy.Int32(nullable=True, min=1, max=2500), False),
        (dy.Int32(nullable=True, min=0, max=2500), True),
        (dy.Int32(nullable=False, min=1, max=2500), True),
        (dy.Int64(nullable=True, min=1, max=2500), True),
        (dy.Int32(nullable=True, min=1, max=2500, metadata={"doc": "d", "if_left_out": 1}), True),
    ],
)
def test_a_columns_type_and_bounds_move_it_and_its_words_do_not(
    column: dy.Column, moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found()
    changed = type("Vehicle", (contracts.Vehicle,), {"power_kw": column, "__module__": contracts.__name__})
    monkeypatch.setitem(contracts.CONTRACTS, "inventory", changed)
    assert (found() != before) is moves


class _Small(dy.Schema):
    listing_id = dy.String(nullable=False, min_length=1, metadata={"doc": "a listing"})


def test_a_fingerprint_stays_from_release_to_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it moves although nothing means anything else, every archived day is typed again."""
    monkeypatch.setitem(contracts.CONTRACTS, "inventory", _Small)
    monkeypatch.setattr(module, "_source", SOURCES.get)
    assert interpretation("maker", endpoint(yields=Inventory("stock"), markets={"zz": {}})) == "2eb2cffb3546c9ad"
