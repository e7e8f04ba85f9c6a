"""Drift: what an OEM's answer holds that was not expected, collected in words.

It is reported and never fatal by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from resources.failures import printable

UNKNOWN_FIELD = "unknown field"
_MOST_LINES = 50  # a report is read by a person
_MOST_OBSERVATIONS = 1000  # kept apart in memory; a source can send a new field name in every record
_MOST_CHARACTERS = 200  # of an observation
_MOST_QUOTED_CHARACTERS = 80  # of a source's value
_TEXTS_OF_A_COLUMN = 3  # named at a time


@dataclass(slots=True)
class _Observation:
    records: int
    first_address: str | None


class Drift:
    """Collects what was unexpected: each observation once, with the number of records and the first address."""

    def __init__(self) -> None:
        self._observations: dict[str, _Observation] = {}
        self._not_kept = 0

    def note(self, what: str, address: str | None = None, records: int = 1) -> None:
        """`what` names the field and no value that could hold personal data; `address` is one such record's."""
        what = cut(printable(what).replace("\n", " "), _MOST_CHARACTERS)
        known = self._observations.get(what)
        if known is not None:
            known.records += records
        elif len(self._observations) < _MOST_OBSERVATIONS:
            self._observations[what] = _Observation(records, address)
        else:
            self._not_kept += 1

    def note_texts(self, column: str, what: str, found: pl.DataFrame) -> None:
        """Note `<column>: <what> <text>` for the most frequent texts of a source, with their numbers of records.

        found: one row a record; its first column holds the text or value, `archive_address` the record's address.
        """
        if found.is_empty():
            return
        text = found.columns[0]
        counted = found.group_by(pl.col(text).cast(pl.String)).agg(pl.len(), pl.col("archive_address").min())
        for value, count, address in counted.sort("len", text, descending=[True, False]).rows()[:_TEXTS_OF_A_COLUMN]:
            self.note(f"{column}: {what} {quoted(value)}", address, count)

    def lines(self) -> list[str]:
        """One line an observation, sorted, unknown fields last; a last line counts the ones past the first 50."""
        in_order = sorted(self._observations.items(), key=lambda one: (one[0].startswith(UNKNOWN_FIELD), one[0]))
        lines = [_line(what, seen) for what, seen in in_order]
        more = max(len(lines) - _MOST_LINES, 0) + self._not_kept
        return [*lines[:_MOST_LINES], f"and {more} more"] if more else lines


def _line(what: str, seen: _Observation) -> str:
    first = f", first {seen.first_address}" if seen.first_address else ""
    return f"{what} ({seen.records} record{'s' if seen.records > 1 else ''}{first})"


def quoted(text: str) -> str:
    """A source's value as it is named in a line of drift."""
    return f"`{cut(text, _MOST_QUOTED_CHARACTERS)}`"


def cut(text: str, most_characters: int) -> str:
    """The text, with its end replaced by an ellipsis where it is longer."""
    return text if len(text) <= most_characters else text[: most_characters - 1] + "…"
