"""The text of a probe, line by line: what is counted, what is shown first, and what is left out."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import polars as pl

from transformed.probe.looking import Found
from transformed.probe.printing import text_of


def market_of(**values: Any) -> SimpleNamespace:
    told = {"collected": 5, "pages": 2, "unique": 4, "without_identity": 1, "reported_total": 6, "cause": None}
    return SimpleNamespace(**told | {"message": None} | values)


def printed(found: Found, *markets: SimpleNamespace, drift: tuple[str, ...] = ()) -> list[str]:
    seal: Any = SimpleNamespace(markets={str(number): one for number, one in enumerate(markets)}, drift=drift)
    return text_of(found, seal, place="CARS in transformed/maker.py", identity="id").splitlines()


def found_of(rows: pl.DataFrame, **values: Any) -> Found:
    report: Any = SimpleNamespace(markets={}, failed=[], drift=[])
    return Found(report=report, rows=rows, **values)


def test_each_market_is_told_as_it_was_fetched() -> None:
    assert printed(
        Found(mapping_problem="no mapping"),
        market_of(),
        market_of(reported_total=None, cause="budget_spent", message="the budget is spent"),
        market_of(reported_total=0, cause="shortfall", message="a record is missing"),
        drift=("a list grew",),
    )[:9] == [
        "records      5 on 2 pages, a total of 6 reported",
        "identity     id: 4 distinct, 1 records without",
        "records      5 on 2 pages, no total",
        "identity     id: 4 distinct, 1 records without",
        "             the market goes on: only its first pages were asked for",
        "records      5 on 2 pages, a total of 0 reported",
        "identity     id: 4 distinct, 1 records without",
        "incomplete   a record is missing",
        "drift        a list grew",
    ]


def test_without_a_mapping_each_field_has_the_kind_that_holds_all_its_values() -> None:
    kinds = {"a": ["whole"], "b": ["number"], "c": ["whole", "number"], "d": ["whole", "text"], "e": ["truth"]}
    found = Found(mapping_problem="no mapping", fields={path: Counter(of) for path, of in kinds.items()})
    assert printed(found) == [
        "", "no mapping", "", "The fields of the records, ready to paste:",
        "fields(", 'whole="a",', 'truth="e",', 'text="d",', 'number="b c",', ")",
    ]  # fmt: skip


def test_typed_markets_and_why_one_failed() -> None:
    typed = {"accepted": 3, "quarantined": 1, "duplicates": 1, "received": 5}
    markets = {
        name: SimpleNamespace(market=name, **typed, cause=cause, message=message)
        for name, cause, message in (
            ("es", None, None),
            ("gb", "not_json", "no JSON"),
            ("de", "shortfall", "of raw"),
            ("fr", "not_json", None),
        )
    }
    drift = ["`a` is a text", "unknown field b"]
    report: Any = SimpleNamespace(markets=markets, failed=["gb", "fr"], drift=drift)
    counted = "typed        3 rows, 1 quarantined, 1 duplicates of 5 records"
    assert printed(Found(report=report, rows=pl.DataFrame())) == [
        counted, counted, "failed       no JSON", counted, counted, "unknown      no field",
        "", "Other drift:", "  `a` is a text",
    ]  # fmt: skip


def test_unknown_fields_come_with_their_share_the_most_frequent_first() -> None:
    unknown = Counter({"b": 1, "c": 4, "a": 1})
    fields = {"a": Counter(["whole", "text"]), "c": Counter(["text"])}
    assert printed(found_of(pl.DataFrame(), records=4, unknown=unknown, fields=fields))[-3:] == [
        "  100%  c (text)",
        "   25%  a (text, whole)",
        "   25%  b (object or list)",
    ]


def test_a_column_is_told_by_its_most_frequent_values() -> None:
    rows = pl.DataFrame(
        {
            "oem": ["maker"] * 6,
            "vin": ["V1", "V2", "V3", "V4", "V5", None],
            "four": ["D", "C", "B", "A", None, None],
            "colour": ["red", "red", "blue", "black", "green", "white"],
            "images": [["1", "2"], ["1", "2"], [], ["3"], None, None],
            "url": ["x" * 28, "y" * 29, None, None, None, None],
            "doors": [None] * 6,
            "power_kw": [None] * 6,
        },
        schema_overrides={"doors": pl.Int8, "power_kw": pl.Int32},
    )
    assert printed(found_of(rows.select("oem", "doors")))[-1].startswith("doors"), "no column is absent"
    lines = printed(found_of(rows, absent=["power_kw"]))
    assert lines[1:] == [
        "",
        "column                   null  distinct  most frequent",
        "vin                       17%         5  V1",
        "four                      33%         4  A 1, B 1, C 1, D 1",
        "colour                     0%         5  red 2, black 1, blue 1, green 1",
        "images                    33%         3  1 2 2,  1, 3 1",
        f"url                       67%         2  {'x' * 28} 1, {'y' * 27}… 1",
        "doors                    100%         0  ",
        "absent       power_kw",
    ]


def test_refused_records_are_told_by_rule_the_ten_most_frequent() -> None:
    refused: list[dict[str, Any]] = [
        {"rule": f"rule {number:02}", "identity": f"car {number}", "column": "vin", "value": "x" * 29, "message": "m"}
        for number in range(11)
    ]
    refused += [{"rule": "broken", "identity": None, "column": None, "value": None, "message": "no object"}] * 2
    frame = pl.DataFrame([one | {"archive_address": "a"} for one in refused])
    lines = printed(found_of(pl.DataFrame(), quarantine=frame))
    assert lines[1:4] == [
        "",
        "Quarantined:",
        "  2 by broken: first None, no object",
    ]
    assert lines[4] == f"  1 by rule 00: first car 0, vin = {'x' * 27}…"
    assert len(lines[3:]) == 10
    assert printed(found_of(pl.DataFrame(), quarantine=frame.clear())) == ["unknown      no field"]
