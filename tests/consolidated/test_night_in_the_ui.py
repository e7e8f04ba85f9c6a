"""What a night leaves in the Dagster UI: row counts that plot, columns with units, lineage from field to table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pytest

from tests.support.declared import SMALL
from tests.support.nights import night_in

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 25)
MAKER = SMALL[0]


@pytest.fixture(scope="module")
def materialized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dg.AssetMaterialization]]:
    """Asset -> its materialization by a night of a maker."""
    folder = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as monkeypatch, night_in(folder, monkeypatch, vehicles=60, oems=[MAKER]) as night:
        result = night.run("nightly", DAY)
        assert result.success
        yield {
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
