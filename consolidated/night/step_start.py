"""What each step of `make nightly` finds done when its process begins: imports, and the jobs made of the definitions.

The process from which the steps' processes are forked imports this module once; nothing else does. A step that did it
for itself would take up to a CPU second before its own work.
"""

from __future__ import annotations

import gc
import importlib
import sys

import dagster as dg

from consolidated.night.job import repository

# What steps import beside the definitions.
_IMPORTED = [
    "dagster._utils.test",
    "aiohttp",
    "msgspec",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pyiceberg.catalog.sql",
    "pyiceberg.io.pyarrow",
    "pyiceberg.table",
    "raw.fetch.day",
]
# Polars' pool of threads begins with its first computation, so a process that has only imported it can be forked: what
# it does have, its allocator's threads, the allocator starts again in a child. Other systems were not tried.
if sys.platform == "linux":
    _IMPORTED += [
        "dataframely",
        "polars.io.iceberg._sink",
        "transformed.day.transform",
        "transformed.day.shown",
        "consolidated.day.dealers",
        "consolidated.day.inventory",
        "consolidated.day.market_daily",
        "consolidated.tables.iceberg",
    ]

for _name in _IMPORTED:
    importlib.import_module(_name)
repository().get_definition().get_all_jobs()
with dg.DagsterInstance.get():
    pass  # opened for what opening it imports, and closed again: no connection outlives a fork
# a step's garbage collection would walk through all of this, and with each object that it touches copy a page of memory
gc.freeze()
