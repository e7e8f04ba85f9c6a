"""Which archived days are typed again, what is told of each, and which failures end the command: neighbours by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.words import endpoint
from transformed.contract.contracts import Vehicle
from transformed.day import retype, sightings
from transformed.day.output import Output
from transformed.day.report import Report
from transformed.day.retype import archived_days, retype_days, retyped_rows

FEED = endpoint()
DAYS = [date(2026, 11, number) for number in range(20, 25)]
NOBODY: Any = None


def failing(cause: Cause) -> PlatformError:
    return PlatformError(cause, "as it is")


class Days:
    """The archived days of a maker, each with what its report says: an interpretation, or why there is none; and
    what typing it again raises. typed: the days that were typed now."""

    def __init__(self, known: dict[date, str | Cause], broken: dict[date, Cause] | None = None) -> None:
        self.known, self.broken = known, broken or {}
        self.typed: list[date] = []
        self.told: list[str] = []

    def read_report(self, _lake: object, _oem: str, _name: str, day: date) -> Any:
        found = self.known[day]
        if isinstance(found, Cause):
            raise failing(found)
        return SimpleNamespace(interpretation=found)

    def transform_day(self, *, lake: object, oem: str, endpoint: Endpoint, day: date) -> Any:
        if day in self.broken:
            raise failing(self.broken[day])
        self.typed.append(day)
        return SimpleNamespace(markets={name: SimpleNamespace(accepted=day.day) for name in ("es", "gb")})

    def again(self, since: date | None = None, endpoints: tuple[Endpoint, ...] = (FEED,)) -> list[date]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(retype, "interpretation", lambda *_: "present")
            patch.setattr(retype, "archived_days", lambda *_: sorted(self.known))
            patch.setattr(retype, "read_report", self.read_report)
            patch.setattr(retype, "transform_day", self.transform_day)
            return retype_days(NOBODY, "maker", since, self.told.append, endpoints=endpoints)


def test_days_of_another_interpretation_or_of_none_are_typed_again() -> None:
    causes = (Cause.NEVER_LANDED, Cause.FORMAT_UNKNOWN, Cause.TRANSFORMED_DAMAGED)
    days = Days(dict(zip(DAYS, ["present", "another", *causes], strict=True)))
    assert days.again() == days.typed == DAYS[1:]
    assert days.told == [
        "maker feed: 4 of 5 archived days are to be typed again",
        *(f"maker feed {day}: {2 * day.day} rows ({number} of 4)" for number, day in enumerate(DAYS[1:], start=1)),
    ]


def test_the_first_day_that_is_looked_at_is_looked_at_too() -> None:
    days = Days(dict.fromkeys(DAYS, "another"))
    assert days.again(since=DAYS[2]) == DAYS[2:]
    assert days.told[0] == "maker feed: 3 of 3 archived days are to be typed again"


def test_a_day_that_the_archive_has_lost_stays_as_it_is_and_the_next_one_is_typed() -> None:
    days = Days(dict.fromkeys(DAYS[:2], "another"), {DAYS[0]: Cause.ARCHIVE_DAMAGED})
    assert days.again() == [DAYS[1]]
    assert days.told[1] == f"{DAYS[0]} stays as it is: {failing(Cause.ARCHIVE_DAMAGED)}"
    assert days.told[2].endswith("(2 of 2)")


def test_any_other_failure_ends_the_command() -> None:
    with pytest.raises(PlatformError, match="lake_unwritable"):
        Days({DAYS[0]: "another"}, {DAYS[0]: Cause.LAKE_UNWRITABLE}).again()
    with pytest.raises(PlatformError, match="connection"):
        Days({DAYS[0]: Cause.CONNECTION}).again()


def test_days_of_several_endpoints_are_named_once_in_order() -> None:
    days = Days(dict.fromkeys(reversed(DAYS), "another"))
    assert days.again(endpoints=(FEED, endpoint(name="other"))) == DAYS
    assert len(days.typed) == 2 * len(DAYS)


def test_the_endpoints_are_the_makers_where_none_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    makers = [Oem("maker", (endpoint(name="one"), endpoint(name="two"))), Oem("another", ())]
    monkeypatch.setattr(retype, "discover", lambda: makers)
    days = Days({})
    assert days.again(endpoints=()) == []
    assert [line.partition(":")[0] for line in days.told] == ["maker one", "maker two"]
    with pytest.raises(PlatformError) as raised:
        retype_days(NOBODY, "nobody", None, print)
    assert (raised.value.cause, raised.value.detail) == (Cause.CONFIGURATION, "there is no maker nobody")
    assert raised.value.advice == "Name one of another, maker."


def test_a_sealed_day_is_archived_and_so_is_one_whose_seal_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path.as_uri())
    causes = {DAYS[1]: Cause.NEVER_LANDED, DAYS[2]: Cause.ARCHIVE_DAMAGED}

    def read_seal(_lake: object, oem: str, name: str, day: date) -> None:
        assert (oem, name) == ("maker", "feed")
        if day in causes:
            raise failing(causes[day])

    monkeypatch.setattr(retype, "read_seal", read_seal)
    for name in (*map(str, DAYS), f"{DAYS[0]}-copy", "20261120"):
        lake.write_atomic(f"raw/maker/feed/{name}/manifest.json", b"{}")
    assert archived_days(lake, "maker", FEED) == [DAYS[0], *DAYS[2:]]
    causes[DAYS[2]] = Cause.CONNECTION
    with pytest.raises(PlatformError, match="connection"):
        archived_days(lake, "maker", FEED)


def in_memory(monkeypatch: pytest.MonkeyPatch, *parts: pl.DataFrame, seen: pl.DataFrame | None = None) -> Any:
    """A day typed in memory whose markets write these parts."""

    def type_day(_lake: object, _seal: object, _endpoint: object, _day: object, output: Output) -> Report:
        for part in parts:
            output.write_part(part)
        beside = None if seen is None else output.write_beside("sightings", seen)
        return Report(
            oem="maker", name="inventory", endpoint="feed", table="inventory", date=DAYS[0].isoformat(),
            source="sandbox", contract_version=2, files=output.files(), quarantine_file="quarantine",
            quarantined_by_rule={}, markets={}, sightings_file=beside, drift=["a field"],
        )  # fmt: skip

    monkeypatch.setattr(retype, "read_seal", lambda *_: None)
    monkeypatch.setattr(retype, "type_day", type_day)
    return retyped_rows(NOBODY, "maker", FEED, DAYS[0])


def test_a_day_typed_in_memory_has_its_rows_and_sightings_and_names_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = pl.DataFrame([("es", "a", None, "accepted")], schema=sightings.SCHEMA, orient="row")
    parts = [pl.DataFrame({"listing_id": [name]}) for name in "ab"]
    found = in_memory(monkeypatch, *parts, seen=seen)
    assert found.rows["listing_id"].to_list() == ["a", "b"]
    assert found.sightings.rows() == seen.rows()
    report = found.report
    assert (report.files, report.quarantine_file, report.sightings_file) == ([], None, None)
    assert report.drift == ["a field"]


def test_an_empty_day_has_the_columns_of_the_contract_and_of_sightings(monkeypatch: pytest.MonkeyPatch) -> None:
    found = in_memory(monkeypatch)
    assert (found.rows.height, found.rows.columns) == (0, Vehicle.column_names())
    assert (found.sightings.height, found.sightings.schema) == (0, sightings.SCHEMA)


@pytest.mark.parametrize(("cause", "is_raised"), [(Cause.NEVER_LANDED, False), (Cause.ARCHIVE_DAMAGED, True)])
def test_only_a_day_that_never_landed_is_none(cause: Cause, is_raised: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_seal(*_: object) -> None:
        raise failing(cause)

    monkeypatch.setattr(retype, "read_seal", read_seal)
    if is_raised:
        with pytest.raises(PlatformError, match="archive_damaged"):
            retyped_rows(NOBODY, "maker", FEED, DAYS[0])
    else:
        assert retyped_rows(NOBODY, "maker", FEED, DAYS[0]) is None
