"""A market's events while days are computed: which stay, which are replaced, which are new.

The table `inventory_events` is replaced from a day on. Events are read back no further than that day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

Read = Callable[[pl.Expr | None], pl.DataFrame]


@dataclass
class EventLog:
    """keep_until: the last day whose events stay as they are, None if none do. since: the first day whose events
    change. read: gives the market's events that match a filter."""

    keep_until: date | None
    since: date
    read: Read
    _from: date | None = field(init=False)
    _parts: list[pl.DataFrame] = field(init=False)

    def __post_init__(self) -> None:
        self._from = None if self.keep_until is None else self.since
        self._parts = []
        if self._from is not None:
            self._parts.append(self.read(self.rows_to_replace).filter(pl.col("known_on") <= self.keep_until))

    @property
    def rows_to_replace(self) -> pl.Expr | None:
        """The filter, within the market, of the rows that `frame` replaces; None for all of them."""
        return None if self._from is None else pl.col("known_on") >= self._from

    def replace(self, vehicle_ids: pl.Series, since: date, events: pl.DataFrame) -> None:
        """Put these events in the place of all events that the vehicles had from a day on."""
        if self._from is not None and since < self._from:
            self._parts.append(self.read((pl.col("known_on") >= since) & (pl.col("known_on") < self._from)))
            self._from = since
        replaced = pl.col("vehicle_id").is_in(vehicle_ids.implode()) & (pl.col("known_on") >= since)
        self._parts = [part.filter(~replaced) for part in self._parts]
        self.add(events)

    def add(self, events: pl.DataFrame) -> None:
        self._parts.append(events)

    def frame(self, schema: pl.Schema) -> pl.DataFrame:
        return pl.concat([part.select(schema.names()) for part in (pl.DataFrame(schema=schema), *self._parts)])
