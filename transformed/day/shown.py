"""A transformed day as a person meets it in the UI: lineage, the worst of its quarantine, its drift, its fill rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from transformed.day.output import read_quarantine
from transformed.day.quarantine import SEPARATOR
from transformed.mapping.lineage import fields_of_columns
from transformed.mapping.loading import mapping_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raw.endpoint.declaration import Endpoint
    from resources.lake.lake import Lake
    from transformed.day.report import Report

_MOST_LINES = 20
_MOST_CHARACTERS = 60  # of a quoted text in a table
_BAR = 10  # characters
NOTHING = "nothing"


def lineage(oem: str, endpoint: Endpoint) -> dict[str, list[str]]:
    """Column -> the paths of the fields of the maker's record that it is made of."""
    return fields_of_columns(mapping_of(oem, endpoint))


def quarantine_worst(lake: Lake, report: Report) -> str:
    """The rules that most records broke, by market, each with its number of records and one of them, in Markdown."""
    return worst_of(read_quarantine(lake, report))


def worst_of(quarantine: pl.DataFrame) -> str:
    """The same of the rows of a quarantine, columns as in QUARANTINE_SCHEMA."""
    counted = (
        quarantine.group_by("market", "rule")
        .agg(pl.len(), pl.col("column", "value", "message", "archive_address").sort_by("archive_address").first())
        .sort("len", "market", "rule", descending=[True, False, False])
    )
    if counted.is_empty():
        return NOTHING
    rows = [
        (
            one["market"],
            _plain(one["rule"]),
            f"{one['len']:,}",
            _quoted(one["value"] if one["column"] else one["message"]),
            f"`{one['archive_address']}`",
        )
        for one in counted.head(_MOST_LINES).to_dicts()
    ]
    more = counted.height - _MOST_LINES
    table = _table(("market", "rule", "records", "for example", "its address in the archive"), rows)
    return f"{table}\n\nand {more} more" if more > 0 else table


def drift(report: Report) -> str:
    """The lines of the day's drift, the first of them, as a list in Markdown."""
    lines = [f"* {line.replace('*', '')}" for line in report.drift[:_MOST_LINES]]
    more = len(report.drift) - _MOST_LINES
    return "\n".join([*lines, *([f"* and {more} more"] if more > 0 else [])]) or NOTHING


def filled(report: Report) -> str:
    """For each column the share of a market's rows in which it is filled, drawn as a bar, in Markdown."""
    markets = sorted(report.fill)
    columns = list(dict.fromkeys(column for market in markets for column in report.fill[market]))
    if not columns:
        return NOTHING
    rows = [(column, *(_bar(report.fill[market].get(column, 0.0)) for market in markets)) for column in columns]
    return _table(("column", *markets), rows)


def _bar(share: float) -> str:
    full = round(share * _BAR)
    return f"`{'█' * full}{'░' * (_BAR - full)}` {share:.0%}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(rules: str) -> str:
    """Several rules of one record, each a word; `|` would end the cell."""
    return ", ".join(rule.replace("|", ": ") for rule in rules.split(SEPARATOR))


def _quoted(text: str | None) -> str:
    """A source's text as code, on one line and within bounds."""
    if not text:
        return "(nothing)"
    line = " ".join(text.split()).replace("`", "'").replace("|", "¦")
    return f"`{line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + '…'}`"
