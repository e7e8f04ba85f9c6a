"""To find the files of a filter costs less: what pyiceberg does again for every look, or for no caller, is left out.

Nothing works out what a filter still has to ask of each file's rows. pyiceberg does that for every file that it plans,
from the values of the file's partition: 0.75 ms a file, most of what a look for the 33 files of 1,000 nights cost.
Nothing here asks for it: polars filters all rows that it reads, and a commit needs the files alone.

A maker's night looks at its tables forty times, and each look decodes the manifest list of the table and some manifests
anew: 0.04 ms a manifest and 0.2 ms a file. Of a loaded table they are read and decoded once. A table that is loaded or
refreshed later reads them again, so that a damaged one is noticed by the next night at the latest.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from polars.io.iceberg._cache import CachingFileIO
from pyiceberg.expressions.visitors import ResidualEvaluator, UnpartitionedResidualEvaluator
from pyiceberg.manifest import ManifestEntryStatus, ManifestFile, _manifests
from pyiceberg.table import ManifestGroupPlanner, snapshots

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import DataFile, ManifestEntry

_LARGEST_KEPT_BYTES = 256 * 1024
"""A manifest of this size lists some hundred files; a larger one is read at each look, so that it fills no memory."""

_Found = TypeVar("_Found")
_read: WeakKeyDictionary[FileIO, dict[str, object]] = WeakKeyDictionary()
"""What was read through a table's own connection to the storage, of which a loaded or refreshed table has a new one."""
_lock = Lock()
_fetch_list, _fetch_entries = _manifests, ManifestFile.fetch_manifest_entry


def plan_cheaply() -> None:
    """Let pyiceberg leave both out, in this process from now on.

    The rows of each planned file have the whole filter to match, which is right for every file: what pyiceberg works
    out is the same filter without its parts that hold for all rows of the partition. Manifests and their lists are
    never written again under a name that they had: it holds a UUID.
    """
    ManifestGroupPlanner._build_residual_evaluator = _whole_filter  # type: ignore[method-assign, assignment]
    snapshots._manifests = _manifests_read_once  # type: ignore[attr-defined]
    ManifestFile.fetch_manifest_entry = _entries_read_once  # type: ignore[method-assign, assignment]


def _whole_filter(planner: ManifestGroupPlanner, _spec_id: int) -> Callable[[DataFile], ResidualEvaluator]:
    residual = UnpartitionedResidualEvaluator(planner.table_metadata.schema(), planner.row_filter)
    return lambda _file: residual


def _manifests_read_once(io: FileIO, manifest_list: str) -> tuple[ManifestFile, ...]:
    return _once(io, manifest_list, lambda: _fetch_list(io, manifest_list))


def _entries_read_once(file: ManifestFile, io: FileIO, discard_deleted: bool = True) -> list[ManifestEntry]:
    if file.manifest_length > _LARGEST_KEPT_BYTES:
        return _fetch_entries(file, io, discard_deleted)
    entries = _once(io, file.manifest_path, lambda: _fetch_entries(file, io, discard_deleted=False))
    return [one for one in entries if not discard_deleted or one.status != ManifestEntryStatus.DELETED]


def _once(io: FileIO, path: str, read: Callable[[], _Found]) -> _Found:
    if isinstance(io, CachingFileIO):  # polars puts another one before the table's own for each look
        io = io._inner
    with _lock:
        kept = _read.setdefault(io, {})
    if path not in kept:  # two threads may both read
        kept[path] = read()
    return kept[path]  # type: ignore[return-value]
