"""A market's events while days are computed: what stays, what is read back, and what is written again."""

from __future__ import annotations

from datetime import date

import polars as pl

from consolidated.history.event_log import EventLog

FIRST, SECOND, THIRD, FOURTH = (date(2026, 11, day) for day in (1, 2, 3, 4))
SCHEMA = pl.Schema({"vehicle_id": pl.String, "known_on": pl.Date, "kind": pl.String})


def events(*rows: tuple[str, date, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


STANDING = events(
    ("a", FIRST, "listed"), ("b", SECOND, "listed"), ("a", THIRD, "changed"), ("b", THIRD, "delisted"),
    ("a", FOURTH, "delisted"),
)  # fmt: skip


class Table:
    """The events that stand; remembers what was read of them."""

    def __init__(self) -> None:
        self.read_rows: list[pl.DataFrame] = []

    def read(self, where: pl.Expr | None) -> pl.DataFrame:
        self.read_rows.append(STANDING if where is None else STANDING.filter(where))
        return self.read_rows[-1]

    def after(self, log: EventLog) -> list[tuple[str, date, str]]:
        """All events once the log is written in the place of those that it replaces."""
        replaced = log.rows_to_replace
        kept = STANDING.clear() if replaced is None else STANDING.filter(~replaced)
        return sorted(pl.concat([kept, log.frame(SCHEMA)]).rows())


def test_nothing_is_read_and_all_is_replaced_where_history_is_told_from_its_beginning() -> None:
    table = Table()
    log = EventLog(keep_until=None, since=FIRST, read=table.read)
    log.add(events(("c", FIRST, "listed")))
    log.replace(pl.Series(["a"]), FIRST, events(("a", SECOND, "listed")))
    assert log.rows_to_replace is None
    assert table.read_rows == []
    assert table.after(log) == [("a", SECOND, "listed"), ("c", FIRST, "listed")]


def test_what_is_known_until_the_last_kept_day_stays_and_what_is_known_later_goes() -> None:
    table = Table()
    log = EventLog(keep_until=SECOND, since=THIRD, read=table.read)
    assert table.after(log) == [("a", FIRST, "listed"), ("b", SECOND, "listed")]
    log.add(events(("a", THIRD, "delisted")))
    assert table.after(log) == [("a", FIRST, "listed"), ("a", THIRD, "delisted"), ("b", SECOND, "listed")]


def test_of_the_days_that_change_the_events_until_the_last_kept_day_are_read_back() -> None:
    """The first day that changes may lie before the last kept one: of an accepted day that is none any more."""
    table = Table()
    log = EventLog(keep_until=THIRD, since=SECOND, read=table.read)
    assert table.after(log) == sorted(STANDING.filter(pl.col("known_on") <= THIRD).rows())


def test_events_before_the_first_day_are_read_back_once_and_the_vehicles_alone_are_replaced() -> None:
    table = Table()
    log = EventLog(keep_until=THIRD, since=FOURTH, read=table.read)
    assert [one.rows() for one in table.read_rows] == [[("a", FOURTH, "delisted")]]
    log.replace(pl.Series(["a"]), THIRD, events(("a", THIRD, "price_changed")))
    assert table.read_rows[-1].rows() == [("a", THIRD, "changed"), ("b", THIRD, "delisted")]
    assert table.after(log) == [
        ("a", FIRST, "listed"), ("a", THIRD, "price_changed"), ("b", SECOND, "listed"), ("b", THIRD, "delisted"),
    ]  # fmt: skip

    # of a day that is in the log already nothing is read, and a vehicle's earlier events stay
    log.replace(pl.Series(["a"]), FOURTH, events(("a", FOURTH, "relisted")))
    log.replace(pl.Series(["b"]), THIRD, events(("b", THIRD, "changed")))
    assert len(table.read_rows) == 2
    assert table.after(log) == [
        ("a", FIRST, "listed"), ("a", THIRD, "price_changed"), ("a", FOURTH, "relisted"),
        ("b", SECOND, "listed"), ("b", THIRD, "changed"),
    ]  # fmt: skip
    log.replace(pl.Series(["b"]), FIRST, events())
    assert [one[0] for one in table.after(log)] == ["a", "a", "a"]


def test_the_frame_has_the_columns_of_the_table_and_is_one_also_without_events() -> None:
    log = EventLog(keep_until=None, since=FIRST, read=Table().read)
    assert (log.frame(SCHEMA).schema, log.frame(SCHEMA).height) == (SCHEMA, 0)
    turned = events(("a", FIRST, "listed")).select(pl.lit(1).alias("more"), "kind", "known_on", "vehicle_id")
    log.add(turned)
    assert log.frame(SCHEMA).rows() == [("a", FIRST, "listed")]
