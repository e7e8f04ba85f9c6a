"""Fixtures that every test module may ask for: the real servers, started once a test process when first asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.support.counts import load_hypothesis_profile
from tests.support.servers import PostgresServer, S3Server, postgres_server, s3_server

load_hypothesis_profile()


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
