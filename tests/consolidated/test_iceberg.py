"""Reading and replacing a table's rows, on a catalog in memory: what is committed, what is not, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import Table
from pyiceberg.types import LongType

from consolidated.tables import catalog_tables, iceberg, record
from consolidated.tables.definitions import DEALERS, DEALERS_DAILY, NAMESPACE, RUNS, TableDefinition
from consolidated.tables.iceberg import IcebergStore, IcebergTables, metadata_commit, replace_rows, rewrite_rows
from consolidated.tables.staged import Staged
from consolidated.tables.store import CONTENT, RowsChanged
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.memory_catalog import Faulty, faulty, memory_catalog
from tests.support.rivals import dealers

HERE = pl.col("oem") == "audi"
SCOPE = "audi/es"


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS, DEALERS_DAILY, RUNS))
    with memory_catalog(tmp_path) as catalog:
        yield catalog


@pytest.fixture
def table(catalog: Catalog) -> Table:
    return catalog_tables.ensure_tables(catalog, "sandbox")["dealers"]


def replaced(table: Table, *names: str, state: str = "s1", scope: str = SCOPE) -> bool:
    oem = scope.split("/", maxsplit=1)[0]
    return replace_rows(table, pl.col("oem") == oem, dealers(oem, list(names)), scope=scope, state=state)


def names_in(table: Table) -> list[str]:
    return sorted(table.scan().to_arrow()["dealer_id"].to_pylist())


def test_rows_are_replaced_in_one_commit_with_what_they_were_computed_from(table: Table) -> None:
    assert iceberg.state_of(table, SCOPE) is None
    assert replaced(table, "a", "b")
    assert replaced(table, "c", scope="bmw/es", state="s2")
    assert (names_in(table), len(table.snapshots())) == (["a", "b", "c"], 2)
    assert [iceberg.state_of(table, one) for one in (SCOPE, "bmw/es", "audi/fr")] == ["s1", "s2", None]
    assert replaced(table, "a", "d")
    assert names_in(table) == ["a", "c", "d"]
    keys = [one.summary.additional_properties[iceberg.KEY_PROPERTY] for one in table.snapshots() if one.summary]
    assert len(set(keys)) == 3


def test_the_same_rows_of_the_same_state_are_no_commit(table: Table) -> None:
    replaced(table, "a", "b", state="first" * 9)
    assert not replaced(table, "b", "a", state="first" * 9), "in another order they are the same rows"
    assert replaced(table, "a", "b", state="second"), "of another state"
    assert not replaced(table, "a", "b", state=CONTENT), "for which the rows alone decide"
    assert replaced(table, "a", "c", state=CONTENT)
    assert iceberg.state_of(table, SCOPE) == "second", "which rows of no state leave as it is"
    assert replaced(table, "a", state="second")
    assert replaced(table, "d", state="second"), "as many rows, and others"
    assert len(table.snapshots()) == 5


def test_rows_that_are_written_again_stay_as_they_are_with_their_state(table: Table) -> None:
    replaced(table, "a")
    replaced(table, "b", scope="bmw/es", state="s2")
    rewrite_rows(table, HERE)
    assert names_in(table) == ["a", "b"]
    assert [iceberg.state_of(table, one) for one in (SCOPE, "bmw/es")] == ["s1", "s2"]
    marks = [
        one.summary.additional_properties.get(iceberg.COMPACTION_PROPERTY) for one in table.snapshots() if one.summary
    ]
    assert marks == [None, None, "true"]


def test_another_writer_of_the_same_rows_is_a_conflict_and_one_of_others_is_not(catalog: Catalog, table: Table) -> None:
    replaced(table, "a")
    late, other = (catalog.load_table(DEALERS.identifier) for _ in range(2))
    replaced(table, "rival", scope="bmw/es")
    assert replaced(late, "b"), "the rows of another OEM were changed"
    assert names_in(late) == ["b", "rival"]
    with pytest.raises(RowsChanged, match=r"consolidated\.dealers audi/es: another writer changed these rows"):
        replaced(other, "c")
    with pytest.raises(RowsChanged, match=r"consolidated\.dealers content: another writer"):
        replaced(table, "d", state=CONTENT)
    assert names_in(catalog.load_table(DEALERS.identifier)) == ["b", "rival"]

    # a rival that takes no file away, and adds rows of the same filter, is one as well
    late, rival = (catalog.load_table(DEALERS.identifier) for _ in range(2))
    replace_rows(rival, HERE & (pl.col("dealer_id") == "new"), dealers("audi", ["new"]), scope=SCOPE, state="s3")
    with pytest.raises(RowsChanged, match="another writer changed these rows"):
        replaced(late, "e")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("consolidated.tables.contention.pause_after", lambda *_, **__: None)


LOST = CommitFailedException("another was faster")


def test_a_lost_commit_is_made_again_until_twenty_were_lost(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []
    monkeypatch.setattr("consolidated.tables.contention.pause_after", lambda lost, **_: waits.append(lost))
    catalog = faulty(table, *[(LOST, False)] * 19)
    assert replaced(table, "a")
    assert waits == list(range(19)), "each wait is longer than the one before"
    assert (catalog.commits, names_in(table)) == (20, ["a"])
    catalog.faults, catalog.commits = [(LOST, False)] * 20, 0
    with pytest.raises(RowsChanged, match="audi/es: 20 tries"):
        replaced(table, "b")
    assert catalog.commits == 20
    assert isinstance(table.catalog, Faulty), "the handle has its own catalog again"


def test_a_commit_of_which_the_answer_got_lost_is_looked_up(table: Table) -> None:
    catalog = faulty(table, (OSError("no answer"), True))
    assert replaced(table, "a")
    assert (catalog.commits, names_in(table), len(table.snapshots())) == (1, ["a"], 1)
    catalog.faults = [(OSError("no answer"), False)]
    with pytest.raises(RowsChanged, match="no answer") as changed:
        replaced(table, "b")
    assert isinstance(changed.value.__cause__, PlatformError)
    assert names_in(table) == ["a"]


def test_a_catalog_that_is_away_after_a_commit_is_asked_eight_times(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = faulty(table, (OSError("no answer"), True))
    looks: list[int] = []
    refresh = Table.refresh

    def away(table: Table) -> Table:
        if catalog.commits:
            looks.append(1)
            raise OSError("away")
        return refresh(table)

    monkeypatch.setattr(Table, "refresh", away)
    with pytest.raises(PlatformError, match="no answer"):
        replaced(table, "a")
    assert len(looks) == 8


def test_an_error_that_is_not_of_the_catalog_is_itself(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(iceberg, "commit_files", full)
    monkeypatch.setattr(iceberg, "_landed", lambda *_: pytest.fail("nothing was committed"))
    with pytest.raises(PlatformError, match="no space left") as failure:
        replaced(table, "a")
    assert failure.value.cause is Cause.LAKE_UNWRITABLE


@pytest.mark.parametrize("error", [LOST, CommitStateUnknownException("no answer")])
def test_metadata_that_could_not_be_committed_is_looked_at_again(table: Table, error: Exception) -> None:
    with pytest.raises(RowsChanged, match=str(error)), metadata_commit(table):
        raise error


def store_of(catalog: Catalog, tmp_path: Path) -> IcebergStore:
    return IcebergStore(catalog, Lake(tmp_path.as_uri()))


def written(tables: IcebergTables, definition: TableDefinition, *names: str, state: str = "s1") -> bool:
    rows = dealers("audi", list(names))
    if definition is DEALERS_DAILY:
        schema = definition.frame_schema
        given = [one for one in schema if one in rows.columns]
        rows = rows.select(*given, *(pl.lit(None, schema[one]).alias(one) for one in schema if one not in given))
        rows = rows.with_columns(date=pl.lit(date(2026, 11, 1)))
    return tables.replace(definition, HERE, rows, scope=SCOPE, state=state)


def test_a_store_makes_its_tables_once_and_records_them(catalog: Catalog, tmp_path: Path, monkeypatch: Any) -> None:
    store = store_of(catalog, tmp_path)
    assert store.source() is None
    store.prepare("sandbox")
    recorded = Lake(tmp_path.as_uri()).read_json(record.FILE)["tables"]
    assert recorded == {one: str(catalog.load_table((NAMESPACE, one)).metadata.table_uuid) for one in recorded}
    assert set(recorded) == {"dealers", "dealers_daily", "runs"}
    monkeypatch.setattr(catalog_tables, "ensure_tables", lambda *_: pytest.fail("they are there"))
    store.prepare("sandbox")
    assert store.source() == "sandbox"
    for name in recorded:
        catalog.drop_table((NAMESPACE, name))
    for look in (store.source, lambda: store_of(catalog, tmp_path).prepare("sandbox")):
        with pytest.raises(PlatformError) as failure:
            look()
        assert failure.value.cause is Cause.CATALOG_LOST


def test_a_try_commits_what_it_staged_in_the_order_of_the_tables(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(catalog, tmp_path)
    store.prepare("sandbox")
    loads: list[str] = []
    order: list[str] = []
    opened, committed = catalog_tables.open_table, iceberg._commit_staged

    def counted_open(catalog: Catalog, definition: TableDefinition, source: str) -> Table:
        loads.append(definition.name)
        return opened(catalog, definition, source)

    def counted_commit(staged: Staged) -> None:
        order.append(staged.table.name()[1])
        committed(staged)

    monkeypatch.setattr(catalog_tables, "open_table", counted_open)
    monkeypatch.setattr(iceberg, "_commit_staged", counted_commit)
    tables = store.open("sandbox")
    assert tables.state(DEALERS, SCOPE) is None
    assert written(tables, DEALERS, "a")
    assert written(tables, DEALERS_DAILY, "a", state=CONTENT)
    assert tables.read(DEALERS, HERE).is_empty()
    tables.commit()
    tables.commit()
    assert order == ["dealers_daily", "dealers"]
    assert loads == [], "the first try has the tables as they were made"

    # the next try has them as this one left them; one after a try that did not commit loads them anew
    following = store.open("sandbox")
    assert not written(following, DEALERS, "a")
    assert following.read(DEALERS, HERE)["dealer_id"].to_list() == ["a"]
    assert (loads, following.state(DEALERS, SCOPE)) == ([], "s1")
    store.open("sandbox").read(DEALERS, HERE)
    assert loads == ["dealers"]


def test_columns_are_read_as_the_definition_has_them_whether_there_are_rows_or_not(
    catalog: Catalog, tmp_path: Path
) -> None:
    store = store_of(catalog, tmp_path)
    store.prepare("sandbox")
    tables = store.open("sandbox")
    for names, found in (None, DEALERS.frame_schema), (["name", "oem"], {"name": pl.String, "oem": pl.String}):
        assert dict(tables.read(DEALERS, HERE, names).schema) == dict(found)
    written(tables, DEALERS, "a", "b")
    tables.commit()
    tables = store.open("sandbox")
    assert sorted(tables.read(DEALERS, HERE, ["dealer_id", "oem"]).rows()) == [("a", "audi"), ("b", "audi")]
    assert tables.read(DEALERS, pl.col("oem") == "bmw").is_empty()
    assert tables.read(DEALERS, HERE).columns == list(DEALERS.frame_schema)


def test_an_earlier_version_is_read_with_the_columns_that_it_had(catalog: Catalog, tmp_path: Path) -> None:
    store = store_of(catalog, tmp_path)
    store.prepare("sandbox")
    for number, names in enumerate((["a"], ["b"]), 1):
        tables = store.open("sandbox")
        written(tables, DEALERS, *names, state=f"s{number}")
        tables.commit()
    with tables.table(DEALERS).update_schema() as update:
        update.add_column("rooms", LongType())
    tables = IcebergTables(catalog, "sandbox")
    versions = tables.versions(DEALERS, SCOPE)
    assert list(versions) == ["s2", "s1"]
    wider = TableDefinition(
        DEALERS.name, "", DEALERS.columns | {"rooms": RUNS.columns["received"]}, DEALERS.partitions, DEALERS.sort
    )
    then = tables.read(wider, HERE, ["dealer_id", "rooms"], version=versions["s1"])
    assert then.rows() == [("a", None)]
    assert then.schema["rooms"] == pl.Int64
    assert tables.read(wider, HERE, version=versions["s1"]).columns == list(wider.frame_schema)
    assert tables.read(wider, HERE, ["dealer_id"], version=versions["s2"]).rows() == [("b",)]


def test_a_version_of_which_nothing_is_known_has_the_columns_of_now(table: Table) -> None:
    assert iceberg._columns_then(table, 1) == set(DEALERS.columns)


def test_a_lake_that_was_moved_has_no_source(catalog: Catalog, tmp_path: Path) -> None:
    Lake(tmp_path.as_uri()).write_json("source.json", {"source": "sandbox", "address": "file:///elsewhere"})
    with pytest.raises(PlatformError) as failure:
        store_of(catalog, tmp_path).source()
    assert failure.value.cause is Cause.LAKE_MOVED
