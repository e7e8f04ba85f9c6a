"""What the rows of a market were computed from, kept with the table and not with a snapshot.

A table's property `lake.told.<oem>` holds the fingerprint of each of the OEM's markets, `{"es": "6f1c..."}`. It is
set in the same commit as the rows, so that both change together whatever kills the writer, and no snapshot has to
stay for it. A snapshot names what its commit wrote in its property `lake.told`, for as long as it stays: so the rows
of a few nights ago are found again when a day arrives late.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot

TOLD_PROPERTY = "lake.told"
# as versions before this one marked a commit, which was of one scope
_OLD_SCOPE, _OLD_STATE, _OLD_CONTENT = "lake.scope", "lake.state", "content"
_LENGTH = 16


def short(state: str) -> str:
    """A fingerprint as it is kept: 64 bits tell the histories of one market apart."""
    return state[:_LENGTH]


def told_now(metadata: TableMetadata) -> dict[str, str]:
    """The fingerprint of each scope's rows, by scope (`<oem>/<market>`)."""
    found: dict[str, str] = {}
    for snapshot in _latest_first(metadata):
        for scope, state in _of_old(snapshot).items():
            found.setdefault(scope, state)
    prefix = f"{TOLD_PROPERTY}."
    for name, value in metadata.properties.items():
        if name.startswith(prefix):
            found |= {f"{name.removeprefix(prefix)}/{market}": state for market, state in json.loads(value).items()}
    return found


def told_then(metadata: TableMetadata, scope: str) -> dict[str, int]:
    """The fingerprints with which a scope's rows were written, the latest first, each with its latest snapshot."""
    found: dict[str, int] = {}
    for snapshot in _latest_first(metadata):
        state = (_of(snapshot) | _of_old(snapshot)).get(scope)
        if state is not None:
            found.setdefault(state, snapshot.snapshot_id)
    return found


def properties_of(metadata: TableMetadata, states: Mapping[str, str]) -> dict[str, str]:
    """The table properties that a commit has to set. states: of the scopes that it writes."""
    makers = {scope.partition("/")[0] for scope in states}
    of_makers: dict[str, dict[str, str]] = {maker: {} for maker in makers}
    for scope, state in (told_now(metadata) | {scope: short(state) for scope, state in states.items()}).items():
        maker, _, market = scope.partition("/")
        if maker in of_makers:
            of_makers[maker][market] = state
    return {
        f"{TOLD_PROPERTY}.{maker}": json.dumps(markets, sort_keys=True, separators=(",", ":"))
        for maker, markets in of_makers.items()
    }


def snapshot_properties_of(states: Mapping[str, str]) -> dict[str, str]:
    """The properties of a commit's snapshot. states: of the scopes that it writes."""
    if not states:
        return {}
    value = json.dumps({scope: short(state) for scope, state in states.items()}, sort_keys=True, separators=(",", ":"))
    return {TOLD_PROPERTY: value}


def _latest_first(metadata: TableMetadata) -> Iterator[Snapshot]:
    yield from sorted(metadata.snapshots, key=lambda one: one.sequence_number or 0, reverse=True)


def _of(snapshot: Snapshot) -> dict[str, str]:
    properties = snapshot.summary.additional_properties if snapshot.summary else {}
    return dict(json.loads(properties.get(TOLD_PROPERTY, "{}")))


def _of_old(snapshot: Snapshot) -> dict[str, str]:
    properties = snapshot.summary.additional_properties if snapshot.summary else {}
    scope, state = properties.get(_OLD_SCOPE), properties.get(_OLD_STATE)
    # of a day's rows and of a ledger no fingerprint was ever asked for
    if scope is None or state in (None, _OLD_CONTENT, "ledger"):
        return {}
    return {scope: short(state)}
