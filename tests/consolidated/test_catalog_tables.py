"""The tables in the catalog: whose data they hold, who makes them, and what is said of a catalog that is not whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dataframely as dy
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    ServerError,
    TableAlreadyExistsError,
)
from pyiceberg.transforms import IdentityTransform
from sqlalchemy.exc import IntegrityError

from consolidated.tables import catalog_tables
from consolidated.tables.catalog_tables import ensure_tables, load_table, open_table, source_of_tables, table_names
from consolidated.tables.definitions import NAMESPACE, RUNS, TableDefinition
from resources.failures import Cause, PlatformError
from tests.support.memory_catalog import memory_catalog


def column(kind: type[dy.Column]) -> dy.Column:
    return kind(nullable=True, metadata={"doc": "d"})


FIRST = TableDefinition(
    "first",
    "A table.",
    {"oem": column(dy.String), "n": column(dy.Int32)},
    partitions=(("oem", IdentityTransform()),),
    sort=("n",),
)
SECOND = replace(FIRST, name="second")


class Rivals:
    """A catalog in which other steps work: what each of its calls raises first. counts: how often each was called."""

    def __init__(self, catalog: Catalog, **raises: list[Exception]) -> None:
        self._catalog, self._raises, self.counts = catalog, raises, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._catalog, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            self.counts[name] += 1
            if errors := self._raises.get(name):
                raise errors.pop(0)
            return found(*arguments, **options)

        return call


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    define(monkeypatch, FIRST, SECOND)
    with memory_catalog(tmp_path) as catalog:
        yield catalog


def define(monkeypatch: pytest.MonkeyPatch, *tables: TableDefinition) -> None:
    monkeypatch.setattr(catalog_tables, "TABLES", tables)


def among(catalog: Catalog, **raises: list[Exception]) -> Any:
    return Rivals(catalog, **raises)


def test_the_tables_that_are_missing_are_made_and_each_is_loaded_once(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert table_names(catalog) == set()
    define(monkeypatch, FIRST)
    ensure_tables(catalog, "sandbox")
    define(monkeypatch, FIRST, SECOND)
    watched = among(catalog)
    found = ensure_tables(watched, "sandbox")
    assert list(found) == ["first", "second"]
    assert table_names(catalog) == {"first", "second"}
    assert {table.properties["lake.source"] for table in found.values()} == {"sandbox"}
    assert (watched.counts["create_table"], watched.counts["load_table"]) == (1, 2)
    again = among(catalog)
    ensure_tables(again, "sandbox")
    assert (again.counts["create_namespace"], again.counts["create_table"], again.counts["load_table"]) == (0, 0, 2)


def test_tables_gain_the_columns_of_their_definitions(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_tables(catalog, "sandbox")
    define(monkeypatch, FIRST, replace(SECOND, columns=SECOND.columns | {"new": column(dy.String)}))
    found = ensure_tables(catalog, "sandbox")
    assert [len(table.schema().fields) for table in found.values()] == [2, 3]


def test_where_a_column_cannot_become_what_it_should_no_table_is_changed(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    define(monkeypatch, SECOND)
    ensure_tables(catalog, "sandbox")
    define(monkeypatch, FIRST, replace(SECOND, columns=SECOND.columns | {"n": column(dy.String)}))
    with pytest.raises(PlatformError) as failure:
        ensure_tables(catalog, "sandbox")
    assert failure.value.cause is Cause.CONFIGURATION
    assert table_names(catalog) == {"second"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("create_namespace", NamespaceAlreadyExistsError("a rival")),
        ("create_table", TableAlreadyExistsError("a rival")),
        ("create_table", IntegrityError("INSERT", {}, Exception("a rival"))),
        ("create_table", ServerError("a rival")),
        ("load_table", NoSuchTableError("not yet")),
    ],
)
def test_what_another_step_makes_at_the_same_moment_is_looked_for_six_times(
    catalog: Catalog, call: str, error: Exception
) -> None:
    assert set(ensure_tables(among(catalog, **{call: [error] * 5}), "sandbox")) == {"first", "second"}
    for name in ("first", "second"):
        catalog.drop_table((NAMESPACE, name))
    catalog.drop_namespace(NAMESPACE)
    failing = among(catalog, **{call: [error] * 7})
    with pytest.raises((type(error), PlatformError)):
        ensure_tables(failing, "sandbox")
    assert failing.counts[call] == 6


def test_a_table_of_another_source_is_refused_with_the_way_out(catalog: Catalog) -> None:
    ensure_tables(catalog, "live")
    assert open_table(catalog, FIRST, "live").name() == (NAMESPACE, "first")
    for look in (lambda: open_table(catalog, FIRST, "sandbox"), lambda: ensure_tables(catalog, "sandbox")):
        with pytest.raises(PlatformError) as failure:
            look()
        assert failure.value.cause is Cause.SOURCE_MIXED
        said = str(failure.value)
        assert "the table consolidated.first holds live data and these are sandbox data" in said
        assert "a lake for sandbox data, or set OEM_APIS back to live" in said


@pytest.mark.parametrize(
    ("identifier", "error"),
    [((NAMESPACE, "first"), ValueError("no\n  JSON")), ("consolidated.first", FileNotFoundError("no JSON"))],
)
def test_metadata_that_cannot_be_read_is_a_damaged_lake_and_a_missing_table_is_itself(
    catalog: Catalog, identifier: Any, error: Exception
) -> None:
    with pytest.raises(NoSuchTableError):
        load_table(catalog, identifier)
    said = r"the metadata of the table consolidated\.first cannot be read: no JSON"
    with pytest.raises(PlatformError, match=said) as failure:
        load_table(among(catalog, load_table=[error]), identifier)
    assert failure.value.cause is Cause.LAKE_DAMAGED


def test_a_catalog_that_does_not_answer_is_named_with_its_warehouse(catalog: Catalog) -> None:
    away = ConnectionError("Connection refused")
    for look in (
        lambda: load_table(among(catalog, load_table=[away]), (NAMESPACE, "first")),
        lambda: table_names(among(catalog, list_tables=[away])),
    ):
        with pytest.raises(PlatformError) as failure:
            look()
        assert failure.value.cause is Cause.CONNECTION
        assert str(catalog.properties["warehouse"]) in str(failure.value)


def test_tables_that_were_never_made_have_no_source(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert source_of_tables(catalog) is None
    ensure_tables(catalog, "live")
    assert source_of_tables(catalog) is None, "there is no `runs` yet"
    define(monkeypatch, replace(FIRST, name=RUNS.name))
    ensure_tables(catalog, "live")
    assert source_of_tables(catalog) == "live"
