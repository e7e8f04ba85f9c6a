"""A market's events while they change: those kept, those dropped, those that come, from a month on.

Belongs here: reading no further back than anything changes, and one commit of it all. Does not belong here: what
an event is (`history.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

Read = Callable[[pl.Expr], pl.DataFrame]


@dataclass
class EventLog:
    """here: the market's filter. keep_until: the last day whose events stay as they stand, None for none of them.
    since: the first day whose events change. read: the rows of a filter of the table."""

    here: pl.Expr
    keep_until: date | None
    since: date
    read: Read
    _from: date | None = field(init=False)
    _parts: list[pl.DataFrame] = field(init=False)

    def __post_init__(self) -> None:
        # the table is partitioned by the month of known_on: along it a filter drops whole files
        self._from = None if self.keep_until is None else self.since.replace(day=1)
        self._parts = []
        if self._from is not None:
            self._parts.append(self.read(self.rows_to_replace).filter(pl.col("known_on") <= self.keep_until))

    @property
    def rows_to_replace(self) -> pl.Expr:
        """The filter of the rows that `frame` replaces."""
        return self.here if self._from is None else self.here & (pl.col("known_on") >= self._from)

    def replace(self, vehicle_ids: pl.Series, since: date, events: pl.DataFrame) -> None:
        """Put these events in the place of all that these vehicles had since a day."""
        if self._from is not None and since < self._from:
            earlier = since.replace(day=1)
            self._parts.append(
                self.read(self.here & (pl.col("known_on") >= earlier) & (pl.col("known_on") < self._from))
            )
            self._from = earlier
        theirs = pl.col("vehicle_id").is_in(vehicle_ids.implode()) & (pl.col("known_on") >= since)
        self._parts = [part.filter(~theirs) for part in self._parts]
        self.add(events)

    def add(self, events: pl.DataFrame) -> None:
        self._parts.append(events)

    def frame(self, schema: pl.Schema) -> pl.DataFrame:
        return pl.concat([part.select(schema.names()) for part in (pl.DataFrame(schema=schema), *self._parts)])
