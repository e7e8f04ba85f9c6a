"""A table's definition in Iceberg's terms, and how a table that was made by another one is brought to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform, MonthTransform

from consolidated.tables import catalog_tables
from consolidated.tables.definitions import NAMESPACE, TableDefinition
from consolidated.tables.shape import changes_of, evolve, iceberg_schema, layout_of, properties_of_table
from resources.failures import Cause, PlatformError
from tests.support.memory_catalog import faulty, memory_catalog

METRICS = "write.metadata.metrics.column."


def column(kind: type[dy.Column], *, nullable: bool = True, doc: str = "d", **more: Any) -> dy.Column:
    return kind(nullable=nullable, metadata={"doc": doc}, **more)


COLUMNS = {
    "oem": column(dy.String, nullable=False, doc="the maker"),
    "day": column(dy.Date, nullable=False),
    "small": column(dy.Int16),
    "whole": column(dy.Int32),
    "vin": column(dy.String),
    "gone": column(dy.String),
}
DEFINITION = TableDefinition(
    "t", "A table.", COLUMNS, (("oem", IdentityTransform()), ("day", MonthTransform())), ("vin",)
)


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setattr(catalog_tables, "TABLES", (DEFINITION,))
    with memory_catalog(tmp_path) as catalog:
        yield catalog


@pytest.fixture
def table(catalog: Catalog) -> Table:
    return catalog_tables.ensure_tables(catalog, "sandbox")["t"]


def test_each_type_of_a_column_has_its_type_in_iceberg() -> None:
    nested = dy.List(dy.Struct({"a": dy.String(), "b": dy.List(dy.Int64())}), nullable=True)
    columns = {
        "flag": column(dy.Bool), "tiny": column(dy.Int8), "small": column(dy.Int16), "whole": column(dy.Int32),
        "long": column(dy.Int64), "number": column(dy.Float64),
        "text": column(dy.String, nullable=False), "day": column(dy.Date),
        "at": column(dy.Datetime, time_unit="us", time_zone="UTC"), "price": dy.Decimal(14, 2, nullable=True),
        "nested": nested,
    }  # fmt: skip
    schema = iceberg_schema(replace(DEFINITION, columns=columns))
    assert {field.name: str(field.field_type) for field in schema.fields if field.name != "nested"} == {
        "flag": "boolean", "tiny": "int", "small": "int", "whole": "int", "long": "long", "number": "double",
        "text": "string", "day": "date", "at": "timestamptz", "price": "decimal(14, 2)",
    }  # fmt: skip
    assert [field.field_id for field in schema.fields] == list(range(1, 12))
    assert [field.name for field in schema.fields if field.required] == ["text"]
    assert [field.doc for field in schema.fields] == ["d"] * 9 + [None] * 2
    within = {
        name: schema.find_field(name) for name in ("nested.element", "nested.element.a", "nested.element.b.element")
    }
    assert not any(field.required for field in within.values())
    numbers = [
        *range(1, 12),
        *(field.field_id for field in within.values()),
        schema.find_field("nested.element.b").field_id,
    ]
    assert len(set(numbers)) == len(numbers)


def test_a_table_is_made_as_it_is_defined(table: Table) -> None:
    assert layout_of(table) == ((("oem", "identity"), ("day", "month")), ("vin",))
    assert [field.name for field in table.spec().fields] == ["oem", "day_month"]
    assert table.schema().as_struct() == iceberg_schema(DEFINITION).as_struct()
    assert not changes_of(table, DEFINITION)
    location = table.metadata_location
    evolve(table, DEFINITION)
    assert table.metadata_location == location, "nothing is committed where nothing differs"


def test_what_a_table_says_of_its_files() -> None:
    found = properties_of_table(DEFINITION)
    # bounds of all of these are kept whole, so that a filter by them finds the files
    assert {name.removeprefix(METRICS) for name in found if name.startswith(METRICS)} == {"oem", "day", "vin"}
    assert {name: value for name, value in found.items() if not name.startswith(METRICS)} == {
        "format-version": "2", "comment": "A table.", "write.parquet.compression-codec": "zstd",
        "write.metadata.delete-after-commit.enabled": "true", "write.metadata.previous-versions-max": "20",
        "commit.retry.num-retries": "0", "write.metadata.metrics.default": "none",
    }  # fmt: skip


WIDER = replace(
    DEFINITION,
    doc="Another table.",
    columns={
        "oem": COLUMNS["oem"], "day": column(dy.Date), "small": column(dy.Int16), "whole": column(dy.Int64),
        "vin": COLUMNS["vin"], "gone": COLUMNS["gone"], "new": column(dy.Float64, nullable=False),
        "codes": dy.List(dy.String(), nullable=False),
    },
    partitions=(("oem", IdentityTransform()), ("small", IdentityTransform())),
    sort=("gone", "new"),
)  # fmt: skip


def test_a_table_is_brought_to_another_definition_and_then_left_alone(catalog: Catalog, table: Table) -> None:
    changes = changes_of(table, WIDER)
    assert [field.name for field in changes.added] == ["new", "codes"]
    assert not any(field.required for field in changes.added), "rows that were written before have no value there"
    assert {name: str(kind) for name, kind in changes.widened.items()} == {"whole": "long"}
    assert changes.relaxed == ("day",)
    evolve(table, WIDER)
    found = catalog.load_table((NAMESPACE, "t"))
    assert not changes_of(found, WIDER)
    assert layout_of(found) == ((("oem", "identity"), ("small", "identity")), ("gone", "new"))
    assert {name.removeprefix(METRICS) for name in found.properties if name.startswith(METRICS)} == {
        "oem", "vin", "small", "gone", "new",
    }  # fmt: skip
    assert (found.properties["comment"], found.properties["lake.source"]) == ("Another table.", "sandbox")
    location = found.metadata_location
    evolve(found, WIDER)
    assert found.metadata_location == location


@pytest.mark.parametrize(
    "change",
    [
        {"doc": "Another."},
        {"sort": ("oem",)},
        {"partitions": DEFINITION.partitions[:1]},
        {"columns": COLUMNS | {"day": column(dy.Date)}},
        {"columns": COLUMNS | {"whole": column(dy.Int64)}},
        {"columns": COLUMNS | {"new": column(dy.Int64)}},
    ],
    ids=["a property", "the order", "the partitions", "a column that may be null", "a wider column", "a new column"],
)
def test_each_difference_alone_is_a_reason(table: Table, change: dict[str, object]) -> None:
    definition = replace(DEFINITION, **change)  # type: ignore[arg-type]
    location = table.metadata_location
    evolve(table, definition)
    assert table.metadata_location != location
    assert not changes_of(table, definition)
    assert layout_of(table) == (definition.partitions_as_named(), definition.sort)
    assert table.properties["comment"] == definition.doc


def test_a_property_that_somebody_set_for_a_column_that_is_not_sorted_is_taken_away(table: Table) -> None:
    with table.transaction() as transaction:
        transaction.set_properties({f"{METRICS}gone": "full", "somebodys": "own"})
    evolve(table, DEFINITION)
    assert f"{METRICS}gone" not in table.properties
    assert table.properties["somebodys"] == "own"


def test_a_column_that_cannot_become_what_it_should_is_refused_before_anything_changes(table: Table) -> None:
    for kind, said in (
        (column(dy.Int64), "string and cannot become long"),
        (dy.List(dy.String()), "cannot become list<string>"),
    ):
        with pytest.raises(PlatformError, match=rf"the column consolidated\.t\.vin is .*{said}") as failure:
            changes_of(table, replace(DEFINITION, columns=COLUMNS | {"vin": kind}))
        assert failure.value.cause is Cause.CONFIGURATION
        assert "Give the column another name in the contract, or `make rebuild` the tables." in str(failure.value)


def test_lists_and_objects_are_compared_without_the_ids_within(catalog: Catalog, table: Table) -> None:
    nested = {"n": dy.List(dy.Struct({"a": dy.String(), "b": dy.Int64()}), nullable=True)}
    definition = replace(DEFINITION, columns=COLUMNS | nested)
    evolve(table, definition)
    moved = replace(DEFINITION, columns=dict(list(COLUMNS.items())[:2]) | nested | dict(list(COLUMNS.items())[2:]))
    assert not changes_of(catalog.load_table((NAMESPACE, "t")), moved)
    other = {"n": dy.List(dy.Struct({"a": dy.String(), "c": dy.Int64()}), nullable=True)}
    said = r"is list<struct<a: string, b: long>> and cannot become list<struct<a: string, c: long>>"
    with pytest.raises(PlatformError, match=said):
        changes_of(table, replace(DEFINITION, columns=COLUMNS | other))


def test_a_rival_who_changes_the_table_is_waited_for_five_times(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    lost = (CommitFailedException("another was faster"), False)
    changed = replace(DEFINITION, doc="Another.")
    catalog = faulty(table, *[lost] * 4)
    evolve(table, changed)
    assert (catalog.commits, table.properties["comment"]) == (5, "Another.")
    catalog.faults = [lost] * 5
    with pytest.raises(CommitFailedException):
        evolve(table, DEFINITION)


def test_what_a_rival_has_changed_meanwhile_is_not_changed_again(catalog: Catalog, table: Table) -> None:
    rival = catalog.load_table((NAMESPACE, "t"))
    evolve(rival, WIDER)
    evolve(table, WIDER)
    assert table.metadata_location == rival.metadata_location


def test_narrow_integers_come_and_go_as_iceberg_has_them() -> None:
    assert DEFINITION.frame_schema == {
        "oem": pl.String, "day": pl.Date, "small": pl.Int32, "whole": pl.Int32, "vin": pl.String, "gone": pl.String,
    }  # fmt: skip
