"""To find the files of a filter costs less: what pyiceberg does again for every look, or for nobody, is left out.

Nothing works out what a filter still has to ask of each file's rows. pyiceberg does that for every file that it plans,
0.75 ms each, most of what a look for the 33 files of 1,000 nights cost. Nobody here asks for it: polars filters all
rows that it reads, and a commit needs the files alone.

A manifest list that was read is kept for the next look at the same snapshot. A maker's night looks at its tables forty
times, and the list of a table of fifteen makers after 1,000 nights has 230 manifests, which take 5 ms to read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from pyiceberg.expressions.visitors import ResidualEvaluator, UnpartitionedResidualEvaluator
from pyiceberg.manifest import ManifestFile, _manifests
from pyiceberg.table import ManifestGroupPlanner, snapshots

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import DataFile

LISTS_KEPT = 16
"""Manifest lists, of the snapshots that were looked at last: one or two of each table."""

_lists: OrderedDict[str, tuple[ManifestFile, ...]] = OrderedDict()
_lock = Lock()


def plan_cheaply() -> None:
    """Let pyiceberg leave both out, in this process from now on.

    The rows of each planned file have the whole filter to match, which is right for every file: what pyiceberg works
    out is the same filter without its parts that hold for all rows of the partition. A manifest list is never written
    again under its name, which holds a UUID.
    """
    ManifestGroupPlanner._build_residual_evaluator = _whole_filter  # type: ignore[method-assign, assignment]
    snapshots._manifests = _kept_list  # type: ignore[attr-defined]


def _whole_filter(planner: ManifestGroupPlanner, _spec_id: int) -> Callable[[DataFile], ResidualEvaluator]:
    residual = UnpartitionedResidualEvaluator(planner.table_metadata.schema(), planner.row_filter)
    return lambda _file: residual


def _kept_list(io: FileIO, manifest_list: str) -> tuple[ManifestFile, ...]:
    with _lock:
        if manifest_list in _lists:
            _lists.move_to_end(manifest_list)
            return _lists[manifest_list]
    found = _manifests(io, manifest_list)
    with _lock:
        _lists[manifest_list] = found
        while len(_lists) > LISTS_KEPT:
            _lists.popitem(last=False)
    return found
