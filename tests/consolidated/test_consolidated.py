"""Consolidating days into real tables: what the tables look like, and what refuses them (laws 3, 10)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import polars as pl
import pytest
from pyiceberg.table import Table

from consolidated.tables import catalog_tables
from consolidated.tables import definitions as tables
from consolidated.tables.catalog_tables import ensure_tables
from consolidated.tables.columns import VEHICLE
from consolidated.tables.definitions import TABLES
from consolidated.tables.iceberg import KEY_PROPERTY
from consolidated.tables.shape import iceberg_schema, layout_of
from resources.failures import Cause, PlatformError
from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History, assert_same_rows, nights
from tests.support.typed_days import FULL, NAME, day_number, stock
from transformed.contract.contracts import Provenance

pytestmark = pytest.mark.slow

OF_VEHICLES = (tables.INVENTORY_DAILY, tables.INVENTORY, tables.INVENTORY_EVENTS)


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return History(tmp_path / "lake")


@pytest.fixture(scope="module")
def eight_nights(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Into the next month; shared by tests that hold whatever is written beside."""
    kept = History(tmp_path_factory.mktemp("nights") / "lake")
    nights(kept, 8)
    return kept


def test_law_3_a_day_again_changes_nothing_and_makes_no_snapshot(eight_nights: History) -> None:
    kept = eight_nights
    content, snapshots = kept.content(), kept.snapshots()
    for number in (2, 0, 1):
        assert not kept.consolidate(day_number(number)).committed
    assert kept.snapshots() == snapshots
    assert_same_rows(kept.content(), content)


def test_law_10_data_of_another_source_is_refused(kept: History) -> None:
    nights(kept, 1)
    snapshots = kept.snapshots()
    live = History(kept.folder, source="live")
    live.land(day_number(1), stock(day_number(1)))
    with pytest.raises(PlatformError, match=r"holds sandbox data.* live data") as failure:
        live.consolidate(day_number(1))
    assert failure.value.cause is Cause.SOURCE_MIXED
    assert kept.snapshots() == snapshots


def test_a_day_that_was_never_transformed_says_so(kept: History) -> None:
    with pytest.raises(PlatformError) as failure:
        kept.consolidate(day_number(0))
    assert (failure.value.cause, failure.value.oem, failure.value.endpoint) == (Cause.NEVER_LANDED, "maker", NAME)


def test_a_lake_that_cannot_be_written_says_so(kept: History) -> None:
    nights(kept, 1)
    # a file where the table's data should go: not even root writes below it
    data = kept.folder / "iceberg" / "consolidated" / "inventory_daily" / "data"
    data.rename(data.with_name("moved"))
    data.write_text("in the way")
    kept.land(day_number(1), stock(day_number(1)))
    with pytest.raises(PlatformError, match=r"consolidated\.inventory_daily") as failure:
        kept.consolidate(day_number(1))
    assert failure.value.cause is Cause.LAKE_UNWRITABLE


def files(table: Table) -> list[Row]:
    return cast("list[Row]", table.inspect.files().to_pylist())


def test_snapshots_tell_the_truth(eight_nights: History) -> None:
    kept = eight_nights
    kept.day(day_number(4), stock(day_number(4)))
    for definition in OF_VEHICLES:
        table = kept.catalog.load_table(definition.identifier)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        assert snapshot.summary is not None
        assert int(snapshot.summary["total-records"] or 0) == kept.table(definition.name).height
        assert sum(file["record_count"] for file in files(table)) == kept.table(definition.name).height
        properties = [one.summary.additional_properties for one in table.snapshots() if one.summary]
        assert len({one[KEY_PROPERTY] for one in properties}) == len(properties), "a commit is one snapshot"


def test_files_lie_in_the_partition_of_their_rows(eight_nights: History) -> None:
    for definition in OF_VEHICLES:
        table = eight_nights.catalog.load_table(definition.identifier)
        assert len(files(table)) > 1
        for file in files(table):
            rows = pl.read_parquet(file["file_path"])
            identities = {name: value for name, value in file["partition"].items() if name in definition.columns}
            assert rows.select(list(identities)).unique().to_dicts() == [identities]
            assert rows.sort(definition.sort).equals(rows), f"{definition.name} is not sorted"


def test_the_tables_are_what_the_contracts_say(kept: History) -> None:
    ensure_tables(kept.catalog, "sandbox")
    for definition in TABLES:
        table = kept.catalog.load_table(definition.identifier)
        assert table.format_version == 2
        assert [
            (field.name, field.required, str(field.field_type).startswith("list"), field.doc)
            for field in table.schema().fields
        ] == [
            (name, not column.nullable, column.dtype.is_nested(), (column.metadata or {}).get("doc"))
            for name, column in definition.columns.items()
        ]
        assert all(field.doc for field in table.schema().fields)
        assert not set(Provenance.columns()) & set(table.schema().column_names)
    daily = kept.catalog.load_table(tables.INVENTORY_DAILY.identifier)
    assert [field.name for field in daily.schema().fields][:-1] == list(VEHICLE)


def test_a_column_that_the_contract_gained_is_added_and_old_rows_stay(
    kept: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights(kept, 1)
    before = kept.table("inventory_daily")
    gained = dict(tables.INVENTORY_DAILY.columns) | {"sunroofs": tables.INVENTORY_DAILY.columns["model_year"]}
    wider = replace(tables.INVENTORY_DAILY, columns=gained, sort=tables.INVENTORY_DAILY.sort[::-1])
    assert wider.sort != tables.INVENTORY_DAILY.sort
    monkeypatch.setattr(catalog_tables, "TABLES", (wider,))
    for _ in range(2):
        ensure_tables(kept.catalog, "sandbox")
    table = kept.catalog.load_table(wider.identifier)
    assert layout_of(table) == (wider.partitions_as_named(), wider.sort)
    schema = table.schema()
    assert not schema.find_field("sunroofs").required
    assert iceberg_schema(wider).find_field("sunroofs").field_type == schema.find_field("sunroofs").field_type
    after = kept.table("inventory_daily")
    assert after["sunroofs"].null_count() == FULL
    assert after.drop("sunroofs").sort("listing_id").equals(before.sort("listing_id"))


def test_another_engine_reads_the_same(eight_nights: History) -> None:
    kept = eight_nights
    duckdb = pytest.importorskip("duckdb", reason="duckdb of the development requirements is not installed")
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        for name in ("avro", "iceberg"):
            package = pytest.importorskip(f"duckdb_extension_{name}", reason=f"duckdb's {name} reader is not installed")
            (extension,) = Path(package.__file__).parent.rglob("*.duckdb_extension")
            connection.execute(f"load '{extension}'")
        for definition in TABLES:
            table = kept.catalog.load_table(definition.identifier)
            if table.current_snapshot() is None:
                continue
            ours = kept.table(definition.name)
            (count,) = connection.execute(f"select count(*) from iceberg_scan('{table.metadata_location}')").fetchone()  # noqa: S608
            assert count == ours.height > 0
        inventory = kept.catalog.load_table(tables.INVENTORY.identifier)
        total = connection.execute(
            f"select status, count(*), sum(price_amount) from iceberg_scan('{inventory.metadata_location}') group by status"  # noqa: S608, E501
        ).fetchall()
        expected = kept.table("inventory").group_by("status").agg(pl.len(), pl.col("price_amount").sum()).rows()
        assert sorted(total) == sorted(expected)
