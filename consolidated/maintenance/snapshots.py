"""Which snapshots of a table stay: nightly tags, and expiry by age and count. Only metadata changes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pyiceberg.table.update import RemoveSnapshotsUpdate

from consolidated.tables.iceberg import metadata_commit
from consolidated.tables.snapshot import snapshots_over
from consolidated.tables.told import properties_of, told_now
from resources.lake.days import day_of

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata

TAG_PREFIX = "night-"


@dataclass(frozen=True, slots=True)
class Tagged:
    """tag: of tonight, None for a table without a snapshot. removed: tags whose days are over."""

    tag: str | None
    removed: list[str]


def tag_night(table: Table, night: date, *, tag_days: int, dry_run: bool) -> Tagged:
    """Tag the table as it is now `night-2026-11-25`, and remove the tags of nights `tag_days` and more before.

    The same night again moves its tag to the table's current snapshot. Tags of other names, and branches, stay.
    Raises RowsChanged, PlatformError(LAKE_UNWRITABLE).
    """
    references = table.metadata.refs
    current = table.metadata.current_snapshot_id
    name = f"{TAG_PREFIX}{night.isoformat()}"
    over = sorted(
        tag for tag in references if (of := _night_of(tag)) is not None and of <= night - timedelta(days=tag_days)
    )
    to_tag = None if name in references and references[name].snapshot_id == current else current
    if not dry_run and (to_tag is not None or over):
        with metadata_commit(table):
            change = table.manage_snapshots()
            for tag in over:
                change = change.remove_tag(tag)
            if to_tag is not None:
                change = change.create_tag(to_tag, name)
            change.commit()
    return Tagged(name if current is not None else None, over)


def snapshots_to_expire(
    metadata: TableMetadata, now: datetime, *, snapshot_days: float, snapshots_at_least: int
) -> list[int]:
    """The ids of the snapshots that go: older than `snapshot_days`, beyond the latest `snapshots_at_least`.

    A snapshot that a branch or a tag names stays. What the rows were computed from is kept with the table (`told.py`).
    """
    oldest_ms = int((now - timedelta(days=snapshot_days)).timestamp() * 1000)
    stamps = {one.snapshot_id: one.timestamp_ms for one in metadata.snapshots}
    return [one for one in snapshots_over(metadata, snapshots_at_least) if stamps[one] < oldest_ms]


def expire(table: Table, snapshot_ids: list[int]) -> None:
    """Expire snapshots; their files become leftovers. A writer that began from one of them computes again.

    Raises RowsChanged, PlatformError(LAKE_UNWRITABLE).
    """
    if snapshot_ids:
        with metadata_commit(table), table.transaction() as transaction:
            # an older version kept the fingerprints with the snapshots alone
            transaction.set_properties(properties_of(table.metadata, told_now(table.metadata)))
            transaction._apply((RemoveSnapshotsUpdate.model_validate({"snapshot-ids": snapshot_ids}),))


def _night_of(tag: str) -> date | None:
    return day_of(tag.removeprefix(TAG_PREFIX)) if tag.startswith(TAG_PREFIX) else None
