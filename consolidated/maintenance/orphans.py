"""The files of a table that no snapshot of it reaches. When such a file may go is said in `resources/lake/sweep.py`."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from pyiceberg.io.fsspec import FsspecFileIO

from consolidated.tables.catalog_tables import load_table
from consolidated.tables.definitions import REPLACES_PROPERTY
from resources.failures import Cause, PlatformError
from resources.lake.stored_files import list_files, path_in, storage_now, unfinished_uploads
from resources.lake.sweep import Swept, sweep

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from fsspec import AbstractFileSystem
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Table

    from resources.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class Reached:
    """Locations as the table's metadata names them.

    content: manifest lists, manifests, data and delete files of its snapshots, without which the table cannot be read.
    metadata: its metadata files and statistics.
    """

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
    """Sweep the files below a table's location that no snapshot reaches. Safe while other steps write to the table.

    A file that a writer has not committed yet is younger than `grace`. The table is loaded before and after the
    listing: the second load reaches what a writer commits in between.
    Raises PlatformError, and removes nothing:
    LAKE_UNWRITABLE where the listing lacks a file that the table reaches, because then the names in the listing do not
    mean what this function takes them for;
    CONFIGURATION where metadata of another table lies there too, because then another catalog may own the files (an
    empty catalog stands in the place of a lost catalog and has made new tables).
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
    refuse_other_tables(after, filesystem, listed)
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


def refuse_other_tables(table: Table, filesystem: AbstractFileSystem, listed: Collection[str]) -> None:
    """Raise PlatformError(CONFIGURATION) where `listed` holds metadata of a table that is neither `table` nor replaced.

    Every metadata file of Iceberg names the UUID of its table, and a catalog always leaves at least the last metadata
    file of a table. The table property `lake.replaces` names the UUIDs of earlier tables whose files may be removed.
    """
    own = {str(table.metadata.table_uuid), *table.metadata.properties.get(REPLACES_PROPERTY, "").split(",")}
    named = {path_in(filesystem, entry.metadata_file) for entry in table.metadata.metadata_log}
    named.add(path_in(filesystem, table.metadata_location))
    others: dict[str, str] = {}
    for path in sorted(listed):
        if path.endswith(".metadata.json") and path not in named:
            uuid = _table_uuid(filesystem, path)
            if uuid is not None and uuid not in own:
                others[uuid] = path
    if others:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"below {table.location()} lie files of {len(others)} other tables, such as {next(iter(others.values()))}:"
            " another catalog may own them; nothing was removed",
            advice="If a catalog was lost, bring it back. If those tables are given up for good, set the table property"
            f" {REPLACES_PROPERTY}={','.join(sorted(others))} on {'.'.join(table.name())}.",
        )


def _table_uuid(filesystem: AbstractFileSystem, path: str) -> str | None:
    """The UUID in a metadata file; None where the file is gone or was never written whole."""
    try:
        with filesystem.open(path, "rb", compression="gzip" if path.endswith(".gz.metadata.json") else None) as file:
            uuid = json.load(file).get("table-uuid")
    except (FileNotFoundError, EOFError, gzip.BadGzipFile, ValueError, AttributeError):
        return None
    return None if uuid is None else str(uuid)


def table_filesystem(table: Table) -> AbstractFileSystem:
    """The storage of a table, with the credentials that its catalog gave."""
    location = urlparse(table.location())
    return FsspecFileIO(table.io.properties).get_fs(location.scheme or "file", location.hostname)
