"""What each maintenance asset does, on every table of the lake; each returns what it did, a row a table or tier.

Each is safe to run at any time, twice, at the same time as a night, and after being killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import raw.archive.retention
import transformed.day.retention
from consolidated.maintenance.compaction import compact
from consolidated.maintenance.orphans import remove_orphans
from consolidated.maintenance.snapshots import expire, snapshots_to_expire, tag_night
from consolidated.tables.catalog_tables import load_table, table_names
from consolidated.tables.contention import with_retries
from consolidated.tables.definitions import TABLES, TableDefinition
from resources.lake.storage_failures import storage_errors
from resources.lake.stored_files import StoredFile, list_files, storage_now, unfinished_uploads
from resources.lake.sweep import sweep

if TYPE_CHECKING:
    from datetime import date

    from pyiceberg.catalog import Catalog

    from consolidated.maintenance.settings import MaintenanceSettings
    from resources.lake.lake import Lake

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done:
    """place: the table, or the tier of the lake. counts: what was done there."""

    place: str
    counts: dict[str, int]


def tag_tables(catalog: Catalog, night: date, settings: MaintenanceSettings) -> list[Done]:
    """`night-<date>` on the present of every table; tags whose days are over go."""

    def tag(definition: TableDefinition) -> dict[str, int]:
        table = load_table(catalog, definition.identifier)
        tagged = tag_night(table, night, tag_days=settings.tag_days, dry_run=settings.dry_run)
        return {"tagged": int(tagged.tag is not None), "removed_tags": len(tagged.removed)}

    return _on_every_table(catalog, tag)


def compact_tables(catalog: Catalog, settings: MaintenanceSettings) -> list[Done]:
    """Partitions of many small files into few files."""

    def compact_one(definition: TableDefinition) -> dict[str, int]:
        done = compact(
            catalog,
            definition,
            small_file_mb=settings.small_file_mb,
            small_files_at_least=settings.small_files_at_least,
            partition_mb_at_most=settings.compaction_partition_mb_at_most,
            dry_run=settings.dry_run,
        )
        return {
            "partitions": done.partitions,
            "gave_up": done.gave_up,
            "files_before": done.files_before,
            "files_after": done.files_after,
            "bytes_before": done.bytes_before,
            "bytes_after": done.bytes_after,
        }

    return _on_every_table(catalog, compact_one)


def expire_snapshots(catalog: Catalog, settings: MaintenanceSettings) -> list[Done]:
    """Snapshots that are old and that nothing needs."""

    def expire_one(definition: TableDefinition) -> dict[str, int]:
        table = load_table(catalog, definition.identifier)
        ids = snapshots_to_expire(
            table.metadata,
            datetime.now(UTC),
            snapshot_days=settings.snapshot_days,
            snapshots_at_least=settings.snapshots_at_least,
        )
        snapshots = len(table.metadata.snapshots)
        if not settings.dry_run:
            expire(table, ids)
        return {"snapshots_before": snapshots, "snapshots_after": snapshots - len(ids)}

    return _on_every_table(catalog, expire_one)


def sweep_tables(lake: Lake, catalog: Catalog, settings: MaintenanceSettings) -> list[Done]:
    """Files that no snapshot of their table reaches."""
    grace = timedelta(hours=settings.grace_hours)
    done = []
    for definition in _tables(catalog):
        with storage_errors(lake.place):
            swept = remove_orphans(lake, catalog, definition.identifier, grace=grace, dry_run=settings.dry_run)
        done.append(Done(definition.name, swept.counts()))
    return done


def sweep_archive(lake: Lake, settings: MaintenanceSettings) -> list[Done]:
    """What killed steps left in `raw/` and `transformed/`, and what is older than the settings say."""
    with storage_errors(lake.place):
        return _sweep_archive(lake, settings)


def _sweep_archive(lake: Lake, settings: MaintenanceSettings) -> list[Done]:
    now = storage_now(lake.filesystem, lake.storage_path("maintenance"))

    def of_raw(files: list[StoredFile]) -> list[StoredFile]:
        return raw.archive.retention.leftovers(
            lake,
            files,
            now.date(),
            raw_days=settings.raw_days,
            raw_superseded_days=settings.raw_superseded_days,
        )

    def of_transformed(files: list[StoredFile]) -> list[StoredFile]:
        return transformed.day.retention.leftovers(lake, files, now.date(), transformed_days=settings.transformed_days)

    done = []
    for tier, leftovers in (("raw", of_raw), ("transformed", of_transformed)):
        folder = lake.storage_path(tier)
        files = list(list_files(lake.filesystem, folder).values())
        swept = sweep(
            lake,
            f"leftovers-{tier}",
            lake.filesystem,
            listed=files,
            leftovers=leftovers(files),
            uploads=unfinished_uploads(lake.filesystem, folder),
            now=now,
            grace=timedelta(hours=settings.grace_hours),
            dry_run=settings.dry_run,
        )
        done.append(Done(tier, swept.counts()))
    return done


def _on_every_table(catalog: Catalog, task: Callable[[TableDefinition], dict[str, int]]) -> list[Done]:
    return [Done(definition.name, with_retries(partial(task, definition))) for definition in _tables(catalog)]


def _tables(catalog: Catalog) -> list[TableDefinition]:
    """The tables that exist; a lake before its first night has none."""
    present = table_names(catalog)
    return [definition for definition in TABLES if definition.name in present]
