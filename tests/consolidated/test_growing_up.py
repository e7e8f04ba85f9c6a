"""A lake written by an older version is taken over; the tables of a lake are made again from its archive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from consolidated.day import rebuild as rebuilding
from consolidated.day import retype
from consolidated.day.decision import decide_day
from consolidated.day.feeds import feeds_of, feeds_of_maker
from consolidated.day.inventory import consolidate_inventory
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.tasks import compact_tables, expire_snapshots, sweep_tables, tag_tables
from consolidated.tables.columns import VEHICLE
from consolidated.tables.definitions import TABLES
from consolidated.tables.iceberg import IcebergStore
from raw.endpoint.declaration import Inventory
from raw.wiring.discovery import Oem, discover
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import Lake
from tests.support.counts import IS_SOAK
from tests.support.make_old_lake import DAYS
from tests.support.old_lake import old_lake

pytestmark = pytest.mark.slow

OF_THE_ATTEMPT = ("attempt", "fetch_seconds")


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    with old_lake() as folder:
        monkeypatch.setenv("LAKE_URI", str(folder))
        yield Lake(folder.as_uri())


def makers_in(lake: Lake) -> list[Oem]:
    """The makers that the old lake has, those with the fewest markets first."""
    found = [one for one in discover() if one.name in lake.list("raw")]
    assert found
    return sorted(found, key=lambda one: sum(len(endpoint.markets) for endpoint in one.endpoints))


def consolidate(lake: Lake, maker: Oem, day: date) -> list[str]:
    outcomes = consolidate_inventory(
        lake=lake,
        store=store(lake),
        oem=maker.name,
        feeds=feeds_of(lake, maker.name, maker.yielding(Inventory)),
        day=day,
    )
    return [one.market for one in outcomes if one.accepted]


def store(lake: Lake) -> IcebergStore:
    return IcebergStore(load_lake_catalog(lake), lake)


def table(lake: Lake, name: str) -> pl.DataFrame:
    return pl.scan_iceberg(load_lake_catalog(lake).load_table(f"consolidated.{name}")).collect()


def only_the_smallest_maker(lake: Lake) -> Oem:
    """The maker with the fewest markets; the archive and the typed days of the others go, to save time."""
    smallest, *others = makers_in(lake)
    for other in others:
        for tier in ("raw", "transformed"):
            shutil.rmtree(lake.storage_path(f"{tier}/{other.name}"), ignore_errors=True)
    return smallest


def content(lake: Lake, maker: Oem | None = None) -> dict[str, pl.DataFrame]:
    """Every table (of one maker) in a fixed order, without what tells one attempt from another."""
    frames = {}
    for definition in TABLES:
        frame = table(lake, definition.name).drop(OF_THE_ATTEMPT, strict=False)
        if maker is not None:
            frame = frame.filter(oem=maker.name)
        frame = frame.select(list(dict.fromkeys(name for name in definition.columns if name in frame.columns)))
        keys = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
        frames[definition.name] = frame.sort(keys)
    return frames


def say_nothing(_line: str) -> None:
    pass


def test_a_lake_of_an_older_version_grows_up(lake: Lake) -> None:
    """Nights again, a late day, decisions, maintenance: all on the tables as the older version left them."""
    maker = makers_in(lake)[-1 if IS_SOAK else 0]
    before = table(lake, "inventory").filter(oem=maker.name)
    events_before = table(lake, "inventory_events").filter(oem=maker.name)
    markets = consolidate(lake, maker, DAYS[-1])
    assert markets
    after = table(lake, "inventory").filter(oem=maker.name)
    # the same stock, and the columns that are new are filled
    assert sorted(after["vehicle_id"]) == sorted(before["vehicle_id"])
    assert after["spell_started_is_censored"].null_count() == after["days_listed_total"].null_count() == 0
    kinds = ("listed", "relisted", "covered", "delisted")
    for frame in (events_before, table(lake, "inventory_events").filter(oem=maker.name)):
        assert set(frame.filter(pl.col("kind").is_in(kinds))["event_id"]) == set(
            events_before.filter(pl.col("kind").is_in(kinds))["event_id"]
        )

    # a late day, which today's code types again; and a word that is taken back
    consolidate(lake, maker, DAYS[0])
    told = content(lake)
    assert set(told["inventory_events"].filter(pl.col("kind").is_in(kinds))["event_id"]) >= set(
        events_before.filter(pl.col("kind").is_in(kinds))["event_id"]
    )
    for decision in ("refuse", None):
        decide_day(
            store=store(lake), lake=lake, oem=maker.name, market=markets[0], day=DAYS[1], decision=decision,
            note="a try", by="ana", feeds=feeds_of_maker(lake, maker.name),
        )  # fmt: skip
    again = content(lake)
    for name in ("inventory", "inventory_events", "inventory_daily"):
        assert again[name].equals(told[name]), name

    # columns that the tables gained are filled, and no event tells of them: each day is compared with like
    gained = set(VEHICLE) - set(before.columns)
    filled = [name for name in sorted(gained) if again["inventory_daily"][name].count()]
    assert filled
    changes = again["inventory_events"]["changes"].explode().drop_nulls()
    assert set(changes.struct.field("field")).isdisjoint(gained)

    catalog = load_lake_catalog(lake)
    settings = MaintenanceSettings(grace_hours=0, snapshot_days=0, snapshots_at_least=1)
    rows = content(lake)
    tag_tables(catalog, datetime.now(UTC).date(), settings)
    compact_tables(catalog, settings)
    expire_snapshots(catalog, settings)
    for _ in range(2):
        sweep_tables(lake, catalog, settings)
    for name, frame in content(lake).items():
        assert frame.equals(rows[name]), name


def test_files_of_an_older_layout_are_written_into_the_new_one(lake: Lake) -> None:
    store(lake).prepare("sandbox")
    rows = content(lake)
    catalog = load_lake_catalog(lake)
    for again in (False, True):
        done = compact_tables(catalog, MaintenanceSettings())
        assert any(one.counts["partitions"] for one in done) is not again
        for definition in TABLES:
            of = catalog.load_table(definition.identifier)
            files = {task.file.spec_id for task in of.scan().plan_files()}
            assert files <= {of.spec().spec_id}, definition.name
        for name, frame in content(lake).items():
            assert frame.equals(rows[name]), name


@pytest.mark.parametrize("how", ["the catalog is lost", pytest.param("copied", marks=pytest.mark.soak)])
def test_the_tables_are_made_again_with_the_operators_words(
    lake: Lake, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = only_the_smallest_maker(lake)
    assert retype.main(["--oem", maker.name]) == 0
    market = min(maker.yielding(Inventory)[0].markets)
    decide_day(
        store=store(lake), lake=lake, oem=maker.name, market=market, day=DAYS[1], decision="refuse", note="why",
        by="ana", feeds=feeds_of_maker(lake, maker.name),
    )  # fmt: skip
    lake.stamp("sandbox")
    told = content(lake, maker)
    folder = Path(lake.storage_path(""))
    if how == "copied":
        shutil.copytree(folder, tmp_path / "copy")
        monkeypatch.setenv("LAKE_URI", str(tmp_path / "copy"))
        lake = Lake((tmp_path / "copy").as_uri())
    else:
        (folder / "catalog.db").unlink()
    with pytest.raises(PlatformError) as failure:
        consolidate(lake, maker, DAYS[-1])
    assert failure.value.cause in (Cause.CATALOG_LOST, Cause.LAKE_MOVED)
    assert rebuilding.main([]) == 0
    again = content(lake, maker)
    assert "" not in set(again["runs"]["interpretation"])
    for name in ("inventory", "inventory_events", "inventory_daily", "inventory_sightings", "dealers", "runs"):
        assert again[name].equals(told[name]), name
    assert json.loads(lake.read_bytes("source.json"))["address"] == lake.uri
    # and the files of the tables before, which nothing names any more, are swept
    settings = MaintenanceSettings(grace_hours=0, snapshot_days=0, snapshots_at_least=1)
    for _ in range(2):
        swept = sweep_tables(lake, load_lake_catalog(lake), settings)
    assert sum(one.counts["removed_files"] for one in swept) > 0
    for name, frame in content(lake, maker).items():
        assert frame.equals(again[name]), name


def test_a_command_that_needs_no_lake_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert retype.main(["--oem", "nobody", "--since", "soon"]) == 2
    assert "SINCE=soon is not a date" in capsys.readouterr().err


def test_an_unknown_maker_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "none"))
    assert retype.main(["--oem", "nobody"]) == 2
    assert "OEM=nobody is none of" in capsys.readouterr().err
    assert rebuilding.main([]) == 2
    assert "was never written" in capsys.readouterr().err
