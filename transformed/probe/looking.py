"""What became of a market's archived records, and which of their fields the mapping does not know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from raw.archive.reader import read_pages
from resources.failures import PlatformError
from transformed.contract.drift import Drift
from transformed.day.output import MemoryOutput
from transformed.day.transform import type_day
from transformed.mapping.decode import RecordDecoder
from transformed.mapping.loading import mapping_of

if TYPE_CHECKING:
    from datetime import date

    from raw.archive.seal import Manifest
    from raw.endpoint.declaration import Endpoint
    from resources.lake.lake import Lake
    from transformed.day.report import Report

_KINDS = {str: "text", bool: "flag", int: "whole", float: "number"}
_KEYS_THAT_ARE_DATA = 0.5  # of an object's keys do not look like names
_NAME = re.compile(r"[A-Za-z_][\w-]*")


@dataclass
class Found:
    """fields: path, as `fields` takes it, -> kind -> records that have it. unknown: path -> records that have it.
    report, rows, quarantine: of the typed market; None where `mapping_problem` says why it could not be typed."""

    records: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    absent: list[str] = field(default_factory=list)
    report: Report | None = None
    rows: pl.DataFrame | None = None
    quarantine: pl.DataFrame | None = None
    mapping_problem: str | None = None


def look(lake: Lake, seal: Manifest, endpoint: Endpoint, day: date) -> Found:
    """Type the sealed market in memory, and look at every record wholly.

    Raises PlatformError as `type_day` does, but for a mapping that is missing or wrong: that is a finding.
    """
    found = Found()
    schema, ignored = pl.Struct({}), frozenset[str]()
    try:
        mapping = mapping_of(seal.oem, endpoint)
    except PlatformError as error:
        found.mapping_problem = str(error)
    else:
        schema, ignored, found.absent = mapping.record, mapping.ignored, mapping.absent()
        output = MemoryOutput()
        found.report = type_day(lake, seal, endpoint, day, output)
        found.rows, found.quarantine = output.rows(), output.beside("quarantine")
    decoder = RecordDecoder(schema, endpoint.records, endpoint.identities, ignored, Drift())
    for market in seal.markets.values():
        for page in read_pages(lake, market):
            for _, value, paths in decoder.unknown_fields(page.body, page.address):
                found.records += 1
                found.unknown.update(paths)
                for path, kind in dict.fromkeys(leaves(value)):
                    found.fields.setdefault(path, Counter())[kind] += 1
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, kind) of each scalar in a decoded record, as `transformed.mapping.fields.fields` takes them.

    An object most of whose keys are no names is taken for one whose keys are data.
    """
    if isinstance(value, dict):
        if path and sum(_NAME.fullmatch(key) is None for key in value) > len(value) * _KEYS_THAT_ARE_DATA:
            for entry in value.values():
                yield from leaves(entry, f"{path}{{}}")
        else:
            for key, entry in value.items():
                yield from leaves(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for entry in value:
            yield from leaves(entry, f"{path}[]")
    elif value is not None:
        yield path, _KINDS[type(value)]
