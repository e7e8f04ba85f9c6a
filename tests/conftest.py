"""Fixtures that every test module may ask for: the real servers, started once a test process when first asked for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest

from tests.support.counts import load_hypothesis_profile
from tests.support.servers import PostgresServer, S3Server, postgres_server, s3_server

load_hypothesis_profile()


MOST_WORKERS = 8  # each starts an S3 server and a PostgreSQL of its own


@pytest.hookimpl(optionalhook=True)  # only pytest-xdist knows the hook
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means: one worker more than there are cores, since tests wait for servers and tasks."""
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests first, so that no worker begins a long module when the others are done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What is imported by now is never garbage: collections that do not look at it save a tenth of the CPU time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(autouse=True)
def no_remembered_storage() -> Iterator[None]:
    """s3fs hands out the same instance again, with the endpoint that the environment named when it was made."""
    yield
    if "s3fs" in sys.modules:
        sys.modules["s3fs"].S3FileSystem.clear_instance_cache()
