"""A commit whose answer is lost is looked up before anything is done again: it is in the table once (law 6)."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlsplit

import polars as pl
import pytest

import tests.support.rivals
from consolidated.tables.catalog_tables import ensure_tables, open_table
from consolidated.tables.definitions import DEALERS
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from tests.support.lakes import CATALOG, s3_and_postgres, s3_and_rest
from tests.support.proxy import Fault, Proxy, proxy_of
from tests.support.rivals import commit_one, commits_in
from tests.support.servers import PostgresServer, S3Server

pytestmark = pytest.mark.slow

# the exchange that commits: on PostgreSQL the end of the transaction that moved the table's pointer
COMMIT_EXCHANGE = {"PostgreSQL": rb"UPDATE iceberg_tables.*COMMIT", "REST": rb"POST \S*/tables/dealers "}
LONGEST_SECONDS = 120


@pytest.fixture(autouse=True)
def time_limit() -> Iterator[None]:
    """A writer that waits for an answer for ever fails the test."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not done within {LONGEST_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def quick_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.05)))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the writers of this process computed to be the rows, each time that they did."""
    calls: list[list[str]] = []
    dealers = tests.support.rivals.dealers

    def counted(oem: str, writers: list[str]) -> pl.DataFrame:
        calls.append(writers)
        return dealers(oem, writers)

    monkeypatch.setattr(tests.support.rivals, "dealers", counted)
    return calls


@contextmanager
def behind_proxy(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The environment's lake with its tables, its catalog reached through a proxy only."""
    uri = environment[f"{CATALOG}URI"]
    port = urlsplit(uri).port
    assert port is not None
    with proxy_of(port) as proxy:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(f"{CATALOG}URI", uri.replace(f":{port}", f":{proxy.port}"))
        ensure_tables(load_lake_catalog(), "sandbox")
        yield proxy


def assert_committed(*writers: str) -> None:
    table = open_table(load_lake_catalog(), DEALERS, "sandbox")
    assert sorted(table.scan().to_arrow()["dealer_id"].to_pylist()) == sorted(writers)
    assert commits_in(table) == len(writers)


@pytest.mark.parametrize(
    ("catalog", "fault", "then_refuse"),
    [
        ("PostgreSQL", "request lost", 0),
        ("PostgreSQL", "answer lost", 0),
        ("PostgreSQL", "answer lost", 3),
        ("REST", "request lost", 0),
        ("REST", "answer lost", 0),
        ("REST", "answer lost", 3),
        ("REST", "gateway timeout", 0),
        ("REST", "gateway's own page", 0),
    ],
)
def test_a_lost_answer_is_looked_up(
    catalog: str,
    fault: Fault,
    then_refuse: int,
    s3: S3Server,
    postgres: PostgresServer,
    computed: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What arrived is not done again, what never arrived is; the catalog may be away for some looks after that."""
    environment = s3_and_rest(s3) if catalog == "REST" else s3_and_postgres(s3, postgres)
    with behind_proxy(environment, monkeypatch) as proxy:
        commit_one("audi", "first")
        proxy.lose(fault, COMMIT_EXCHANGE[catalog], then_refuse)
        commit_one("audi", "second")
        assert proxy.faults == 1
        again = [["first", "second"]] if fault == "request lost" else []
        assert computed == [["first"], ["first", "second"], *again]
        assert_committed("first", "second")


@pytest.mark.parametrize("catalog", ["PostgreSQL", "REST"])
def test_a_catalog_that_stays_away_after_a_commit_is_an_error_and_the_step_again_finds_what_landed(
    catalog: str,
    s3: S3Server,
    postgres: PostgresServer,
    quick_waits: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = s3_and_rest(s3) if catalog == "REST" else s3_and_postgres(s3, postgres)
    with behind_proxy(environment, monkeypatch) as proxy:
        proxy.lose("answer lost", COMMIT_EXCHANGE[catalog], then_refuse=1_000_000)
        with pytest.raises(PlatformError) as failure:
            commit_one("audi", "first")
        assert failure.value.cause is Cause.CONNECTION
        assert failure.value.policy.retry
        assert f"{CATALOG}URI" in str(failure.value)
        proxy.heal()
        commit_one("audi", "second")
        assert_committed("first", "second")
