"""The files of a table that no snapshot of it reaches. When such a file may go is said in `resources/lake/sweep.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from pyiceberg.io.fsspec import FsspecFileIO

from consolidated.tables.definitions import load_table
from resources.failures import Cause, PlatformError
from resources.lake.stored_files import list_files, path_in, storage_now, unfinished_uploads
from resources.lake.sweep import Swept, sweep

if TYPE_CHECKING:
    from datetime import timedelta

    from fsspec import AbstractFileSystem
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Table

    from resources.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class Reached:
    """Locations as the table's metadata names them. content: manifest lists, manifests, data and delete files of
    its snapshots, without which it cannot be read. metadata: its metadata files and statistics."""

    content: frozenset[str]
    metadata: frozenset[str]


def reached_by(table: Table) -> Reached:
    """Every file that the loaded table's metadata, or one of its snapshots, names."""
    metadata = table.metadata
    manifests: dict[str, ManifestFile] = {}
    content: set[str] = set()
    for snapshot in metadata.snapshots:
        content.add(snapshot.manifest_list)
        manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        content.add(path)
        # an entry that says `deleted` reaches nothing; the snapshot before it does, while it is there
        entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        content |= {entry.data_file.file_path for entry in entries}
    described = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    described |= {one.statistics_path for one in metadata.statistics}
    described |= {one.statistics_path for one in metadata.partition_statistics}
    return Reached(frozenset(content), frozenset(described))


def remove_orphans(
    lake: Lake, catalog: Catalog, identifier: tuple[str, str], *, grace: timedelta, dry_run: bool
) -> Swept:
    """Sweep what lies below a table's location and no snapshot reaches. Safe while other steps write to the table.

    What a writer has written and not yet committed is younger than `grace`; what it commits between our two looks
    at the table is reached by the second. Raises PlatformError(LAKE_UNWRITABLE), and removes nothing, where the
    listing lacks a file that the table reaches: then names are not what we take them for.
    """
    before = load_table(catalog, identifier)
    location = before.location()
    filesystem = table_filesystem(before)
    # not beside the metadata, where a catalog that owns its storage takes files of Iceberg's own names only
    now = storage_now(filesystem, f"{location}/data")
    listed = list_files(filesystem, location)
    uploads = unfinished_uploads(filesystem, location)
    after = load_table(catalog, identifier)
    first, second = reached_by(before), reached_by(after)
    below = f"{path_in(filesystem, location)}/"
    standing = {path_in(filesystem, one) for one in first.content & second.content}
    missing = sorted(path for path in standing if path.startswith(below) and path not in listed)
    if missing or not any(path.startswith(below) for path in (path_in(filesystem, one) for one in second.metadata)):
        what = f"{len(missing)} files that the table reaches, such as {missing[0]}" if missing else "its metadata"
        raise PlatformError(
            Cause.LAKE_UNWRITABLE,
            f"a listing of {location} lacks {what}; nothing was removed",
            advice="Look whether the table was moved or damaged before it is maintained again.",
        )
    live = {path_in(filesystem, one) for one in first.content | first.metadata | second.content | second.metadata}
    return sweep(
        lake,
        f"orphans-{identifier[-1]}",
        filesystem,
        listed=listed.values(),
        leftovers=[file for path, file in sorted(listed.items()) if path not in live],
        uploads=uploads,
        now=now,
        grace=grace,
        dry_run=dry_run,
    )


def table_filesystem(table: Table) -> AbstractFileSystem:
    """The storage of a table, with the credentials that its catalog gave."""
    location = urlparse(table.location())
    return FsspecFileIO(table.io.properties).get_fs(location.scheme or "file", location.hostname)
