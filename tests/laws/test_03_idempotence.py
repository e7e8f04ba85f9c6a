"""Law 3: a step run twice, or killed at any moment and run again, leaves the same tables.

Killed by signal 9 in raw and consolidated, at random moments and beside each write and commit.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.counts import count
from tests.support.declared import OEMS
from tests.support.nights import night_in
from tests.support.played import served
from tests.support.processes import VICTIMS, Zygote, zygote

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 23)
VEHICLES = 80
RANDOM_KILLS_OF_RAW = count(3, 70)
RANDOM_KILLS_OF_CONSOLIDATED = count(3, 130)
DELIBERATE_KILLS = count(2, 36)  # of each: in soak about every moment before and after a write or a commit


def test_nights_again_commit_nothing_although_they_are_fetched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with night_in(tmp_path, monkeypatch) as night:
        for day in (DAY - timedelta(days=1), DAY):
            assert night.run("nightly", day).success
            snapshots = night.snapshots()
            assert night.run("nightly", day).success
            assert night.snapshots() == snapshots
        assert set(night.table("inventory")["oem"]) == {oem.name for oem in OEMS}
        # the second night had something to tell
        runs = night.table("runs").filter(pl.col("date") == DAY, pl.col("table") == "inventory")
        stock = runs["vehicles"].sum()
        for count, most in (("listed", 0.06), ("disappeared", 0.06), ("price_changes", 0.08)):
            assert 0 < int(runs[count].sum()) < float(stock) * most, f"{count}: {runs[count].sum()} of {stock}"


@dataclass
class Kills:
    """A lake that is put back to what it was before the night, again and again, at the same place: Iceberg's
    metadata holds absolute paths. `before` is the lake before the step, `kept` holds copies of it."""

    folder: Path
    zygote: Zygote
    origin: str
    archived: dict[str, Any]
    content: dict[str, Any]
    seconds: dict[str, float]
    moments: dict[str, int]

    @property
    def uri(self) -> str:
        return Lake((self.folder / "lake").as_uri()).uri

    def put_back(self, before: str) -> None:
        shutil.rmtree(self.folder / "lake", ignore_errors=True)
        shutil.copytree(self.folder / before, self.folder / "lake")

    def keep(self, before: str) -> None:
        shutil.copytree(self.folder / "lake", self.folder / before)

    def fetch(self, day: date = DAY, **how: Any) -> Any:
        return self.zygote.run("fetch", uri=self.uri, day=day.isoformat(), origin=self.origin, **how)

    def transform(self, day: date = DAY) -> None:
        self.zygote.run("transform", uri=self.uri, day=day.isoformat())

    def consolidate(self, day: date = DAY, **how: Any) -> Any:
        return self.zygote.run("consolidate", uri=self.uri, day=day.isoformat(), **how)

    def assert_undisturbed(self) -> None:
        left = self.zygote.run("left_by", uri=self.uri, day=DAY.isoformat()).result
        assert left["archived"] == self.archived
        assert left["content"] == self.content
        assert left["strays"] == []


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    folder = tmp_path_factory.mktemp("kills")
    with zygote(VICTIMS) as forks:
        kills = Kills(folder, forks, "", {}, {}, {}, {})
        for number in (2, 1):
            with sandbox_of(DAY - timedelta(days=number)) as kills.origin:
                day = DAY - timedelta(days=number)
                kills.zygote.run("night", uri=kills.uri, day=day.isoformat(), origin=kills.origin)
        with sandbox_of(DAY) as kills.origin:
            kills.keep("before_raw")
            fetched = kills.fetch()
            kills.transform()
            kills.keep("before_consolidated")
            consolidated = kills.consolidate()
            kills.seconds |= {"raw": fetched.seconds, "consolidated": consolidated.seconds}
            kills.moments |= {"raw": fetched.result, "consolidated": consolidated.result}
            kills.archived |= kills.zygote.run("archived", uri=kills.uri, day=DAY.isoformat()).result
            kills.content |= kills.zygote.run("content", uri=kills.uri).result
            assert all(rows for rows, _ in kills.content.values())
            yield kills


@pytest.mark.parametrize("number", range(RANDOM_KILLS_OF_RAW))
def test_a_raw_step_killed_at_a_random_moment(kills: Kills, number: int) -> None:
    kills.put_back("before_raw")
    moment = random.Random(number).uniform(0, kills.seconds["raw"])  # noqa: S311
    outcome = kills.fetch(kill_after_seconds=moment)
    assert_rerun_of_raw(kills, killed=outcome.killed)


@pytest.mark.parametrize("place", range(DELIBERATE_KILLS))
def test_a_raw_step_killed_beside_a_write(kills: Kills, place: int) -> None:
    moment = spread(place, kills.moments["raw"])
    kills.put_back("before_raw")
    assert kills.fetch(die_at=moment).killed
    assert_rerun_of_raw(kills, killed=True)


@pytest.mark.parametrize("number", range(RANDOM_KILLS_OF_CONSOLIDATED))
def test_a_consolidated_step_killed_at_a_random_moment(kills: Kills, number: int) -> None:
    kills.put_back("before_consolidated")
    moment = random.Random(number).uniform(0, kills.seconds["consolidated"])  # noqa: S311
    kills.consolidate(kill_after_seconds=moment)
    kills.consolidate()
    kills.assert_undisturbed()


@pytest.mark.parametrize("place", range(DELIBERATE_KILLS))
def test_a_consolidated_step_killed_beside_a_commit(kills: Kills, place: int) -> None:
    moment = spread(place, kills.moments["consolidated"])
    kills.put_back("before_consolidated")
    assert kills.consolidate(die_at=moment).killed
    kills.consolidate()
    kills.assert_undisturbed()


def assert_rerun_of_raw(kills: Kills, *, killed: bool) -> None:
    """What the archive shows of the killed steps is each endpoint's whole day or nothing; rerun, it is the day."""
    shown = kills.zygote.run("archived", uri=kills.uri, day=DAY.isoformat()).result
    for endpoint, markets in shown.items():
        assert markets is None or markets == kills.archived[endpoint]
    assert killed or None not in shown.values()
    kills.zygote.run("night", uri=kills.uri, day=DAY.isoformat(), origin=kills.origin)
    kills.assert_undisturbed()


def spread(place: int, moments: int) -> int:
    """A moment for each place, evenly."""
    return (2 * place + 1) * moments // (2 * DELIBERATE_KILLS)


@contextmanager
def sandbox_of(day: date) -> Iterator[str]:
    with served(Sandbox(World(day, VEHICLES), None, "").handler()) as port:
        yield f"http://127.0.0.1:{port}"
