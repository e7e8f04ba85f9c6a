"""Removing what nothing needs any more: first announced in one run, removed in a later one, never while young.

Belongs here: the rules of time and announcement, which hold for every kind of leftover. Does not belong here: what
is a leftover (`consolidated/maintenance/`, `raw/archive/retention.py`, `transformed/day/retention.py`).

    maintenance/<name>.json     what the last run announced: path -> [size in bytes, time last modified]
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from resources.lake.stored_files import StoredFile, UnfinishedUpload, abort_upload, remove_files

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from resources.lake.lake import Lake

FOLDER = "maintenance"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did. young: leftovers within the grace period, which may be a writer's that is still at work.
    announced: the next run removes them. removed: were announced by an earlier run and are gone."""

    files_before: int
    bytes_before: int
    young_files: int
    announced_files: int
    announced_bytes: int
    removed_files: int
    removed_bytes: int
    aborted_uploads: int = 0

    def counts(self) -> dict[str, int]:
        return {
            "files_before": self.files_before,
            "files_after": self.files_before - self.removed_files,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_before - self.removed_bytes,
            "young_files": self.young_files,
            "announced_files": self.announced_files,
            "announced_bytes": self.announced_bytes,
            "removed_files": self.removed_files,
            "removed_bytes": self.removed_bytes,
            "aborted_uploads": self.aborted_uploads,
        }


def sweep(
    lake: Lake,
    name: str,
    filesystem: AbstractFileSystem,
    *,
    listed: Iterable[StoredFile],
    leftovers: Iterable[StoredFile],
    uploads: Iterable[UnfinishedUpload] = (),
    now: datetime,
    grace: timedelta,
    dry_run: bool,
) -> Swept:
    """Remove, in the order given, the leftovers that the last run announced; announce the others.

    name: of the announcement, one for each place that is swept. now: the storage's time from before it was listed.
    Leftovers younger than `grace` are neither removed nor announced. A dry run announces and removes nothing.
    Raises PlatformError(LAKE_UNWRITABLE) where the announcement cannot be written.
    """
    listed, leftovers = list(listed), list(leftovers)
    old = [file for file in leftovers if file.modified_at <= now - grace]
    announced = _announced(lake, name)
    to_remove = [] if dry_run else [file for file in old if announced.get(file.path) == _identity(file)]
    removed = []
    try:
        for file in to_remove:
            remove_files(filesystem, [file.path])
            removed.append(file)
    except PermissionError as error:
        # on ECS no role may delete below raw/ (deploy/cloudformation.yaml): what is left stays announced for a person
        # who may, and the other tasks of maintenance go on
        left = len(to_remove) - len(removed)
        logging.getLogger(__name__).warning("%s: this process may not remove %d files: %s", name, left, error)
    forgotten = [] if dry_run else [upload for upload in uploads if upload.initiated_at <= now - grace]
    for upload in forgotten:
        abort_upload(filesystem, upload)
    gone = {file.path for file in removed}
    to_announce = {file.path: file for file in old if file.path not in gone}
    announcement = {path: _identity(file) for path, file in to_announce.items()}
    if announcement != announced:
        lake.write_json(f"{FOLDER}/{name}.json", announcement)
    return Swept(
        files_before=len(listed),
        bytes_before=sum(file.size_bytes for file in listed),
        young_files=len(leftovers) - len(old),
        announced_files=len(to_announce),
        announced_bytes=sum(file.size_bytes for file in to_announce.values()),
        removed_files=len(removed),
        removed_bytes=sum(file.size_bytes for file in removed),
        aborted_uploads=len(forgotten),
    )


def _announced(lake: Lake, name: str) -> dict[str, list[int | str]]:
    """What the last run announced: nothing where that cannot be read, so that its leftovers wait once more."""
    try:
        found = lake.read_json(f"{FOLDER}/{name}.json")
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _identity(file: StoredFile) -> list[int | str]:
    return [file.size_bytes, file.modified_at.isoformat()]
