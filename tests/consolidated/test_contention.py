"""Writers that commit to one table at once: what is waited for, what is done again, and what an engineer is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyiceberg.exceptions import CommitFailedException

from consolidated.tables import contention
from consolidated.tables.contention import patience, with_retries
from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError

LOST = CommitFailedException("a rival was faster")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """After how many losses a writer waited, and how long at most."""
    noted: list[tuple[int, float]] = []
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(
        contention, "pause_after", lambda lost, *, longest_wait_seconds: noted.append((lost, longest_wait_seconds))
    )
    return noted


def table_of(*answers: Any) -> Any:
    """A table whose catalog gives or raises these when it is committed to."""
    left = list(answers)

    def commit_table(*about: Any, **options: Any) -> Any:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer, about, options

    return SimpleNamespace(catalog=SimpleNamespace(name="lake", commit_table=commit_table))


def test_a_lost_commit_is_waited_after_before_it_is_told(waits: list[tuple[int, float]]) -> None:
    table = table_of(LOST, LOST, "landed")
    before = table.catalog
    with patience(table) as catalog:
        assert table.catalog.name == "lake", "all else is the catalog's own"
        for lost in range(2):
            with pytest.raises(CommitFailedException):
                table.catalog.commit_table()
            assert catalog.error is LOST
            assert [number for number, _ in waits] == list(range(lost + 1))
        assert table.catalog.commit_table(1, option=2) == ("landed", (1,), {"option": 2})
        assert catalog.error is None
    assert table.catalog is before


def test_another_error_of_a_commit_is_raised_at_once_and_remembered(waits: list[tuple[int, float]]) -> None:
    table = table_of(OSError("no answer"))
    before = table.catalog
    with patience(table) as catalog:
        with pytest.raises(OSError, match="no answer") as failure:
            table.catalog.commit_table()
        assert (catalog.error, waits) == (failure.value, [])
    with pytest.raises(ValueError, match="in between"), patience(table):
        raise ValueError("in between")
    assert table.catalog is before, "whatever became of the block"


def failing(times: int, error: BaseException) -> tuple[Any, list[int]]:
    """An action that fails so often, and its tries."""
    tries: list[int] = []

    def action() -> str:
        tries.append(1)
        if len(tries) <= times:
            raise error
        return "landed"

    return action, tries


def test_rows_that_a_rival_changed_are_computed_again_up_to_twelve_times() -> None:
    action, tries = failing(11, RowsChanged("runs: a rival"))
    assert (with_retries(action), len(tries)) == ("landed", 12)
    action, tries = failing(12, RowsChanged("runs: a rival"))
    with pytest.raises(PlatformError) as failure:
        with_retries(action, oem="maker", market="es")
    assert len(tries) == 12
    assert failure.value.cause is Cause.COMMIT_CONFLICT
    assert str(failure.value).startswith(
        "maker es: commit_conflict: lost 12 times against other writers, the last time: runs: a rival"
    )


def test_a_catalog_that_kept_failing_is_what_is_told() -> None:
    away = PlatformError(Cause.CONNECTION, "no answer")
    changed = RowsChanged("runs: no answer")
    changed.__cause__ = away
    action, tries = failing(12, changed)
    with pytest.raises(PlatformError) as failure:
        with_retries(action, oem="maker")
    assert (failure.value is away, len(tries)) == (True, 12)


def test_an_error_that_no_rival_made_is_not_tried_again() -> None:
    action, tries = failing(1, PlatformError(Cause.LAKE_DAMAGED, "broken"))
    with pytest.raises(PlatformError, match="broken"):
        with_retries(action)
    assert len(tries) == 1
