"""What a probe found, as text for the person who writes the maker's modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from resources.failures import Cause
from transformed.mapping.declaration import PROVIDED_COLUMNS
from transformed.mapping.unknown import to_paste, words

if TYPE_CHECKING:
    from raw.archive.seal import Manifest
    from transformed.probe.looking import Found

_TOP = 4  # values of a column
_MOST_REFUSED = 10
_VALUE_CHARACTERS = 28


def text_of(found: Found, seal: Manifest, *, place: str, identity: str) -> str:
    """place: the mapping's name and file. identity: the endpoint's, as declared."""
    return "\n".join(_lines(found, seal, place, identity))


def _lines(found: Found, seal: Manifest, place: str, identity: str) -> Iterator[str]:
    for market in seal.markets.values():
        total = "no total" if market.reported_total is None else f"a total of {market.reported_total} reported"
        yield f"records      {market.collected} on {market.pages} pages, {total}"
        yield f"identity     {identity}: {market.unique} distinct, {market.without_identity} records without"
        if market.cause == Cause.BUDGET_SPENT:
            yield "             the market goes on: only its first pages were asked for"
        elif market.message:
            yield f"incomplete   {market.message}"
    yield from (f"drift        {line}" for line in seal.drift)
    if found.mapping_problem:
        yield from ["", found.mapping_problem, "", "The fields of the records, ready to paste:", _fields(found)]
        return
    assert found.report is not None and found.rows is not None  # noqa: PT018 - they come together
    for typed in found.report.markets.values():
        counts = f"{typed.accepted} rows, {typed.quarantined} quarantined, {typed.duplicates} duplicates"
        yield f"typed        {counts} of {typed.received} records"
        if typed.cause and typed.message and typed.market in found.report.failed:
            yield f"failed       {typed.message}"
    yield from _unknown(found, place)
    yield from _columns(found, found.rows)
    yield from _quarantined(found)
    expected = [line for line in found.report.drift if not line.startswith("unknown field")]
    if expected:
        yield from ["", "Other drift:", *(f"  {line}" for line in expected)]


def _fields(found: Found) -> str:
    """The call of `fields` that declares every scalar of the records."""
    by_kind: dict[str, list[str]] = {}
    for path, kinds in found.fields.items():
        kind = "text" if "text" in kinds else min(kinds)  # `number`, which holds both, comes before `whole`
        by_kind.setdefault(kind, []).append(path)
    arguments = [f"{kind}={words(paths)}," for kind, paths in sorted(by_kind.items(), reverse=True)]
    return "\n".join(["fields(", *arguments, ")"])


def _unknown(found: Found, place: str) -> Iterator[str]:
    if not found.unknown:
        yield "unknown      no field"
        return
    yield from ["", f"Unknown fields; use them, or paste them into `ignored` of {place}:", to_paste(found.unknown), ""]
    for path, records in sorted(found.unknown.items(), key=lambda one: (-one[1], one[0])):
        kinds = found.fields.get(path)
        yield f"  {records / found.records:>4.0%}  {path} ({', '.join(sorted(kinds)) if kinds else 'object or list'})"


def _columns(found: Found, rows: pl.DataFrame) -> Iterator[str]:
    if rows.is_empty():
        return
    yield from ["", f"{'column':<24}{'null':>5} {'distinct':>9}  most frequent"]
    for name in rows.columns:
        if name in PROVIDED_COLUMNS or name in found.absent:
            continue
        column = rows[name].cast(pl.List(pl.String)).list.join(" ") if rows[name].dtype == pl.List else rows[name]
        counted = column.cast(pl.String).drop_nulls().value_counts(name="records")
        counted = counted.sort("records", name, descending=[True, False])
        is_unique = len(counted) and counted["records"][0] == 1 and len(counted) > _TOP
        shown = counted.head(1 if is_unique else _TOP).rows()
        top = ", ".join(f"{_short(value)}" if is_unique else f"{_short(value)} {records}" for value, records in shown)
        yield f"{name:<24}{column.null_count() / len(rows):>5.0%} {len(counted):>9}  {top}"
    if found.absent:
        yield f"absent       {', '.join(found.absent)}"


def _quarantined(found: Found) -> Iterator[str]:
    refused = found.quarantine
    if refused is None or refused.is_empty():
        return
    yield from ["", "Quarantined:"]
    counted = refused.group_by("rule").agg(
        pl.len().alias("records"), pl.first("identity", "column", "value", "message", "archive_address")
    )
    for row in counted.sort("records", "rule", descending=[True, False]).head(_MOST_REFUSED).to_dicts():
        where = f"{row['column']} = {_short(str(row['value']))}" if row["column"] else row["message"]
        yield f"  {row['records']} by {row['rule']}: first {row['identity']}, {where}"


def _short(value: str) -> str:
    return value if len(value) <= _VALUE_CHARACTERS else value[: _VALUE_CHARACTERS - 1] + "…"
