"""Which lock a writer of a table has by the catalog that it commits to, and that none of them costs a commit."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from consolidated.tables import turns
from consolidated.tables.turns import LONGEST_WAIT_SECONDS, turn


class Postgres:
    """An engine that notes what it is told. fails: the word at which the database is away."""

    dialect = SimpleNamespace(name="postgresql")
    url = SimpleNamespace(database="catalog")

    def __init__(self, fails: str | None = None) -> None:
        self.fails, self.told = fails, list[str]()

    def connect(self) -> Any:
        self._note("connect")
        return self

    def execution_options(self, isolation_level: str) -> Any:
        self._note(isolation_level)
        return self

    def execute(self, statement: Any, values: dict[str, str] | None = None) -> None:
        self._note(f"{statement} {values or ''}".strip())

    def invalidate(self) -> None:
        self.told.append("invalidate")

    def close(self) -> None:
        self.told.append("close")

    def _note(self, said: str) -> None:
        self.told.append(said)
        if self.fails and self.fails in said:
            raise OperationalError(said, {}, Exception("no answer"))


def table_of(engine: Any) -> Any:
    catalog = SimpleNamespace() if engine is None else SimpleNamespace(engine=engine)
    metadata = SimpleNamespace(table_uuid="of-the-table")
    return SimpleNamespace(name=lambda: ("consolidated", "runs"), catalog=catalog, metadata=metadata)


def sqlite(database: Any) -> Any:
    return SimpleNamespace(dialect=SimpleNamespace(name="sqlite"), url=SimpleNamespace(database=database))


@pytest.fixture(autouse=True)
def queue(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The tickets that were drawn."""
    drawn: list[tuple[Any, ...]] = []

    @contextmanager
    def ticket(*about: Any) -> Iterator[None]:
        drawn.append(about)
        yield
        drawn.append(("ended",))

    monkeypatch.setattr(turns, "lake_from_env", lambda: "the lake")
    monkeypatch.setattr(turns, "ticket", ticket)
    return drawn


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits; each moves the clock."""
    waits: list[float] = []
    monkeypatch.setattr(
        turns,
        "time",
        SimpleNamespace(monotonic=lambda: sum(waits, 1000.0), sleep=lambda seconds: waits.append(seconds)),
    )
    return waits


def locked(path: Path) -> bool:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


LOCK = "SELECT pg_advisory_lock(hashtextextended(:key, 0)) {'key': 'of-the-table'}"


def test_in_postgresql_a_turn_is_a_lock_of_the_table_that_ends_with_its_connection(queue: list[Any]) -> None:
    engine = Postgres()
    with turn(table_of(engine)):
        assert engine.told == ["connect", "AUTOCOMMIT", "SET lock_timeout = 60000", LOCK]
    assert engine.told[4:] == ["invalidate", "close"]
    assert queue == []


@pytest.mark.parametrize(
    ("fails", "ends"), [("connect", []), ("lock_timeout", ["invalidate", "close"]), ("pg_adv", ["invalidate", "close"])]
)
def test_a_database_that_gives_no_lock_costs_the_turn_and_not_the_commit(fails: str, ends: list[str]) -> None:
    engine = Postgres(fails)
    committed = []
    with turn(table_of(engine)):
        committed.append(list(engine.told))
    assert fails in committed[0][-1]
    assert engine.told[len(committed[0]) :] == ends


@pytest.mark.parametrize("engine", [Postgres(), None])
def test_an_error_of_the_commit_ends_the_turn_and_is_itself(engine: Postgres | None) -> None:
    with pytest.raises(ValueError, match="of the commit"), turn(table_of(engine)):
        raise ValueError("of the commit")
    assert engine is None or engine.told[-2:] == ["invalidate", "close"]


def test_a_catalog_without_a_database_has_a_queue_in_the_lake(queue: list[Any]) -> None:
    with turn(table_of(None)):
        assert queue == [("the lake", "consolidated.runs", LONGEST_WAIT_SECONDS)]
    assert queue[1:] == [("ended",)]


def test_a_catalog_in_a_file_has_a_lock_beside_it_for_each_table(tmp_path: Path, queue: list[Any]) -> None:
    engine, file = sqlite(str(tmp_path / "catalog.db")), tmp_path / "catalog.db.consolidated.runs.turn"
    with turn(table_of(engine)):
        assert locked(file)
    assert not locked(file)
    assert [one.name for one in tmp_path.iterdir()] == [file.name]
    assert queue == []


@pytest.mark.parametrize("database", [None, "", ":memory:"])
def test_a_catalog_in_memory_has_one_writer_and_no_lock(
    database: str | None, queue: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with turn(table_of(sqlite(database))):
        assert (list(tmp_path.iterdir()), queue) == ([], [])


def test_a_file_that_cannot_be_made_costs_the_turn_and_not_the_commit(tmp_path: Path, clock: list[float]) -> None:
    with turn(table_of(sqlite(str(tmp_path / "gone" / "catalog.db")))):
        pass
    assert clock == [], "nothing is waited for"


@pytest.mark.parametrize("is_given_back", [True, False])
def test_a_lock_that_another_writer_has_is_waited_for_a_minute(
    is_given_back: bool, tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In that time the other writer gives it back after 10 seconds, or never."""
    file = tmp_path / "catalog.db.consolidated.runs.turn"
    with file.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def sleep(seconds: float) -> None:
            clock.append(seconds)
            if is_given_back and sum(clock) > 10:
                fcntl.flock(other, fcntl.LOCK_UN)

        monkeypatch.setattr("consolidated.tables.turns.time.sleep", sleep)
        with turn(table_of(sqlite(str(tmp_path / "catalog.db")))):
            waited_seconds = sum(clock)
            assert locked(file)
    expected = 10 if is_given_back else LONGEST_WAIT_SECONDS
    assert expected <= waited_seconds <= expected + 1
