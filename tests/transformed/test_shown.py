"""What the UI is shown of a transformed day: the lineage of every maker's columns, the worst of a quarantine."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import Oem
from tests.support.declared import ENDPOINT_IDS, ENDPOINTS
from transformed.day import shown
from transformed.day.quarantine import QUARANTINE_SCHEMA
from transformed.mapping.expressions import at, at_key, first_where, money, text
from transformed.mapping.lineage import field_paths
from transformed.mapping.loading import mapping_of
from transformed.mapping.shapes import plain


@pytest.mark.parametrize(("oem", "endpoint"), ENDPOINTS, ids=ENDPOINT_IDS)
def test_the_lineage_of_a_maker_names_declared_fields(oem: Oem, endpoint: Endpoint) -> None:
    mapping = mapping_of(oem.name, endpoint)
    found = shown.lineage(oem.name, endpoint)
    assert set(found) <= set(mapping.contract.column_names())
    assert len(found) >= 5
    record = plain(mapping.record)
    assert isinstance(record, pl.Struct)
    empty = pl.DataFrame(schema=record.to_schema())
    for paths in found.values():
        empty.select(*(at(path).alias(path) for path in paths))  # raises where a field is not declared


def test_paths_are_read_off_every_kind_of_expression() -> None:
    assert field_paths(text("a.b.c")) == {"a.b.c"}
    assert field_paths(pl.coalesce(text("a.b"), money("a.c"))) == {"a.b", "a.c"}
    assert field_paths(first_where("prices", "amount", type="retail")) == {"prices"}
    assert field_paths(at_key("offers", "dealer.id", "price")) == {"offers", "dealer.id"}
    assert field_paths(pl.col("x").map_batches(lambda rows: rows)) == {"x"}
    assert field_paths(pl.col("market").replace_strict({"de": "EUR"}, default=None)) == set()
    assert field_paths(pl.lit("new")) == set()


def quarantined(*rows: dict[str, str]) -> pl.DataFrame:
    common = {"oem": "maker", "endpoint": "e", "date": date(2026, 11, 25), "contract_version": 2}
    return pl.DataFrame([{**common, **row} for row in rows], schema=QUARANTINE_SCHEMA)


def test_the_worst_of_a_quarantine_comes_first_with_its_text_within_bounds() -> None:
    vin = {"market": "es", "rule": "vin|regex", "column": "vin", "value": "x" * 500}
    text_of_host = "<b>|`\n5"
    table = shown.worst_of(
        quarantined(
            *({**vin, "archive_address": f"p#1/{number}"} for number in range(3)),
            {"market": "de", "rule": "doors|max", "column": "doors", "value": text_of_host, "archive_address": "p#0/7"},
        )
    )
    head, _, worst, other = table.splitlines()
    assert head.startswith("| market | rule | records |")
    assert worst.startswith("| es | vin: regex | 3 | `xxx")
    assert worst.endswith("…` | `p#1/0` |")
    assert len(worst) < 150
    assert "| `<b>¦' 5` |" in other
    assert shown.worst_of(quarantined()) == shown.NOTHING


def worst(*rows: dict[str, str]) -> list[list[str]]:
    """The cells of the table of a quarantine, without its head."""
    return [line.strip("| ").split(" | ") for line in shown.worst_of(quarantined(*rows)).splitlines()[2:] if line]


def refused(number: int, **values: str) -> dict[str, str]:
    return {"market": "es", "rule": "vin", "column": "vin", "archive_address": f"p#{number:02}", **values}


def test_a_rule_is_shown_with_the_first_record_that_broke_it_in_the_archives_order() -> None:
    assert worst(refused(2, value="b"), refused(1, value="a")) == [["es", "vin", "2", "`a`", "`p#01`"]]
    assert worst(*(refused(0) for _ in range(1000)))[0][2:4] == ["1,000", "(nothing)"]


def test_the_rules_stand_by_their_records_and_then_by_market_and_name() -> None:
    rows = [refused(0, rule=rule, market=market) for rule in ("b", "a") for market in ("gb", "de")]
    rows += [refused(1, rule="b", market="gb")]
    order = [(market, rule) for market, rule, *_ in worst(*rows)]
    assert order == [("gb", "b"), ("de", "a"), ("de", "b"), ("gb", "a")]


def test_a_record_without_a_column_is_shown_by_its_message() -> None:
    row = {"market": "es", "rule": "schema_drift", "message": "it is no object", "archive_address": "p#0"}
    assert worst(row)[0][3] == "`it is no object`"
    assert worst(refused(0, rule="vin|regex, doors|max"))[0][1] == "vin: regex, doors: max"


def test_a_text_of_sixty_characters_is_shown_whole_and_a_longer_one_is_cut() -> None:
    assert worst(refused(0, value="x" * 60))[0][3] == f"`{'x' * 60}`"
    assert worst(refused(0, value="x" * 61))[0][3] == f"`{'x' * 59}…`"


@pytest.mark.parametrize(("many", "more"), [(20, []), (21, ["and 1 more"]), (25, ["and 5 more"])])
def test_of_rules_and_of_drift_the_first_twenty_are_shown_and_the_others_counted(many: int, more: list[str]) -> None:
    table = shown.worst_of(quarantined(*(refused(0, rule=f"rule{number:02}") for number in range(many))))
    assert len([line for line in table.splitlines() if line.startswith("| es ")]) == 20
    assert table.splitlines()[23:] == more
    lines = shown.drift(report(drift=[f"line *{number}*" for number in range(many)])).splitlines()
    assert lines == [*(f"* line {number}" for number in range(20)), *(f"* {one}" for one in more)]


def report(**values: Any) -> Any:
    return SimpleNamespace(**{"quarantine_file": None, "drift": [], "fill": {}} | values)


def test_a_day_of_which_nothing_is_to_be_told_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lake: Any = None
    assert shown.quarantine_worst(lake, report()) == shown.drift(report()) == shown.filled(report()) == shown.NOTHING
    assert shown.filled(report(fill={"es": {}})) == shown.NOTHING
    monkeypatch.setattr(shown, "read_quarantine", lambda *_: quarantined(refused(0)))
    assert shown.quarantine_worst(lake, report(quarantine_file="q.parquet")) == shown.worst_of(quarantined(refused(0)))


def test_fill_rates_are_drawn_by_column_and_market_and_a_market_without_a_column_has_none_of_it() -> None:
    table = shown.filled(report(fill={"gb": {"vin": 1.0, "model": 0.25}, "de": {"model": 0.76}}))
    assert table.splitlines() == [
        "| column | de | gb |",
        "| --- | --- | --- |",
        "| model | `████████░░` 76% | `██░░░░░░░░` 25% |",
        "| vin | `░░░░░░░░░░` 0% | `██████████` 100% |",
    ]
