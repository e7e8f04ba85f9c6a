"""To find the files of a filter costs less: nothing works out what the filter still has to ask of each file's rows.

pyiceberg does that for every file that it plans, from the values of the file's partition: 0.75 ms a file, most of what
a look for the 33 files of 1,000 nights cost. Nothing here asks for it: polars filters all rows that it reads, and a
commit needs the files alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyiceberg.expressions.visitors import ResidualEvaluator, UnpartitionedResidualEvaluator
from pyiceberg.table import ManifestGroupPlanner

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile


def leave_the_filter_whole() -> None:
    """Let the rows of each planned file have the whole filter to match, in this process from now on.

    That is right for every file: what pyiceberg works out is the same filter without its parts that hold for all rows
    of the partition.
    """
    ManifestGroupPlanner._build_residual_evaluator = _whole  # type: ignore[method-assign, assignment]


def _whole(planner: ManifestGroupPlanner, _spec_id: int) -> Callable[[DataFile], ResidualEvaluator]:
    residual = UnpartitionedResidualEvaluator(planner.table_metadata.schema(), planner.row_filter)
    return lambda _file: residual
