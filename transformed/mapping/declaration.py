"""How one OEM's records become one table: what a `transformed/<oem>.py` declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import dataframely as dy
import polars as pl

from transformed.mapping.expressions import Source, at, code, text
from transformed.mapping.shapes import plain
from transformed.mapping.unknown import declared_paths

PROVIDED_COLUMNS = ("archive_address", "fetched_at", "oem", "market")
"""Columns of every contract that no OEM declares: transform fills them, and the expressions may read them."""


@dataclass(frozen=True)
class Coded:
    """A column of codes and its twin `<name>_source`.

    source: the path or expression of the source's code. codes: the source's code -> ours; any other is null, and
    reported as drift. said: what the twin holds, where that is not the code. unknown: codes by which the source says
    that it does not know, which are no drift.
    """

    source: Source
    codes: Mapping[str, str]
    said: Source | None = None
    unknown: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """The records of one endpoint as rows of `contract`.

    record: the used fields, as `transformed.mapping.fields.fields` makes them.
    columns: for each column of the contract that the OEM publishes, in the contract's order, one expression over the
    record's fields and PROVIDED_COLUMNS, or Coded. A column that is left out is null, or the contract's `if_left_out`.
    ignored: paths of fields that are known and not used, as `transformed.mapping.unknown.Paths` takes them; any other
    field is reported as drift.
    optional: paths of used fields which a whole day may lack, with all below them, without anything having changed.
    exclusions: rule -> predicate over the record's fields, true for records that are not what the table is
    about; they are quarantined under that rule.
    parsed: column -> what the column is read from, so that a text that cannot be read is reported. A column that is not
    named here and has a twin `<name>_source` is watched by that twin, a Coded one by its code.
    """

    contract: type[dy.Schema]
    record: pl.Struct
    columns: Mapping[str, pl.Expr | Coded]
    ignored: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    exclusions: Mapping[str, pl.Expr] = field(default_factory=dict)
    parsed: Mapping[str, Source] = field(default_factory=dict)

    def expressions(self) -> dict[str, pl.Expr]:
        """The declared columns, a Coded one with its twin, each with its expression."""
        found: dict[str, pl.Expr] = {}
        for name, column in self.columns.items():
            if isinstance(column, Coded):
                found[name] = code(column.source, column.codes)
                found[f"{name}_source"] = text(column.source if column.said is None else column.said)
            else:
                found[name] = column
        return found

    def read_from(self) -> dict[str, pl.Expr]:
        """Column -> the text that it is read from, for the columns of `parsed` and the Coded ones."""
        coded = {
            name: text(column.source).replace(list(column.unknown), None)
            for name, column in self.columns.items()
            if isinstance(column, Coded)
        }
        return coded | {name: text(at(source).cast(pl.String)) for name, source in self.parsed.items()}

    def names(self) -> list[str]:
        """The names of the declared columns."""
        return list(self.expressions())

    def absent(self) -> list[str]:
        """The columns of the contract that the mapping leaves out, since the maker does not publish them."""
        declared = self.expressions()
        return [name for name in self.contract.column_names() if name not in (*declared, *PROVIDED_COLUMNS)]

    def row_expressions(self) -> list[pl.Expr]:
        """One expression for each column of the contract but PROVIDED_COLUMNS, in the contract's order."""
        declared = self.expressions()
        return [
            declared.get(name, pl.lit(_if_left_out(column), column.dtype)).alias(name)
            for name, column in self.contract.columns().items()
            if name not in PROVIDED_COLUMNS
        ]

    def problems(self) -> list[str]:
        """What is wrong with the declaration, a sentence that says how to mend it for each; empty where all is well."""
        if not isinstance(self.columns, Mapping):
            return [f"`columns` is a {type(self.columns).__name__}: write a dict of column -> expression"]
        wrong = {name: kind for name, kind in self.columns.items() if not isinstance(kind, pl.Expr | Coded)}
        if wrong:
            return [
                f"the column `{name}` is a {type(kind).__name__}: make it an expression or Coded"
                for name, kind in wrong.items()
            ]
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        contract, names = self.contract.columns(), self.names()
        for name in names:
            if name in PROVIDED_COLUMNS:
                yield f"`columns` names `{name}`, which the platform fills: remove it"
            elif name not in contract:
                meant = get_close_matches(name, contract, 1)
                mend = f"name it `{meant[0]}`" if meant else "give it the name of a column of the contract"
                yield f"`columns` names `{name}`, which the contract {self.contract.__name__} does not have: {mend}"
        for name in self.columns:
            if name.endswith("_source") and isinstance(self.columns.get(name.removesuffix("_source")), Coded):
                yield f"`columns` names `{name}`, which the Coded column beside it makes: remove it, or use `said`"
        for name, column in contract.items():
            is_needed = not column.nullable and name not in PROVIDED_COLUMNS and _if_left_out(column) is None
            if is_needed and name not in names:
                yield f"`columns` lacks `{name}`, which may not be null: add an expression for it"
        for name in self.parsed:
            if name not in names:
                yield f"`parsed` names `{name}`, which `columns` does not: add the column or remove it there"
        for name in self.parsed:
            if isinstance(self.columns.get(name), Coded):
                yield f"`parsed` names `{name}`, which is Coded and watched by its code: remove it there"
        fields = {child.name for child in self.record.fields}
        for name in PROVIDED_COLUMNS:
            if name in fields:
                yield f"`record` declares `{name}`, a name that the platform fills: ask for a release that renames it"
        declared = frozenset(declared_paths(self.record))
        for path in sorted(self.ignored & declared):
            if any(one.startswith(f"{path}.") for one in declared):
                yield f"`ignored` names `{path}`, of which `record` declares a part: write `{path}.*` for the rest"
            else:
                yield f"`ignored` names `{path}`, which `record` declares: remove it from one of them"
        yield from self._unreadable(fields)

    def _unreadable(self, fields: set[str]) -> Iterator[str]:
        """Expressions that the declared record cannot answer, tried on a frame without rows."""
        provided = dict.fromkeys(PROVIDED_COLUMNS, pl.String) | {"fetched_at": pl.Datetime("us", "UTC")}
        record = plain(self.record)
        assert isinstance(record, pl.Struct)
        empty = pl.DataFrame(schema={**provided, **record.to_schema()})
        tried = [
            *((f"the column `{name}`", expression) for name, expression in self.expressions().items()),
            *((f"the exclusion `{rule}`", predicate) for rule, predicate in self.exclusions.items()),
            *((f"`parsed` of `{name}`", expression) for name, expression in self.read_from().items()),
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
    """The dotted paths of fields named in a text, separated by white space, all below the path `under`.

    They may hold the wildcards of `transformed.mapping.unknown.Paths`.
    """
    return frozenset(f"{under}.{name}" if under else name for name in names.split())


def _if_left_out(column: dy.Column) -> object:
    return (column.metadata or {}).get("if_left_out")
