"""The quarantine: one row for each record that did not become a row of a table, with the rules that it broke.

A quarantine row holds no record and no field that no rule names: the bytes stay in the archive, and personal data
with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

if TYPE_CHECKING:
    from transformed.mapping.decode import BrokenRecord

SCHEMA_DRIFT = "schema_drift"
SEPARATOR = ", "
OF_A_RECORD = ("archive_address", "market", "identity", "rule", "column", "value", "message")
"""The columns that are known of each record; the others of QUARANTINE_SCHEMA are the same for a whole day."""
EXCLUDED_MESSAGE = "the record is not what the table is about"
_MOST_CHARACTERS = 200  # of a value or a message

QUARANTINE_SCHEMA = pl.Schema(
    {
        "oem": pl.String,
        "market": pl.String,
        "endpoint": pl.String,
        "date": pl.Date,
        "rule": pl.String,
        "column": pl.String,
        "value": pl.String,
        "identity": pl.String,
        "archive_address": pl.String,
        "contract_version": pl.Int32,
        "message": pl.String,
    }
)
"""Of quarantine.parquet. rule, column and value hold every broken rule, its column and that column's value, in
the same order, separated by `, `; a rule over several columns names none."""


def unreadable(market: str, broken: Sequence[tuple[str, BrokenRecord]]) -> pl.DataFrame:
    """Quarantine rows of records that could not be decoded, each with the address of its page."""
    rows = [
        {
            "archive_address": f"{page}/{record.index}",
            "market": market,
            "identity": record.identity,
            "rule": SCHEMA_DRIFT,
            "message": record.message,
        }
        for page, record in broken
    ]
    return _of_a_record(pl.DataFrame(rows, schema=pl.Schema(dict.fromkeys(OF_A_RECORD, pl.String))))


def excluded(rows: pl.DataFrame, rule: str, identity: pl.Expr) -> pl.DataFrame:
    """Quarantine rows of records that are not what the table is about. rows: archive_address, market, ..."""
    return _of_a_record(rows.with_columns(identity=identity, rule=pl.lit(rule), message=pl.lit(EXCLUDED_MESSAGE)))


def contract_broken(failure: dy.FailureInfo, contract: type[dy.Schema], identity: str) -> pl.DataFrame:
    """Quarantine rows of what `contract.filter` refused. A null where none may be is the rule `<column>`."""
    if not len(failure):
        return concat([])
    details = failure.details()
    columns, schema = contract.columns(), details.schema
    rules, names, values, messages = [], [], [], []
    for status in details.columns[len(columns) :]:
        broken = pl.col(status) == "invalid"
        column, _, kind = status.partition("|")
        rule = column if kind == "nullability" else status
        rules.append(pl.when(broken).then(pl.lit(rule)))
        messages.append(pl.when(broken).then(pl.lit(f"breaks {rule}")))
        if column in columns:
            names.append(pl.when(broken).then(pl.lit(column)))
            values.append(pl.when(broken).then(_as_text(schema[column], column)))
    return _of_a_record(
        details.select(
            "archive_address",
            "market",
            pl.col(identity).alias("identity"),
            _joined(rules).alias("rule"),
            _joined(names).alias("column"),
            _joined(values).alias("value"),
            _joined(messages).alias("message"),
        )
    )


def concat(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Quarantine rows one below another, columns as in OF_A_RECORD also where there are none."""
    return pl.concat([pl.DataFrame(schema=dict.fromkeys(OF_A_RECORD, pl.String)), *parts])


def of_a_day(
    parts: Sequence[pl.DataFrame], *, oem: str, endpoint: str, day: date, contract_version: int
) -> pl.DataFrame:
    """All refused records of a day, columns as in QUARANTINE_SCHEMA, sorted by market and archive address."""
    bounded = [pl.col(name).str.head(_MOST_CHARACTERS) for name in ("value", "message")]
    return (
        concat(parts)
        .with_columns(
            *bounded,
            pl.lit(oem).alias("oem"),
            pl.lit(endpoint).alias("endpoint"),
            pl.lit(day).alias("date"),
            pl.lit(contract_version, pl.Int32).alias("contract_version"),
        )
        .select(QUARANTINE_SCHEMA.names())
        .sort("market", "archive_address")
    )


def count_by_rule(quarantine: pl.DataFrame) -> dict[str, int]:
    """Records by rule; one that breaks several rules counts under each."""
    rules = quarantine["rule"].str.split(SEPARATOR).explode()
    return dict(sorted(Counter(rules).items()))


def _of_a_record(rows: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, pl.String).alias(name) for name in OF_A_RECORD if name not in rows.columns]
    return rows.with_columns(missing).select(OF_A_RECORD)


def _joined(texts: Sequence[pl.Expr]) -> pl.Expr:
    joined = pl.concat_str(texts, separator=SEPARATOR, ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _as_text(dtype: pl.DataType, column: str) -> pl.Expr:
    if isinstance(dtype, pl.List):
        return pl.col(column).cast(pl.List(pl.String)).list.join(" ").fill_null("null")
    return pl.col(column).cast(pl.String).fill_null("null")
