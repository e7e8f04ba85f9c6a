"""Fixtures that every test module may ask for: the real servers, started once a test process when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.counts import load_hypothesis_profile
from tests.servers import PostgresServer, S3Server, postgres_server, s3_server

load_hypothesis_profile()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server
