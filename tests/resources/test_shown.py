"""What the Dagster UI is shown of the graph: words, owners, code, checks that say what to do."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

import definitions
from consolidated.tables.columns import made_of
from raw.archive.responses import MEANINGS, archive_schema
from resources.failures import POLICIES, Cause
from resources.shown.checks import Check
from resources.shown.code import VARIABLE, code_metadata
from resources.shown.columns import table_column_schema, unit_of
from tests.support.source import CHECKOUT


@pytest.fixture(scope="module")
def specs() -> list[dg.AssetSpec]:
    return list(definitions.build_defs().resolve_all_asset_specs())


@pytest.fixture(scope="module")
def checks() -> list[dg.AssetCheckSpec]:
    graph = definitions.build_defs().resolve_asset_graph()
    return [graph.get_check_spec(key) for key in graph.asset_check_keys]


def test_every_asset_has_words_an_owner_a_tier_and_a_line_of_code(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        assert len((spec.description or "").split()) >= 5, spec.key
        tier = spec.tags["tier"]
        assert list(spec.owners) == [f"team:{tier}"]
        assert spec.kinds
        (reference,) = spec.metadata["dagster/code_references"].code_references
        path = Path(reference.file_path)
        assert path.is_relative_to(CHECKOUT / tier)
        assert 1 <= reference.line_number <= len(path.read_text().splitlines())


def test_the_code_of_a_transformed_asset_is_its_mapping(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        if spec.group_name == "transformed":
            oem, _, name = spec.key.path
            (reference,) = spec.metadata["dagster/code_references"].code_references
            lines = (CHECKOUT / f"transformed/{oem}.py").read_text().splitlines()
            assert name.upper() in lines[reference.line_number - 1], spec.key


def test_code_can_be_linked_to_a_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "https://example.org/blob/main/")
    (reference,) = code_metadata("resources.shown.code", "VARIABLE =")["dagster/code_references"].code_references
    assert isinstance(reference, dg.UrlCodeReference)
    assert reference.url.startswith("https://example.org/blob/main/resources/shown/code.py#L")
    assert not reference.url.endswith("#L1")


def test_every_check_says_its_law_and_what_to_do(checks: list[dg.AssetCheckSpec]) -> None:
    assert checks
    laws = {path.name.split("_")[1] for path in (CHECKOUT / "tests/laws").glob("test_*.py")}
    for spec in checks:
        text = spec.description or ""
        assert "When it fails: " in text, spec.key
        assert "docs/failures.md" in text
        law = text.split("\nLaw ")[1].split(":")[0]
        assert f"{int(law):02}" in laws


def test_a_check_quotes_the_runbook() -> None:
    check = Check("complete", "It is whole.", 11, "run it again.", (Cause.SHORTFALL,))
    assert check.description.splitlines() == [
        "It is whole.",
        "",
        "Law 11: Absence needs proof.",
        "",
        "When it fails: run it again. See docs/failures.md.",
        "",
        f"* `shortfall`: {POLICIES[Cause.SHORTFALL].runbook}",
    ]


def test_a_columns_unit_follows_from_its_name() -> None:
    units = {name: unit_of(name) for name in ("mileage_km", "battery_capacity_kwh", "co2_g_per_km", "model")}
    assert units == {"mileage_km": "km", "battery_capacity_kwh": "kWh", "co2_g_per_km": "g/km", "model": None}
    (column,) = table_column_schema([("power_kw", "Int32", "rated power")]).columns
    assert (dict(column.tags), column.description) == ({"unit": "kW"}, "rated power")


def test_a_columns_description_names_what_it_is_made_of() -> None:
    columns = [("price", "Decimal", "list price"), ("model", "String", None), ("vin", "String", "its number")]
    sources = {"price": ["a", "b", "a", "c", "d", "e", "f"], "model": ["name"], "vin": ["vin"]}
    told = {column.name: column.description for column in table_column_schema(columns, sources).columns}
    assert told == {
        "price": "list price. From `a`, `b`, `c`, `d` and 2 more.",
        "model": "From `name`.",
        "vin": "its number",
    }


@pytest.mark.parametrize(
    ("subject", "column", "sources"),
    [
        ("inventory", "mileage_km", ("mileage_km",)),
        ("inventory", "price_lowest", ("price_amount", "price_currency")),
        ("inventory", "first_seen_on", ("listing_id",)),
        ("inventory", "days_listed", ("listing_id",)),
        ("dealers", "first_seen_on", ("dealer_id",)),
        ("inventory", "interpretation", ()),
        ("dealers", "interpretation", ()),
    ],
)
def test_a_column_of_the_tables_is_made_of_columns_of_the_typed_rows(
    subject: str, column: str, sources: tuple[str, ...]
) -> None:
    assert made_of(subject, column) == sources


def test_every_column_of_the_archive_has_its_meaning() -> None:
    assert list(MEANINGS) == archive_schema().names
