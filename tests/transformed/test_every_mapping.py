"""What holds for every maker's mapping without a line of its own, tried on records that hold almost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import polars as pl
import pytest

from raw.endpoint.declaration import Endpoint, Inventory
from tests.support.declared import ENDPOINTS
from tests.support.one_record import typed
from tests.support.transformed_support import body_of
from transformed.contract.drift import Drift
from transformed.mapping.decode import RecordDecoder
from transformed.mapping.loading import mapping_of
from transformed.mapping.shapes import ByKey, Entries, Json, OneOrList, instance

pytestmark = pytest.mark.slow

ALL = [(oem.name, endpoint) for oem, endpoint in ENDPOINTS]
OF_VEHICLES = [(oem.name, endpoint) for oem, endpoint in ENDPOINTS if isinstance(endpoint.yields, Inventory)]
ODD: tuple[Any, ...] = (
    5, -1.5, True, "", "closed", [5], [[5]], [None] * 7, [5] * 7, [[5]] * 7, {"monday": 5},
    {"monday": {"closed": None}}, [{"dayOfWeek": [1], "openFrom": 8, "openTo": 5}],
    [{"dayOfWeek": [0], "openFrom": "08:00 AM", "openTo": "05:00 PM"}],
)  # fmt: skip
"""Opening hours, or whatever else is opaque, in forms that no mapping foresees."""


def nested(path: str, value: Any) -> dict[str, Any]:
    """An object with the value at a dotted path."""
    found: dict[str, Any] = reduce(lambda inner, name: {name: inner}, reversed(path.split(".")), value)
    return found


def opaque_paths(dtype: Any, path: str = "") -> Iterator[str]:
    """The dotted paths of a schema's opaque JSON."""
    dtype = instance(dtype)
    if isinstance(dtype, Json):
        yield path
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            yield from opaque_paths(field.dtype, f"{path}.{field.name}".removeprefix("."))


OPAQUE = [
    (oem.name, endpoint, path)
    for oem, endpoint in ENDPOINTS
    for path in opaque_paths(mapping_of(oem.name, endpoint).record)
]


@pytest.mark.parametrize(("oem", "endpoint"), OF_VEHICLES, ids=lambda value: getattr(value, "name", value))
def test_a_listing_has_the_identity_under_which_it_was_received(oem: str, endpoint: Endpoint) -> None:
    """A record that cannot be read is a sighting by the identity as the source writes it, and a row has to have the
    same one: in small letters a vehicle was seen under two."""
    mapping = mapping_of(oem, endpoint)
    decoder = RecordDecoder(mapping.record, endpoint.records, endpoint.identities, mapping.ignored, Drift())
    for path in endpoint.identities:
        page = decoder.decode(body_of(endpoint, [nested(path, " wvwzzz1kz8w000001 ")]), "part#0")
        columns = decoder.columns()
        columns.add(page.records)
        row = columns.frame().with_columns(market=pl.lit(next(iter(endpoint.markets))))
        read = row.select(mapping.expressions()["listing_id"]).to_series().to_list()
        assert read == decoder.identities_of(page.records) == ["wvwzzz1kz8w000001"], path


@pytest.mark.parametrize(("oem", "endpoint", "path"), OPAQUE, ids=lambda value: getattr(value, "name", value))
def test_what_is_opaque_costs_its_own_column_whatever_its_form(oem: str, endpoint: Endpoint, path: str) -> None:
    market = next(iter(endpoint.markets))
    found = typed(oem, endpoint, [nested(path, odd) for odd in ODD], market)
    assert len(found.rows) + len(found.quarantine) == len(ODD)


def filled(dtype: Any, text: str) -> Any:
    """A value of a schema's dtype, as a source sends it, with this text wherever there may be one."""
    dtype = instance(dtype)
    match dtype:
        case OneOrList():
            return filled(dtype.inner, text)
        case Entries():
            return {text: filled(dtype.value, text)}
        case ByKey():
            found = {field.name: filled(field.dtype, text) for field in dtype.names.fields}
            if dtype.value is None:
                return [{dtype.key: name, **(one if isinstance(one, dict) else {})} for name, one in found.items()]
            return [{dtype.key: name, dtype.value: one} for name, one in found.items()]
        case pl.List():
            return [filled(dtype.inner, text), None]
        case pl.Struct():
            return {field.name: filled(field.dtype, text) for field in dtype.fields}
    return text if isinstance(dtype, Json | pl.String) else None


NO_VALUES = ("\u0661\u0662", "MY26", "-", "9" * 40, "1970-13-45T99:99", "1.2.3 kWh", "\u0661인승")
"""The first are digits of another script: they are digits to a regular expression, and no number."""


@pytest.mark.parametrize(("oem", "endpoint"), ALL, ids=lambda value: getattr(value, "name", value))
def test_a_text_that_is_no_number_date_or_code_costs_no_other_record(oem: str, endpoint: Endpoint) -> None:
    market, schema = next(iter(endpoint.markets)), mapping_of(oem, endpoint).record
    found = typed(oem, endpoint, [*(filled(schema, text) for text in NO_VALUES), {}], market)
    assert len(found.rows) + len(found.quarantine) == len(NO_VALUES) + 1
