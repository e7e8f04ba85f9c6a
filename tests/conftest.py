"""Fixtures that every test module may ask for: the real servers, started once a test process when first asked for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from raw.wiring.discovery import Oem
from tests.support.counts import load_hypothesis_profile
from tests.support.declared import LIGHTEST
from tests.support.processes import PRELOAD, VICTIMS, Zygote
from tests.support.processes import zygote as fork_server
from tests.support.servers import PostgresServer, S3Server, postgres_server, s3_server

load_hypothesis_profile()
# collecting is importing, of which nothing is garbage: see `pytest_collection_finish`
gc.disable()
# the tests' own `make` says what it says to a user, also where `make test` runs the tests
for _name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(_name, None)


# by the CPU time that each takes
LONGEST = (
    "consolidated/test_dagster_ui.py",
    "ecs/test_night.py",
    "laws/test_03_idempotence.py",
    "consolidated/test_nightly.py",
    "consolidated/test_readers.py",
    "consolidated/test_change.py",
    "sandbox/test_makers.py",
    "ecs/test_deploy_stack.py",
    "consolidated/test_replay.py",
    "consolidated/test_growing_up.py",
    "consolidated/test_faults.py",
    "makers/test_the_walk_through.py",
    "consolidated/test_night_on_a_terminal.py",
    "resources/test_lake_nights.py",
    "ecs/test_rig.py",
    "ecs/test_executor.py",
    "consolidated/test_outages.py",
    "laws/test_06_no_lost_commit.py",
    "consolidated/test_maintenance.py",
    "consolidated/test_commit_unknown.py",
    "ecs/test_deploy_image.py",
    "ecs/test_executor_faults.py",
)
QUICK = "not slow and not soak"  # what `make quick` chooses
MOST_WORKERS = 8  # each starts an S3 server and a PostgreSQL of its own


def pytest_make_parametrize_id(val: object) -> str | None:
    """A test is named by the number of its bytes: what gzip compresses holds the second in which it was compressed, and
    workers that collect in different seconds would find different tests."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.hookimpl(optionalhook=True)  # only pytest-xdist knows the hook
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` means: one worker more than there are cores, since slow tests wait for servers and tasks.

    The tests of `make quick` compute, and each worker's imports cost as much as many of them: a worker a core.
    """
    waiting = 0 if config.getoption("markexpr") == QUICK else 1
    return min((os.cpu_count() or 1) + waiting, MOST_WORKERS)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses by the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What `make quick` leaves out, and which module begins first.

    A test that asks every maker is asked of one maker in `make quick`, so that a new maker does not lengthen it. The
    modules in LONGEST come first, then the others with slow tests, so that no worker begins a long module when the
    other workers are done.
    """
    for item in items:
        maker = getattr(item, "callspec", None) and item.callspec.params.get("oem")  # type: ignore[attr-defined]
        if isinstance(maker, Oem) and maker.name != LIGHTEST[0].name:
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (places.get(item.path, len(places)), item.path not in slow))


def pytest_collection_finish() -> None:
    """What is imported by now is never garbage: not to look at it saves a seventh of the CPU time of collecting tests,
    and a tenth of that of running them."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """The parent of the tests' processes, with all that a coordinator or a step imports."""
    with fork_server(*PRELOAD, VICTIMS) as process:
        yield process


@pytest.fixture(autouse=True)
def no_remembered_storage() -> Iterator[None]:
    """s3fs hands out the same instance again, with the endpoint that the environment named when it was made."""
    yield
    if "s3fs" in sys.modules:
        sys.modules["s3fs"].S3FileSystem.clear_instance_cache()
