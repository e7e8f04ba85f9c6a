"""What a night leaves in the Dagster UI, in `market_daily` and in the morning report: counts, columns, lineage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pytest

from consolidated.day.market_daily import write_market_daily
from consolidated.night.assets import ALERTS, REPORT
from consolidated.night.report.write import path_of
from consolidated.tables.iceberg import IcebergStore
from tests.support.declared import SMALL
from tests.support.market_daily_sql import by_sql
from tests.support.nights import Night, night_in

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 25)
MAKER = SMALL[0]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as monkeypatch, night_in(folder, monkeypatch, vehicles=60, oems=[MAKER]) as night:
        yield night


@pytest.fixture(scope="module")
def materialized(night: Night) -> dict[str, dg.AssetMaterialization]:
    """Asset -> its materialization by a night of a maker."""
    result = night.run("nightly", DAY)
    assert result.success
    return {
        one.asset_key.to_user_string(): one
        for event in result.get_asset_materialization_events()
        for one in [event.step_materialization_data.materialization]
    }


def value(materialization: dg.AssetMaterialization, name: str) -> Any:
    return materialization.metadata[name].value


def test_every_row_count_is_a_number_that_plots(materialized: dict[str, dg.AssetMaterialization]) -> None:
    of_makers = {name: one for name, one in materialized.items() if name.startswith(MAKER.name)}
    assert of_makers
    for name, one in of_makers.items():
        count = value(one, "dagster/partition_row_count")
        assert isinstance(count, int), name
        assert count > 0, name


def test_a_column_leads_back_to_the_makers_field(materialized: dict[str, dg.AssetMaterialization]) -> None:
    endpoint = next(one for one in MAKER.endpoints if one.yields.table == "inventory")
    present = f"{MAKER.name}/consolidated/inventory"
    lineage = value(materialized[present], "dagster/column_lineage").deps_by_column
    sources = {(dep.asset_key.to_user_string(), dep.column_name) for dep in lineage["price_lowest"]}
    typed = f"{MAKER.name}/transformed/{endpoint.yields.name}"
    assert (typed, "price_amount") in sources
    fields = value(materialized[typed], "dagster/column_lineage").deps_by_column["price_amount"]
    assert fields
    assert {dep.asset_key.to_user_string() for dep in fields} == {f"{MAKER.name}/raw/{endpoint.name}"}


def test_every_column_of_the_present_has_its_meaning(materialized: dict[str, dg.AssetMaterialization]) -> None:
    columns = value(materialized[f"{MAKER.name}/consolidated/inventory"], "dagster/column_schema").columns
    assert all(column.description for column in columns)
    assert {column.name: dict(column.tags) for column in columns}["mileage_km"] == {"unit": "km"}


@pytest.mark.usefixtures("materialized")
def test_the_figures_of_the_night_equal_sql_over_its_tables(night: Night) -> None:
    wanted = by_sql(night.table)
    found = night.table("market_daily").sort("oem", "market", "date")
    assert found["listed"].sum() > 0
    assert found.select(wanted.columns).to_dicts() == wanted.to_dicts()
    assert not write_market_daily(IcebergStore(night.catalog, night.lake), MAKER.name)


@pytest.mark.usefixtures("materialized")
def test_the_morning_writes_the_report_beside_the_lake(night: Night) -> None:
    result = night.run("morning", DAY)
    assert result.success
    told = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    by_key = {one.asset_key: one for one in told}
    assert by_key.keys() == {REPORT, ALERTS}
    report = by_key[REPORT]
    assert value(by_key[ALERTS], "messages") == 0
    assert not night.lake.list("alerts"), "silent by default, and nothing is kept"
    listed = night.table("market_daily")["listed"].sum()
    assert (value(report, "listed"), value(report, "need_a_person")) == (listed, 0)
    page = night.lake.read_bytes(path_of(DAY)).decode()
    assert f"<b>{listed:,}</b>vehicles served" in page
    assert f'<th scope="row">{MAKER.name}/consolidated/inventory</th><td class="text">success</td>' in page
