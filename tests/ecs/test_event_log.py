"""What a coordinator writes of itself into its run's event log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from resources.ecs import event_log
from resources.sizing.sizes import Size
from resources.sizing.usage import Task

SINCE = datetime(2026, 11, 25, 2, tzinfo=UTC)


@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("is_a_task", [True, False])
def test_a_coordinator_tells_its_size_and_since_when_it_is_billed_where_it_is_a_task(
    is_a_task: bool, since: datetime | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(event_log, "this_task", lambda: Task(Size(1024, 2048), since, False, 20) if is_a_task else None)
    monkeypatch.setattr(
        dg.DagsterEvent,
        "engine_event",
        lambda _context, _message, data: told.append({name: one.value for name, one in data.metadata.items()}),
    )
    event_log.tell_coordinator(None)
    size = {"coordinator_cpu": 1024, "coordinator_memory_mb": 2048}
    billed = {"coordinator_billed_since": SINCE.timestamp()} if since else {}
    assert told == ([size | billed] if is_a_task else [])
