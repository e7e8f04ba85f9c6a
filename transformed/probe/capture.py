"""A file that somebody captured, as the page bodies of an endpoint: answers as they came, or records of any kind."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from raw.archive.json_fields import without_byte_order_mark
from raw.archive.record_list import RecordList
from resources.failures import Cause, PlatformError

_RECORDS_OF_A_PAGE = 500


@dataclass(frozen=True, slots=True)
class Capture:
    """Page bodies. are_answers: as a host sent them; else the bodies were made of records, and hold nothing else."""

    bodies: list[bytes]
    are_answers: bool


def read_capture(path: Path, records: str) -> Capture:
    """The pages that a file holds for an endpoint whose records lie at the path `records`.

    The file (`.json`, `.parquet`, `.csv`, each also with `.gz`) is an answer, a list of answers, a list of records, or
    a table with one row a record. A column `price.amount` of a table is the field `amount` of the object
    `price`, and an empty cell no field.
    Raises PlatformError(CONFIGURATION) for a file that is none of them.
    """
    try:
        content = path.read_bytes()
        if path.name.endswith(".gz"):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:  # no file, no gzip, or the beginning of one
        raise _no_capture(path, str(error)) from error
    name = path.name.removesuffix(".gz")
    place = RecordList(records)
    if name.endswith((".parquet", ".csv")):
        return Capture(_pages(place, _rows(path, name, content)), are_answers=False)
    try:
        value = json.loads(without_byte_order_mark(content))
    except (ValueError, RecursionError) as error:
        raise _no_capture(path, f"it is no JSON ({error})") from error
    if place.in_page(value) is not None:
        return Capture([content], are_answers=True)
    entries = value if isinstance(value, list) else [value]
    if entries and all(isinstance(entry, dict | list) and place.in_page(entry) is not None for entry in entries):
        return Capture([json.dumps(entry).encode() for entry in entries], are_answers=True)
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in entries):
        return Capture(_pages(place, entries), are_answers=False)
    raise _no_capture(path, f"nothing lies at `{records or 'its root'}`, where the endpoint has its records")


def _no_capture(path: Path, why: str) -> PlatformError:
    advice = "Name an answer of this endpoint, a list of its records, or a table of them; ENDPOINT= names another one."
    return PlatformError(Cause.CONFIGURATION, f"CAPTURE={path} cannot be read as pages: {why}", advice=advice)


def _pages(place: RecordList, records: list[Any]) -> list[bytes]:
    cuts = range(0, len(records), _RECORDS_OF_A_PAGE)
    pages = [place.body_of(records[start : start + _RECORDS_OF_A_PAGE]) for start in cuts]
    return [json.dumps(page, default=str).encode() for page in pages]


def _rows(path: Path, name: str, content: bytes) -> list[dict[str, Any]]:
    import polars as pl

    read = pl.read_parquet if name.endswith(".parquet") else partial(pl.read_csv, infer_schema_length=None)
    try:
        frame = read(content)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _no_capture(path, f"it is no table ({str(error)[:200]})") from error
    return [nested(row) for row in frame.to_dicts()]


def nested(row: dict[str, Any]) -> dict[str, Any]:
    """A flat row as a record: dotted names as objects, without empty cells."""
    record: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        *parents, last = name.split(".")
        node = record
        for parent in parents:
            child = node.get(parent)
            if not isinstance(child, dict):
                child = node[parent] = {}
            node = child
        node[last] = value
    return record
