"""`make quarantine` line by line: what is grouped and cut, whose records are fetched, and what the exit code says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from raw.archive.reader import PageBody
from raw.archive.seal import Manifest
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from tests.support.hand_sealed import AT, DAY, manifest, market_seal
from tests.support.words import endpoint
from transformed.day.quarantine import EXCLUDED_MESSAGE, QUARANTINE_SCHEMA
from transformed.probe import quarantine
from transformed.probe.quarantine import Grouped, main, record_text

MAKER = Oem("maker", (endpoint(name="one"), endpoint(name="two")))
SCHEMA = pl.Struct({"id": pl.String})
NOBODY: Any = None


def row(number: int = 0, **values: str | None) -> dict[str, str | None]:
    address = f"part#0/{number}"
    return {"market": "es", "rule": "vin", "column": "vin", "value": "x", "archive_address": address, **values}


def rows(*of: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(of, schema=QUARANTINE_SCHEMA)


def lines(frame: pl.DataFrame, records: dict[str, str] | None = None) -> list[str]:
    return list(quarantine._lines(Grouped(frame), records or {}))


def test_an_empty_quarantine_refused_nothing() -> None:
    assert lines(rows()) == ["nothing was refused"]
    by_design = [
        row(number, rule=rule, message=EXCLUDED_MESSAGE) for number, rule in enumerate(["part", "bus", "part"])
    ]
    assert lines(rows(*by_design)) == ["left out by design: 1 bus, 2 part", "nothing was refused"]
    assert lines(rows(*by_design * 500))[0] == "left out by design: 500 bus, 1,000 part"


def test_a_refused_record_is_told_by_identity_text_address_and_itself() -> None:
    frame = rows(row(1, identity="car-1", message="breaks vin"), row(2, column=None, value=None, message="no object"))
    assert lines(frame, {"part#0/1": '{"id":"car-1"}'}) == [
        "1 records break vin (column vin)",
        "  es car-1: x",
        "    part#0/1",
        '    {"id":"car-1"}',
        "1 records break vin",
        "  es without identity: no object",
        "    part#0/2",
        "    the archive no longer has it",
    ]


def test_of_each_rule_two_records_are_shown_the_first_in_the_archive() -> None:
    frame = rows(row(5), row(3), row(4), row(2, market="gb"), row(1, market="gb"))
    found = Grouped(frame)
    assert (found.refused, found.examples) == (5, {"part#0/3": "es", "part#0/4": "es"})
    assert [line.strip() for line in lines(frame) if line.startswith("    part")] == ["part#0/3", "part#0/4"]
    assert lines(frame)[0] == "5 records break vin (column vin)"


def test_the_rules_that_most_records_broke_come_first_and_then_by_name() -> None:
    frame = rows(row(1, rule="c"), row(2, rule="b"), row(3, rule="a"), row(4, rule="c"))
    assert [rule for rule, _, _ in Grouped(frame).groups] == ["c", "a", "b"]


@pytest.mark.parametrize(("many", "more"), [(20, []), (21, ["and 1 other rules"]), (23, ["and 3 other rules"])])
def test_twenty_rules_are_shown_and_the_others_counted(many: int, more: list[str]) -> None:
    frame = rows(*(row(number, rule=f"rule{number:02}") for number in range(many)))
    told = lines(frame)
    assert sum("records break" in line for line in told) == 20
    assert [line for line in told if line.startswith("and ")] == more
    assert len(Grouped(frame).examples) == 20


# --- the records -------------------------------------------------------------------------------------------------


def records_of(examples: dict[str, str], pages: dict[str, list[PageBody]] | Cause) -> dict[str, str]:
    """The records at these addresses of an archive with these pages, by market."""

    def read_seal(*_: object) -> Manifest:
        if isinstance(pages, Cause):
            raise PlatformError(pages, "there is none")
        return manifest(*map(market_seal, pages))

    def read_pages(_lake: object, seal: Any) -> Iterator[PageBody]:
        assert not isinstance(pages, Cause)
        asked.append(seal.market)
        yield from pages[seal.market]

    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("raw.archive.seal.read_seal", read_seal)
        patch.setattr("raw.archive.reader.read_pages", read_pages)
        patch.setattr("transformed.mapping.loading.mapping_of", lambda *_: SimpleNamespace(record=SCHEMA))
        found = quarantine._records(NOBODY, "maker", endpoint(), DAY, examples)
    assert set(asked) <= set(examples.values()), "no other market is read"
    return found


def page(market: str, number: int, *ids: str) -> PageBody:
    body = json.dumps({"cars": [{"id": one, "owner": "Ana"} for one in ids]}).encode()
    return PageBody(market, f"raw/a/part-0.parquet#{number}", AT, body)


def test_only_the_records_at_the_addresses_are_read_and_only_what_the_mapping_reads_of_them() -> None:
    pages = {"es": [page("es", 0, "a", "b"), page("es", 1, "c")], "gb": [page("gb", 7, "d")]}
    at = "raw/a/part-0.parquet#"
    assert records_of({f"{at}0/1": "es", f"{at}1/0": "es"}, pages) == {
        f"{at}0/1": '{"id":"b"}',
        f"{at}1/0": '{"id":"c"}',
    }
    assert records_of({f"{at}0/0": "es", f"{at}7/0": "fr"}, pages) == {f"{at}0/0": '{"id":"a"}'}
    assert records_of({}, Cause.CONNECTION) == {}, "the archive is not asked"


def test_a_day_that_the_archive_no_longer_has_holds_no_records_and_damage_is_told() -> None:
    assert records_of({"part#0/0": "es"}, Cause.NEVER_LANDED) == {}
    with pytest.raises(PlatformError, match="archive_damaged"):
        records_of({"part#0/0": "es"}, Cause.ARCHIVE_DAMAGED)


def test_a_record_of_six_hundred_characters_is_whole_and_a_longer_one_is_cut() -> None:
    def text_of(length: int) -> str:
        record = {"id": "x" * (length - len('{"id":""}'))}
        return record_text(json.dumps({"cars": [record]}).encode(), "cars", 0, SCHEMA)

    assert len(text_of(600)) == 600
    assert text_of(601) == text_of(600)[:598] + 'x"...'


def test_what_is_of_another_kind_than_declared_is_told_by_its_kind_alone() -> None:
    schema = pl.Struct({"id": pl.String, "dealer": pl.Struct({"city": pl.String}), "tags": pl.List(pl.String)})

    def shown(**record: object) -> object:
        return json.loads(record_text(json.dumps({"cars": [record]}).encode(), "cars", 0, schema))

    assert shown(id={"name": "Ana"}, dealer=["Ana"], tags={"a": 1}) == {
        "id": "<dict>",
        "dealer": "<list>",
        "tags": "<dict>",
    }
    assert shown(id=5, dealer="Ulm", tags=["a", ["Ana"], None]) == {
        "id": 5,
        "dealer": "Ulm",
        "tags": ["a", "<list>", None],
    }
    assert record_text(b'{"cars": 5}', "cars", 0, schema) == "it cannot be read as JSON"


# --- the command -------------------------------------------------------------------------------------------------


def told(
    quarantines: dict[str, pl.DataFrame | Cause],
    capsys: pytest.CaptureFixture[str],
    *options: str,
    typed: tuple[date, ...] = (DAY,),
) -> tuple[int, list[str]]:
    """What the command says of a maker's endpoints, by name."""

    def read_report(_lake: object, _oem: str, _name: str, day: date) -> Any:
        assert day == DAY
        return iter_of.pop(0)

    def read_quarantine(_lake: object, name: str) -> pl.DataFrame:
        found = quarantines[name]
        if isinstance(found, Cause):
            raise PlatformError(found, "there is none")
        return found

    iter_of: list[str] = list(quarantines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quarantine, "maker_argument", lambda _: MAKER)
        patch.setattr("resources.lake.lake.lake_from_env", lambda: None)
        patch.setattr("transformed.day.report.read_report", read_report)
        patch.setattr("transformed.day.report.typed_days", lambda *_: list(typed))
        patch.setattr("transformed.day.output.read_quarantine", read_quarantine)
        patch.setattr(quarantine, "_records", lambda *_: {})
        code = main(["--oem", "maker", *options])
    return code, capsys.readouterr().out.splitlines()


def test_a_maker_of_whom_nothing_was_refused_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told({"one": rows(), "two": Cause.NEVER_LANDED}, capsys, "--date", DAY.isoformat())
    assert code == 0
    assert said == [
        f"== maker one {DAY}", "nothing was refused", f"== maker two {DAY}", "the day was never typed"
    ]  # fmt: skip


def test_refused_records_of_any_endpoint_are_a_failure_that_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told({"one": rows(row(1)), "two": rows()}, capsys)
    assert code == 1
    assert said[-1] == "mend transformed/maker.py, then: make diff OEM=maker, and make publish"
    assert said[0] == f"== maker one {DAY}"
    assert f"== maker two {DAY}" in said


def test_what_steers_a_terminal_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = told({"one": rows(row(1, value="a\x1b[5mb")), "two": rows()}, capsys)
    assert "  es without identity: a\ufffd[5mb" in said


def test_the_last_typed_day_is_shown_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    days = (date(2026, 11, 19), DAY, date(2026, 11, 18))
    assert told({"one": rows(), "two": rows()}, capsys, typed=days)[1][0] == f"== maker one {DAY}"
    code, said = told({}, capsys, typed=())
    assert (code, said) == (0, [f"== maker {name}: no day was typed yet" for name in ("one", "two")])


def test_a_report_that_is_damaged_is_told_and_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert told({"one": Cause.TRANSFORMED_DAMAGED, "two": rows()}, capsys)[0] == 2
