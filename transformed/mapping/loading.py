"""Finding the mapping that a maker's module declares for an endpoint, and checking it before any record is read."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import polars as pl

from resources.failures import Cause, PlatformError
from transformed.contract.contracts import CONTRACTS
from transformed.mapping.declaration import TableMapping
from transformed.mapping.expressions import at
from transformed.mapping.shapes import plain

if TYPE_CHECKING:
    from raw.endpoint.declaration import Endpoint


def mapping_of(oem: str, endpoint: Endpoint) -> TableMapping:
    """What `transformed/<oem>.py` declares for an endpoint, under the upper-case name of what the endpoint yields.

    Raises PlatformError(CONFIGURATION) where it declares nothing, something else, or a mapping with problems; the
    message says for each how to mend it.
    """
    name = endpoint.yields.name.upper()
    place = f"transformed/{oem}.py"
    try:
        mapping = getattr(importlib.import_module(f"transformed.{oem}"), name)
    except (ImportError, AttributeError, ValueError) as error:
        detail = f"{place} does not declare {name} ({error})"
        raise PlatformError(Cause.CONFIGURATION, detail, oem=oem, endpoint=endpoint.name) from error
    if not isinstance(mapping, TableMapping):
        problems = [f"it is a {type(mapping).__name__}: make it a TableMapping"]
    elif mapping.contract is not CONTRACTS[endpoint.yields.table]:
        problems = [f"its contract is {mapping.contract.__name__}: the endpoint yields {endpoint.yields.table}"]
    else:
        problems = mapping.problems() or _without_identity(mapping, endpoint)
    if problems:
        detail = f"{name} in {place}: {'; '.join(problems)}"
        raise PlatformError(Cause.CONFIGURATION, detail, oem=oem, endpoint=endpoint.name, advice="")
    assert isinstance(mapping, TableMapping)
    return mapping


def _without_identity(mapping: TableMapping, endpoint: Endpoint) -> list[str]:
    """A sentence for each path of the endpoint's identity that the mapping's record does not declare."""
    record = plain(mapping.record)
    assert isinstance(record, pl.Struct)
    empty = pl.DataFrame(schema=record.to_schema())
    problems = []
    for path in endpoint.identities:
        try:
            empty.select(at(path))
        except pl.exceptions.PolarsError:
            problems.append(f"`record` lacks `{path}`, the endpoint's identity: add it there")
    return problems
