"""`make rebuild`: what is put aside, what has to be empty, what is done of each maker, and how it goes on."""

from __future__ import annotations

import io
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consolidated.day import rebuild as module
from consolidated.day.rebuild import main, rebuild
from consolidated.tables import catalog_tables, record
from consolidated.tables.definitions import DEALERS, REPLACES_PROPERTY, RUNS
from resources.failures import Cause, PlatformError
from resources.lake.catalog import SQLITE_FILE, load_lake_catalog
from resources.lake.lake import Lake


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake of two tables."""
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS, RUNS))
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    lake = Lake(tmp_path.as_uri())
    lake.stamp("sandbox")
    return lake


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is done of the two makers; the lists of days and rows are left out."""
    calls: list[tuple[Any, ...]] = []

    def noted(name: str) -> Callable[..., None]:
        def note(*arguments: Any, **named: Any) -> None:
            named = {key: one for key, one in named.items() if key in ("maker", "since")}
            calls.append((name, *(getattr(one, "name", one) for one in (*arguments[1:3], *named.values()))))

        return note

    makers = [SimpleNamespace(name="first"), SimpleNamespace(name="second")]
    monkeypatch.setattr("raw.wiring.discovery.discover", lambda: makers)
    monkeypatch.setattr("transformed.day.retype.retype_days", noted("typed"))
    monkeypatch.setattr("consolidated.day.many.consolidate_many", noted("merged"))
    monkeypatch.setattr("consolidated.day.market_daily.write_market_daily", noted("counted"))
    return calls


def of(maker: str) -> list[tuple[Any, ...]]:
    return [("typed", maker, None), ("merged", maker, None), ("counted", maker)]


def ids(lake: Lake) -> dict[str, str]:
    catalog = load_lake_catalog(lake)
    return {one.name: str(catalog.load_table(one.identifier).metadata.table_uuid) for one in (DEALERS, RUNS)}


def test_tables_are_made_anew_and_name_those_in_whose_place_they_stand(
    lake: Lake, done: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog_tables.ensure_tables(load_lake_catalog(lake), "sandbox")
    before = ids(lake)
    record.keep(lake, load_lake_catalog(lake), before)
    assert main([]) == 0
    (aside,) = tmp_path.glob(f"{SQLITE_FILE}.*Z")
    assert capsys.readouterr().out == f"the catalog that was there is now {aside}\n"
    assert done == [*of("first"), *of("second")]
    after = ids(lake)
    assert {name: after[name] != before[name] for name in before} == {"dealers": True, "runs": True}
    catalog = load_lake_catalog(lake)
    replaces = {one.name: catalog.load_table(one.identifier).properties[REPLACES_PROPERTY] for one in (DEALERS, RUNS)}
    assert replaces == before
    assert lake.read_json(record.FILE)["tables"] == after
    assert not (tmp_path / module._UNDER_WAY).exists()


def test_a_rebuild_that_was_ended_goes_on_with_the_tables_that_it_has_made(
    lake: Lake, done: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("consolidated.day.many.consolidate_many", ended)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        rebuild(lake, said.append)
    assert said == [], "a lake without a catalog has nothing to put aside"
    made = ids(lake)
    monkeypatch.setattr("consolidated.day.many.consolidate_many", lambda **_: None)
    done.clear()
    rebuild(lake, said.append)
    assert (said, ids(lake)) == ([], made)
    assert [one[:2] for one in done] == [
        ("typed", "first"),
        ("counted", "first"),
        ("typed", "second"),
        ("counted", "second"),
    ]
    assert not (tmp_path / module._UNDER_WAY).exists()


@pytest.mark.parametrize("left", ["{", "[]", '{"address": "file:///elsewhere"}', "{}"])
def test_what_another_lakes_rebuild_left_does_not_count(lake: Lake, done: list[Any], tmp_path: Path, left: str) -> None:
    catalog_tables.ensure_tables(load_lake_catalog(lake), "sandbox")
    (tmp_path / module._UNDER_WAY).write_text(left)
    said: list[str] = []
    rebuild(lake, said.append)
    assert len(said) == 1
    assert done == [*of("first"), *of("second")]


def test_a_lake_that_was_moved_is_at_home_where_it_is_now(lake: Lake, done: list[Any]) -> None:
    lake.write_json("source.json", {"source": "sandbox", "address": "file:///elsewhere", "version": 2})
    rebuild(lake, lambda _: None)
    assert lake.source() == "sandbox"
    assert done


def test_a_lake_that_was_never_written_and_a_catalog_with_tables_are_refused(
    lake: Lake, done: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PlatformError, match="was never written") as failure:
        rebuild(Lake((tmp_path / "other").as_uri()), lambda _: None)
    assert failure.value.cause is Cause.CONFIGURATION
    # a catalog that is none of the lake's own files is not put aside
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__URI", f"sqlite:///{tmp_path}/another.db")
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__WAREHOUSE", f"{tmp_path.as_uri()}/iceberg")
    catalog_tables.ensure_tables(load_lake_catalog(lake), "sandbox")
    with pytest.raises(PlatformError, match="the catalog holds the tables dealers, runs") as failure:
        rebuild(lake, lambda _: None)
    assert failure.value.cause is Cause.CONFIGURATION
    assert done == []
    assert not (tmp_path / module._UNDER_WAY).exists()


def test_what_is_done_is_seen_at_once_also_in_a_file(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    class Log(io.StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    log = Log()

    def told(of: Lake, progress: Callable[[str], None]) -> None:
        progress(f"typed: {of.uri}")
        assert log.flushed == f"typed: {lake.uri}\n"

    monkeypatch.setattr(module, "rebuild", told)
    monkeypatch.setattr("sys.stdout", log)
    assert main([]) == 0


@pytest.mark.parametrize(("argument", "code", "said"), [("--all", 2, "unrecognized"), ("-h", 0, "make rebuild`: make")])
def test_the_command_takes_no_arguments_and_says_what_it_does(
    argument: str, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rebuild", argument])
    monkeypatch.delitem(sys.modules, "consolidated.day.rebuild")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("consolidated.day.rebuild", run_name="__main__")
    told = capsys.readouterr()
    assert (ended.value.code, said in told.out + told.err) == (code, True)


def test_only_the_catalog_of_a_lake_that_is_a_folder_is_put_aside(tmp_path: Path) -> None:
    file = tmp_path / SQLITE_FILE
    file.write_text("of a folder that has the name of the bucket")
    lake: Any = SimpleNamespace(is_local=False, storage_path=lambda name: str(tmp_path / name))
    module._put_aside_sqlite(lake, lambda _: pytest.fail("it is another's"))
    assert file.exists()
