"""Rows for the records that did not become rows of a table: one each, with the rules they broke.

Belongs here: the columns of the quarantine and how failures become its rows. Does not belong here: the rules
(`transformed.contract.contracts`, `transformed.mapping.declaration`). No raw record and no field that no rule
names: the bytes stay in the archive, and personal data with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import dataframely as dy
import polars as pl

SCHEMA_DRIFT = "schema_drift"
SEPARATOR = ", "
_OF_A_RECORD = ("archive_address", "market", "identity", "rule", "column", "value", "message")

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


def unreadable(market: str, records: Sequence[tuple[str, str | None, str]]) -> pl.DataFrame:
    """Quarantine rows of records that could not be decoded: (archive address, identity, message) each."""
    rows = [
        {"archive_address": address, "market": market, "identity": identity, "rule": SCHEMA_DRIFT, "message": message}
        for address, identity, message in records
    ]
    return _of_a_record(pl.DataFrame(rows, schema=pl.Schema(dict.fromkeys(_OF_A_RECORD, pl.String))))


def excluded(rows: pl.DataFrame, rule: str, identity: pl.Expr) -> pl.DataFrame:
    """Quarantine rows of records that are not what the table is about. rows: archive_address, market, ..."""
    message = pl.lit("the record is not what the table is about")
    return _of_a_record(
        rows.with_columns(identity.alias("identity"), pl.lit(rule).alias("rule"), message.alias("message"))
    )


def contract_broken(failure: dy.FailureInfo, contract: type[dy.Schema], identity: str) -> pl.DataFrame:
    """Quarantine rows of what `contract.filter` refused. A null where none may be is the rule `<column>`."""
    details = failure.details()
    columns = contract.columns()
    rules, names, values, messages = [], [], [], []
    for status in details.columns[len(columns) :]:
        broken = pl.col(status) == "invalid"
        column, _, kind = status.partition("|")
        rule = column if kind == "nullability" else status
        rules.append(pl.when(broken).then(pl.lit(rule)))
        messages.append(pl.when(broken).then(pl.lit(f"breaks {rule}")))
        if column in columns:
            names.append(pl.when(broken).then(pl.lit(column)))
            values.append(pl.when(broken).then(_as_text(details.schema[column], column)))
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


def count_by_rule(quarantine: pl.DataFrame) -> dict[str, int]:
    """Records by rule; one that breaks several rules counts under each."""
    rules = quarantine["rule"].str.split(SEPARATOR).explode()
    return dict(sorted(Counter(rules).items()))


def _of_a_record(rows: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, pl.String).alias(name) for name in _OF_A_RECORD if name not in rows.columns]
    return rows.with_columns(missing).select(_OF_A_RECORD)


def _joined(texts: Sequence[pl.Expr]) -> pl.Expr:
    joined = pl.concat_str(texts, separator=SEPARATOR, ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _as_text(dtype: pl.DataType, column: str) -> pl.Expr:
    if isinstance(dtype, pl.List):
        return pl.col(column).cast(pl.List(pl.String)).list.join(" ").fill_null("null")
    return pl.col(column).cast(pl.String).fill_null("null")
