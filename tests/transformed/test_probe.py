"""`make probe`: what a maker's author is told of the first pages, and of a capture of any form."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import transformed.audi
from raw.audi import SCS_SEARCH
from raw.endpoint import Dealers, Endpoint
from raw.wiring import discovery
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from tests.support.source import TIERS, imported, modules
from tests.support.transformed_support import DAY, car, landed
from transformed.mapping.declaration import paths
from transformed.mapping.fields import fields
from transformed.mapping.shapes import plain
from transformed.probe.__main__ import main
from transformed.probe.capture import nested
from transformed.probe.landing import robots_txt

CARS = [car(1), car(2, batteryHealth=918273645, dealer={"id": "1", "extra": {"a": 1}}), car(3, modelYear=1), car(3)]


def page(records: list[Any]) -> dict[str, Any]:
    return {"totalCount": len(records), "vehicleBasic": records}


def flat(record: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        below = f"{path}.{name}" if path else name
        found |= flat(value, below) if isinstance(value, dict) else {} if isinstance(value, list) else {below: value}
    return found


def as_json(folder: Path, value: Any) -> Path:
    file = folder / "capture.json"
    file.write_text(json.dumps(value))
    return file


def as_gzip(folder: Path, value: Any) -> Path:
    file = folder / "capture.json.gz"
    file.write_bytes(gzip.compress(json.dumps(value).encode()))
    return file


def as_table(folder: Path, ending: str) -> Path:
    file = folder / f"capture.{ending}"
    frame = pl.DataFrame([flat(one) for one in CARS], infer_schema_length=None)
    frame.write_csv(file) if ending == "csv" else frame.write_parquet(file)
    return file


CAPTURES: dict[str, Callable[[Path], Path]] = {
    "an answer": lambda folder: as_json(folder, page(CARS)),
    "packed": lambda folder: as_gzip(folder, page(CARS)),
    "answers": lambda folder: as_json(folder, [page(CARS[:2]), page(CARS[2:])]),
    "records": lambda folder: as_json(folder, CARS),
    "csv": lambda folder: as_table(folder, "csv"),
    "parquet": lambda folder: as_table(folder, "parquet"),
}


def probed(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    code = main(["--oem", "audi", *options])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.slow
@pytest.mark.parametrize("form", CAPTURES)
def test_a_capture_in_every_form(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = probed(capsys, "--market", "es", "--capture", str(CAPTURES[form](tmp_path)))
    assert code == 0
    assert out.startswith("== audi scs_search es, from ")
    assert f"records      4 on {2 if form == 'answers' else 1} pages" in out
    assert "identity     carId: 3 distinct, 0 records without" in out
    assert "typed        3 rows, 1 quarantined, 0 duplicates of 4 records" in out
    assert " 25%  batteryHealth (" in out
    assert "  1 by model_year|min: first ESP00003, model_year = 1" in out
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line[:1].isalpha()}
    assert lines["listing_id"][:4] == ["0%", "3", "ESP00001", "1,"]
    assert lines["model_year"] == ["0%", "1", "2018", "3"]
    assert lines["dealer_id"][1::2] == ["2", "2,", "1"], "two dealers, that of most records first"
    assert "exterior_color" not in lines["absent"]
    assert "seats," in lines["absent"]


def test_unknown_fields_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = probed(capsys, "--market", "es", "--capture", str(as_json(tmp_path, page(CARS))))
    assert code == 0
    pasted = out.split("of SCS_INVENTORY in transformed/audi.py:\n")[1].split("\n\n")[0]
    assert eval(pasted, {"paths": paths}) == {"batteryHealth", "dealer.extra"}  # noqa: S307 - it is code
    assert "LEIOA" in out, "values of the contract's columns are shown"
    assert "918273645" not in out, "values of unknown fields are not"


def test_without_a_mapping_the_fields_are_told_ready_to_paste(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(transformed.audi, "SCS_INVENTORY")
    record = {
        "carId": "a", "price": {"amount": 5, "net": 4.5}, "tags": ["x"], "isNew": True, "vin": None,
        "prices": {"24513": {"gross": 9}, "24514": {"gross": 9.5}},
    }  # fmt: skip
    code, out, _ = probed(capsys, "--market", "es", "--capture", str(as_json(tmp_path, page([record]))))
    assert code == 0
    assert "transformed/audi.py does not declare SCS_INVENTORY" in out
    pasted = out[out.index("fields(") :]
    expected = fields(text="carId tags[]", number="price.net prices{}.gross", whole="price.amount", flag="isNew")
    assert str(plain(eval(pasted, {"fields": fields}))) == str(plain(expected))  # noqa: S307 - it is code


def test_a_mapping_with_a_mistake_is_told_with_the_way_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(transformed.audi.SCS_INVENTORY, columns={})
    monkeypatch.setattr(transformed.audi, "SCS_INVENTORY", wrong)
    code, out, _ = probed(capsys, "--market", "es", "--capture", str(as_json(tmp_path, page(CARS))))
    assert code == 0
    assert "`columns` lacks `listing_id`, which may not be null: add an expression for it" in out


def test_the_endpoint_of_a_capture_is_the_one_that_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dealers = {"data": {"dealersByMarket": {"dealers": [{"dealerId": "ESP1", "name": "Dealer", "street": "Test"}]}}}
    code, out, _ = probed(capsys, "--capture", str(as_json(tmp_path, dealers)))
    assert code == 0
    assert out.startswith("== audi pss_dealers ")
    assert "  1 by test_dealer: first ESP1, the record is not what the table is about" in out


@pytest.mark.slow
def test_the_first_pages_of_the_sandbox(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OEM_APIS", "sandbox")
    code, out, _ = probed(capsys, "--market", "es", "--pages", "2")
    assert code == 0
    assert "== audi scs_search es, from sandbox\nrecords      192 on 2 pages" in out
    assert "the market goes on: only its first pages were asked for" in out
    assert not re.search("^(failed|incomplete) ", out, re.MULTILINE)
    assert "unknown      no field" in out
    assert "== audi pss_dealers es, from sandbox" in out


def test_what_steers_a_terminal_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cars = [car(1, **{"new\x1b[5mfield": 1}), car(2, fuel={"code": "\x1b]0;title\x07"}), {"carId": ["\x9b31m"]}]
    _, out, _ = probed(capsys, "--market", "es", "--capture", str(as_json(tmp_path, page(cars))))
    assert "new\ufffd[5mfield" in out
    assert [line for line in out.splitlines() if not line.isprintable()] == []


@pytest.mark.slow
def test_a_day_of_the_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = landed(tmp_path, {"es": [CARS[:2]], "gb": [[car(9, sunroof=True)]]})
    monkeypatch.setenv("LAKE_URI", lake.uri)
    code, out, _ = probed(capsys, "--endpoint", "scs_search", "--date", DAY.isoformat())
    assert code == 0
    assert out.startswith(f"== audi scs_search es, gb, from the archive of {DAY}\n")
    assert 'paths("batteryHealth dealer.extra sunroof")' in out
    code, out, _ = probed(capsys, "--endpoint", "scs_search", "--date", DAY.isoformat(), "--market", "gb")
    assert 'paths("sunroof")' in out
    assert probed(capsys, "--date", "2026-06-01")[0] == 2
    assert "DATE=soon is not a date" in probed(capsys, "--date", "soon")[2]


@pytest.mark.slow
def test_an_endpoint_that_reads_the_answers_of_another(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OEM_APIS", "sandbox")
    sellers = Endpoint(
        name="sellers",
        yields=Dealers("sellers"),
        answers_of="scs_search",
        records="vehicleBasic",
        identity="dealer.id",
        markets={"es": {}},
    )
    monkeypatch.setattr(discovery, "discover", lambda: [Oem("audi", (SCS_SEARCH, sellers))])
    code, out, _ = probed(capsys, "--endpoint", "sellers", "--pages", "1")
    assert code == 0
    assert "== audi sellers es, from sandbox\nrecords      96 on 1 pages" in out
    assert "identity     dealer.id: " in out
    assert "transformed/audi.py does not declare SELLERS" in out


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://{host}/search", "is only known when it is asked"),
        ("https://127.0.0.1:1/search/{market}", "https://127.0.0.1:1/robots.txt cannot be read: "),
    ],
)
def test_why_there_is_no_robots_txt(url: str, told: str) -> None:
    assert told in robots_txt(url)


@pytest.mark.parametrize("source", ["sandbox", "live"])
def test_the_robots_txt_of_a_real_host_is_shown(
    source: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise PlatformError(Cause.CONNECTION, "nobody answers")

    monkeypatch.setenv("OEM_APIS", source)
    monkeypatch.setattr("transformed.probe.landing.robots_txt", lambda url: f"asked of {url}")
    monkeypatch.setattr("transformed.probe.landing.land_first_pages", unreachable)
    _, out, err = probed(capsys, "--oem", "audi", "--endpoint", SCS_SEARCH.name)
    assert "nobody answers" in err
    assert ("asked of https://" in out) == (source == "live")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--oem", "nobody"], "OEM=nobody is none of audi"),
        (["--oem", "audi", "--market", "zz"], "MARKET=zz is none of au, "),
        (["--oem", "audi", "--endpoint", "zz"], "ENDPOINT=zz is none of scs_search, pss_dealers"),
        (["--oem", "audi", "--capture", "/nowhere.json"], "No such file"),
    ],
)
def test_a_wrong_option_is_named(options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json.gz", b"no gzip"),
        ("a.json.gz", gzip.compress(b'{"vehicleBasic": []}' * 9)[:-12]),
        ("a.json", b"[" * 100_000),
        ("a.parquet", b"PAR1 and no more"),
        ("a.csv", "carId,city\nESP1,Málaga\n".encode("latin-1")),
    ],
)
def test_a_capture_that_is_broken_is_named(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    code, _, err = probed(capsys, "--capture", str(tmp_path / name))
    assert code == 2
    assert f"CAPTURE={tmp_path / name} cannot be read as pages" in err


@pytest.mark.parametrize("content", ["no JSON", "{}", "5", "[]", '["a"]'])
def test_a_capture_that_is_none_is_named(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "capture.json"
    file.write_text(content)
    code, _, err = probed(capsys, "--capture", str(file))
    assert code == 2
    assert f"CAPTURE={file} cannot be read as pages: " in err


def test_an_answer_without_records_is_told_by_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = probed(capsys, "--market", "es", "--capture", str(as_json(tmp_path, page([]))))
    assert code == 1
    assert "records      0 on 1 pages, a total of 0 reported" in out


def test_a_flat_row_is_a_nested_record() -> None:
    row = {"a": 1, "eta": None, "eta.from": "x", "price.dph": float("nan"), "price.base": 2.0, "a.b": 3}
    assert nested(row) == {"a": {"b": 3}, "eta": {"from": "x"}, "price": {"base": 2.0}}


@pytest.mark.slow
@pytest.mark.parametrize("tier", TIERS)
def test_nothing_of_a_night_imports_the_probe(tier: str) -> None:
    for module, tree in modules(tier):
        if not module.startswith("transformed.probe"):
            assert not {name for name in imported(tree) if name.startswith("transformed.probe")}, module
