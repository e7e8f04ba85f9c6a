"""How one OEM's records become one table: what a `transformed/<oem>.py` declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import dataframely as dy
import polars as pl

PROVIDED_COLUMNS = ("archive_address", "fetched_at", "oem", "market")
"""Columns of every contract that no OEM declares: transform fills them, and the expressions may read them."""


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """The records of one endpoint as rows of `contract`.

    record: the used fields, as `transformed.mapping.decode.RecordDecoder` takes them.
    columns: for each column of the contract that the OEM publishes, in the contract's order, one expression over the
    record's fields and PROVIDED_COLUMNS. A column that is left out is null, or the contract's `if_left_out`.
    ignored: dotted paths of fields that are known and not used; any other field is reported as drift.
    optional: dotted paths of used fields which a whole day may lack, with all below them, without anything having
    changed.
    exclusions: rule -> predicate over the record's fields, true for records that are not what the table is
    about; they are quarantined under that rule.
    parsed: column -> expression of the code or text from which the column is read, so that a text that cannot be
    read is reported. A column that is not named here and has a twin `<name>_source` is watched by that twin.
    """

    contract: type[dy.Schema]
    record: pl.Struct
    columns: Sequence[pl.Expr]
    ignored: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    exclusions: Mapping[str, pl.Expr] = field(default_factory=dict)
    parsed: Mapping[str, pl.Expr] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The names of the declared columns."""
        return [expression.meta.output_name() for expression in self.columns]

    def row_expressions(self) -> list[pl.Expr]:
        """One expression for each column of the contract but PROVIDED_COLUMNS, in the contract's order."""
        declared = dict(zip(self.names(), self.columns, strict=True))
        return [
            declared.get(name, pl.lit(_if_left_out(column), column.dtype).alias(name))
            for name, column in self.contract.columns().items()
            if name not in PROVIDED_COLUMNS
        ]

    def problems(self) -> list[str]:
        """What is wrong with the declaration, a sentence that says how to mend it for each; empty where all is well."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        contract, names = self.contract.columns(), self.names()
        for name, count in Counter(names).items():
            if name in PROVIDED_COLUMNS:
                yield f"`columns` names `{name}`, which the platform fills: remove it"
            elif name not in contract:
                meant = get_close_matches(name, contract, 1)
                mend = f"name it `{meant[0]}`" if meant else "give it the alias of a column of the contract"
                yield f"`columns` names `{name}`, which the contract {self.contract.__name__} does not have: {mend}"
            elif count > 1:
                yield f"`columns` names `{name}` {count} times: keep one"
        for name, column in contract.items():
            is_needed = not column.nullable and name not in PROVIDED_COLUMNS and _if_left_out(column) is None
            if is_needed and name not in names:
                yield f"`columns` lacks `{name}`, which may not be null: add an expression for it"
        for name in self.parsed:
            if name not in names:
                yield f"`parsed` names `{name}`, which `columns` does not: add the column or remove it there"
        fields = {child.name for child in self.record.fields}
        for name in PROVIDED_COLUMNS:
            if name in fields:
                yield f"`record` declares `{name}`, a name that the platform fills: ask for a release that renames it"
        yield from self._unreadable(fields)

    def _unreadable(self, fields: set[str]) -> Iterator[str]:
        """Expressions that the declared record cannot answer, tried on a frame without rows."""
        provided = dict.fromkeys(PROVIDED_COLUMNS, pl.String) | {"fetched_at": pl.Datetime("us", "UTC")}
        empty = pl.DataFrame(schema={**provided, **self.record.to_schema()})
        tried = [
            *zip([f"the column `{name}`" for name in self.names()], self.columns, strict=True),
            *((f"the exclusion `{rule}`", predicate) for rule, predicate in self.exclusions.items()),
            *((f"`parsed` of `{name}`", expression) for name, expression in self.parsed.items()),
        ]
        for what, expression in tried:
            unknown = sorted(set(expression.meta.root_names()) - fields - set(PROVIDED_COLUMNS))
            if unknown:
                yield f"{what} reads `{'`, `'.join(unknown)}`, which `record` does not declare: add it there"
                continue
            try:
                empty.select(expression)
            except pl.exceptions.PolarsError as error:
                yield f"{what} does not fit `record`: {str(error).splitlines()[0]}"


def paths(names: str, under: str = "") -> frozenset[str]:
    """The dotted paths of fields named in a text, separated by white space, all below the path `under`."""
    return frozenset(f"{under}.{name}" if under else name for name in names.split())


def _if_left_out(column: dy.Column) -> object:
    return (column.metadata or {}).get("if_left_out")
