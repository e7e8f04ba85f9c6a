"""The queue of tickets by which writers of a catalog without a lock (REST, Glue) take turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import consolidated.tables.tickets as tickets
from consolidated.tables.tickets import FOLDER, KEPT, ticket
from resources.lake.lake import Lake
from tests.support.servers import S3Server

WAIT_SECONDS = 60.0


@pytest.fixture(params=["folder", pytest.param("S3", marks=pytest.mark.slow)])  # S3 is a server to be started
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    if request.param == "folder":
        yield Lake((tmp_path / "lake").as_uri())
        return
    s3: S3Server = request.getfixturevalue("s3")
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    yield Lake(s3.new_lake_uri())


def names(lake: Lake, table: str = "t") -> list[str]:
    return [name.lstrip("0") for name in lake.list(f"{FOLDER}/{table}")]


def ended(first: int, last: int) -> list[str]:
    return [f"{number}.{end}" for number in range(first, last + 1) for end in ("ended", "json")]


@pytest.mark.slow
def test_one_writer_at_a_time_has_the_turn_and_each_has_it(lake: Lake) -> None:
    have_it: list[int] = []
    at_once: list[int] = []

    def write(writer: int) -> None:
        for _ in range(3):
            with ticket(lake, "t", WAIT_SECONDS):
                have_it.append(writer)
                at_once.append(len(have_it))
                have_it.remove(writer)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(WAIT_SECONDS)
    assert at_once == [1] * 12
    assert names(lake) == ended(1, 12)


def test_numbers_only_grow_and_the_last_tickets_alone_are_kept(lake: Lake) -> None:
    for _ in range(KEPT + 5):
        with ticket(lake, "t", WAIT_SECONDS):
            pass
    assert names(lake) == ended(5, KEPT + 5)


def test_tables_have_queues_of_their_own_and_who_comes_first_goes_first(lake: Lake) -> None:
    with ticket(lake, "t", WAIT_SECONDS):
        with ticket(lake, "other", WAIT_SECONDS):
            assert names(lake) == ["1.json"]
        with ticket(lake, "t", 0.0):
            assert names(lake) == ["1.json", "2.json"], "it went on without its turn when its time was over"
    with ticket(lake, "t", WAIT_SECONDS):
        assert "3.json" in names(lake)
    assert names(lake) == ended(1, 3)
    assert b"owner" in lake.read_bytes(f"{FOLDER}/t/{3:012}.json")


def test_a_writer_that_died_with_its_turn_or_in_the_queue_is_passed_over(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "LONGEST_TURN_SECONDS", 0.1)
    for _ in range(2):
        queue = tickets._Queue(lake, f"{FOLDER}/t")
        queue.draw()
    began = time.monotonic()
    with ticket(lake, "t", WAIT_SECONDS):
        assert names(lake) == [*ended(1, 2), "3.json"]
    assert time.monotonic() - began < WAIT_SECONDS
    assert names(lake) == ended(1, 3)


def test_of_several_writers_of_one_new_file_one_is_told_so(lake: Lake) -> None:
    assert lake.write_new("turns/x", b"first")
    assert not lake.write_new("turns/x", b"second")
    assert lake.read_bytes("turns/x") == b"first"
    for _ in range(2):  # the second time there is nothing to remove
        lake.remove("turns/x")
    with pytest.raises(FileNotFoundError):
        lake.read_bytes("turns/x")


def test_a_storage_that_fails_costs_the_turn_and_not_the_commit(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the lake would be")
    done = []
    with ticket(Lake((tmp_path / "lake").as_uri()), "t", WAIT_SECONDS):
        done.append("the commit")
    assert done


def test_what_is_no_ticket_is_left_alone(lake: Lake) -> None:
    lake.write_atomic(f"{FOLDER}/t/notes.json", b"{}")
    lake.write_atomic(f"{FOLDER}/t/7.txt", b"")
    with ticket(lake, "t", WAIT_SECONDS):
        assert names(lake) == ["1.json", "7.txt", "notes.json"]


def test_an_error_of_the_commit_ends_the_turn(lake: Lake) -> None:
    with pytest.raises(ValueError, match="of the commit"), ticket(lake, "t", WAIT_SECONDS):
        raise ValueError("of the commit")
    with ticket(lake, "t", WAIT_SECONDS):
        pass
    assert names(lake) == ended(1, 2)
