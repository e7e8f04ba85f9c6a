"""Law 3: a step run twice, or killed at any moment and run again, leaves the same tables.

The steps of each tier are killed by signal 9, beside a write or a commit and at random moments, on a folder and on S3
with PostgreSQL. S3 and PostgreSQL are restarted in the middle of a night.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.support.counts import IS_SOAK, count
from tests.support.kills import DAY, TIERS, Folder, Kills, S3WithPostgres, Tier, undisturbed
from tests.support.nights import night_in
from tests.support.processes import Zygote
from tests.support.representatives import ONE
from tests.support.servers import PostgresServer, S3Server, postgres_server, s3_server

pytestmark = pytest.mark.slow

# each tier is killed on one storage, and each storage has two tiers killed; every tier on both under `make soak`
ON_A_FOLDER, ON_S3 = (TIERS, TIERS) if IS_SOAK else (("raw", "maintenance"), ("transformed", "consolidated"))
ON_A_FULL_DISK = TIERS if IS_SOAK else ("transformed", "consolidated")
KILLS = count(1, 25)  # of each of these tiers
FREE_BYTES = (700, 100, 3000)[: count(1, 3)]  # how large a file can grow; each tier writes larger ones
RESTARTS = count(1, 10)  # of each server


def test_a_night_again_commits_nothing_although_it_is_fetched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with night_in(tmp_path, monkeypatch, oems=ONE) as night:
        for day in (DAY - timedelta(days=1), DAY):
            assert night.run("nightly", day).success
        snapshots = night.snapshots()
        assert night.run("nightly", DAY).success
        assert night.snapshots() == snapshots
        assert set(night.table("inventory")["oem"]) == {oem.name for oem in ONE}
        # the second night had something to tell
        runs = night.table("runs").filter(pl.col("date") == DAY, pl.col("table") == "inventory")
        stock = runs["vehicles"].sum()
        for count, most in (("listed", 0.06), ("disappeared", 0.06), ("price_changes", 0.08)):
            assert 0 < int(runs[count].sum()) < float(stock) * most, f"{count}: {runs[count].sum()} of {stock}"


@pytest.fixture(scope="module")
def kills_on_a_folder(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    yield from undisturbed(Kills(Folder(tmp_path_factory.mktemp("kills")), zygote), nights_before=2)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[S3Server, PostgresServer]]:
    """Servers of this module's own, because it restarts them."""
    with s3_server() as s3, postgres_server() as postgres:
        yield s3, postgres


@pytest.fixture(scope="module")
def kills_on_s3(zygote: Zygote, servers: tuple[S3Server, PostgresServer]) -> Iterator[Kills]:
    """A step costs two and a half times that on a folder. Its leftovers are swept there in `test_maintenance.py`."""
    tiers = TIERS if IS_SOAK else TIERS[: TIERS.index("maintenance")]
    kills = Kills(S3WithPostgres(*servers), zygote, tiers, sweeps=IS_SOAK)
    yield from undisturbed(kills, nights_before=count(1, 2))


@pytest.mark.parametrize("number", range(KILLS))
@pytest.mark.parametrize("tier", ON_A_FOLDER)
def test_killed_on_a_folder_with_sqlite(kills_on_a_folder: Kills, tier: Tier, number: int) -> None:
    kills_on_a_folder.killed_and_run_again(tier, number, KILLS, beside_a_write=number % 2 == 0)


@pytest.mark.parametrize("free_bytes", FREE_BYTES)
@pytest.mark.parametrize("tier", ON_A_FULL_DISK)
def test_a_disk_that_fills(kills_on_a_folder: Kills, tier: Tier, free_bytes: int) -> None:
    """One line names the cause and the place; run again with room, it is the undisturbed night."""
    failure = kills_on_a_folder.failure_on_a_full_disk(tier, free_bytes)
    assert failure is not None
    cause, message = failure
    assert cause == "lake_unwritable", message
    assert "\n" not in message
    assert kills_on_a_folder.storage.uri.removeprefix("file://") in message


@pytest.mark.parametrize("number", range(KILLS))
@pytest.mark.parametrize("tier", ON_S3)
def test_killed_on_s3_with_postgresql(kills_on_s3: Kills, tier: Tier, number: int) -> None:
    kills_on_s3.killed_and_run_again(tier, number, KILLS, beside_a_write=number % 2 == 1)


@pytest.mark.parametrize("number", range(RESTARTS))
@pytest.mark.parametrize("server", ["S3", "PostgreSQL"])
def test_a_server_restarted_in_the_middle_of_a_night(
    kills_on_s3: Kills, servers: tuple[S3Server, PostgresServer], server: str, number: int
) -> None:
    """The night goes on, or ends with an error of this project; run again, it is the undisturbed night.

    Only consolidated asks PostgreSQL, so half of its restarts, the first included, are in the middle of that tier.
    """
    of_a_tier = server == "PostgreSQL" and number % 2 == 0
    tiers: list[Tier] = ["consolidated"] if of_a_tier else ["raw", "transformed", "consolidated"]
    kills_on_s3.storage.put_back(f"before_{tiers[0]}")
    seconds = sum(kills_on_s3.seconds[tier] for tier in tiers)
    with ThreadPoolExecutor(1) as threads:
        night = threads.submit(kills_on_s3.step, "consolidated") if of_a_tier else threads.submit(kills_on_s3.night)
        wait([night], timeout=random.Random(number).uniform(0.2, 0.9) * seconds)  # noqa: S311
        servers[server == "PostgreSQL"].restart()
        error = night.exception()
    assert error is None or "resources.failures.PlatformError" in str(error), error
    kills_on_s3.run_again(tiers[0])
