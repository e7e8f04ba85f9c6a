"""`make quarantine`: rule, text, address and record of what was refused, within bounds and without persons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.support.hostile import HOSTILE
from tests.support.transformed_support import DAY, car, landed, run
from transformed.probe.quarantine import Grouped, main, record_text

BROKEN = next(name for name in HOSTILE if "carId" not in HOSTILE[name][0])


def test_a_refused_record_is_listed_with_rule_text_address_and_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, rule = HOSTILE[BROKEN]
    lake = landed(tmp_path, {"es": [[car(1), car(2, **changes, ownerName="Ana Pérez"), car(3)]]})
    run(lake)
    monkeypatch.setenv("LAKE_URI", lake.uri)
    assert main(["--oem", "audi", "--date", DAY.isoformat()]) == 1
    said = capsys.readouterr().out
    assert f"== audi scs_search {DAY}" in said
    assert f"1 records break {rule}" in said
    assert "es ESP00002: " in said
    assert "part-00000.parquet#0/1" in said
    assert '"carId":"ESP00002"' in said
    assert "the day was never typed" in said, "the maker's dealers"
    assert "Ana" not in said, "only what the mapping reads is shown"


def test_a_refused_record_is_listed_also_when_the_archive_has_its_day_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, rule = HOSTILE[BROKEN]
    lake = landed(tmp_path, {"es": [[car(1), car(2, **changes)]]})
    run(lake)
    shutil.rmtree(lake.storage_path("raw/audi/scs_search"))
    monkeypatch.setenv("LAKE_URI", lake.uri)
    assert main(["--oem", "audi", "--date", DAY.isoformat()]) == 1
    said = capsys.readouterr().out
    assert f"1 records break {rule}" in said
    assert "the archive no longer has it" in said


def test_a_folder_that_is_no_day_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = landed(tmp_path, {"es": [[car(1)]]})
    run(lake)
    table = Path(lake.storage_path("transformed/audi/scs_inventory"))
    for stray in (f"{DAY}-copy", "20991231", "2099-W01-1"):
        (table / stray).mkdir()
    monkeypatch.setenv("LAKE_URI", lake.uri)
    assert main(["--oem", "audi"]) == 0
    assert f"== audi scs_search {DAY}\nnothing was refused" in capsys.readouterr().out


def test_a_record_is_cut_and_holds_only_the_fields_that_are_read() -> None:
    schema = pl.Struct({"id": pl.String, "dealer": pl.Struct({"city": pl.String}), "codes": pl.List(pl.String)})
    record = {"id": "a", "dealer": {"city": "Ulm", "boss": "Ana"}, "codes": [{"x": 1}, "b"], "phone": "1"}
    body = json.dumps({"cars": [{}, record]}).encode()
    assert json.loads(record_text(body, "cars", 1, schema)) == {
        "id": "a", "dealer": {"city": "Ulm"}, "codes": ["<dict>", "b"]
    }  # fmt: skip
    long = json.dumps({"cars": [{"id": "x" * 5000}]}).encode()
    assert len(record_text(long, "cars", 0, schema)) < 700
    assert (
        record_text(b"<html>", "cars", 0, schema) == record_text(body, "cars", 7, schema) == "it cannot be read as JSON"
    )


def test_what_is_left_out_by_design_is_counted_and_the_rest_grouped() -> None:
    rows = pl.DataFrame(
        {
            "market": ["es"] * 4,
            "rule": ["price", "vin", "price", "no_car"],
            "column": ["price_amount", "vin", "price_amount", None],
            "archive_address": list("dcba"),
            "message": ["breaks price", None, "breaks price", "the record is not what the table is about"],
        }
    )
    found = Grouped(rows)
    assert found.excluded == {"no_car": 1}
    assert found.refused == 3
    assert [(rule, column, of.height) for rule, column, of in found.groups] == [
        ("price", "price_amount", 2), ("vin", "vin", 1)
    ]  # fmt: skip
    assert found.examples.keys() == {"b", "c", "d"}
