"""A night's alerts: facts read, messages sent, and what was told kept beside the lake, so that nothing is told twice.

alerts/state.json     what was told, and what a channel did not take yet
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from consolidated.night.alerts.channels import channels_from
from consolidated.night.alerts.messages import Links, Message, State, Told, messages_of
from resources.failures import Cause, PlatformError
from resources.shown.code import VARIABLE as CODE_URL

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from pyiceberg.catalog import Catalog

    from consolidated.night.alerts.channels import Channel
    from resources.lake.lake import Lake

FILE = "alerts/state.json"
UI_URL = "DAGSTER_UI_URL"
_VERSION = 1
_WAITING_AT_MOST = 50

Waiting = dict[str, list[Message]]
"""Channel -> the messages that it did not take yet, the oldest first."""


def alert(lake: Lake, catalog: Catalog, instance: DagsterInstance, day: date, oems: Collection[str]) -> list[Message]:
    """Send what a night asks a person for, by every channel that the environment configures. Returns the new messages.

    Without a channel nothing is read, sent or kept.
    Raises PlatformError(CONNECTION) where a channel did not take a message: it is kept, and goes out with the next
    call. CONFIGURATION for a wrong setting, and what reading the lake raises.
    """
    channels = channels_from(os.environ)
    if not channels:
        return []
    from consolidated.night.alerts.facts import read_night
    from consolidated.tables.iceberg import IcebergStore

    before, waiting = read_state(lake)
    night = read_night(IcebergStore(catalog, lake), instance, day, oems)
    links = Links(_address(UI_URL, "/runs"), _address(CODE_URL))
    new, state = messages_of(night, before, links)
    deliver(lake, channels, new, state, waiting)
    return new


def deliver(lake: Lake, channels: Iterable[Channel], new: list[Message], state: State, waiting: Waiting) -> None:
    """Send the waiting messages and the new ones, then keep the state. Raises PlatformError(CONNECTION)."""
    left: Waiting = {}
    failures = []
    for channel in channels:
        queue = [*waiting.get(channel.name, []), *new][-_WAITING_AT_MOST:]
        while queue:
            try:
                channel.send(queue[0])
            except Exception as error:  # each library has its own; its words may hold the address, a secret
                failures.append(f"{channel.name} ({type(error).__name__})")
                left[channel.name] = queue
                break
            queue.pop(0)
    lake.write_json(FILE, _as_json(state, left))
    if failures:
        raise PlatformError(
            Cause.CONNECTION,
            f"alerts were not taken by {', '.join(failures)}; they are kept in {lake.uri}/{FILE}",
            advice="Check the channel's settings (docs/alerts.md), then run `make alerts`, which sends what is kept.",
        )


def read_state(lake: Lake) -> tuple[State, Waiting]:
    """What was told so far. Raises PlatformError(LAKE_DAMAGED) where the file cannot be read."""
    try:
        kept = lake.read_json(FILE)
        makers = {
            oem: Told(
                date.fromisoformat(told["on"]),
                {(kind, place, cause): date.fromisoformat(day) for kind, place, cause, day in told["since"]},
            )
            for oem, told in kept["makers"].items()
        }
        waiting = {name: [Message(**one) for one in messages] for name, messages in kept["waiting"].items()}
        return State(_day(kept["day"]), _day(kept["silent_since"]), makers), waiting
    except FileNotFoundError:
        return State(), {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        detail = f"{lake.uri}/{FILE} cannot be read: {error!r}"
        raise PlatformError(Cause.LAKE_DAMAGED, detail, advice="Remove it: what stands is then told again.") from error


def _as_json(state: State, waiting: Waiting) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "day": _text(state.day),
        "silent_since": _text(state.silent_since),
        "makers": {
            oem: {"on": _text(told.on), "since": [[*key, _text(day)] for key, day in sorted(told.since.items())]}
            for oem, told in state.makers.items()
        },
        "waiting": {
            name: [{"subject": one.subject, "text": one.text} for one in messages] for name, messages in waiting.items()
        },
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _address(variable: str, path: str = "") -> str:
    base = os.environ.get(variable, "").rstrip("/")
    return f"{base}{path}" if base else ""
