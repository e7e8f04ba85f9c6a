"""What each step of `make nightly` finds done when its process begins: imports, and the jobs made of the definitions.

The server that forks the steps' processes imports this module once; nothing else does. A step that did it for itself
would take a third of a second of CPU before its own work.
"""

from __future__ import annotations

import gc
import importlib

import dagster as dg

from consolidated.night.job import repository

# What a step imports beside the definitions, as far as a process that has imported it can be forked: Polars starts
# threads of its own when it is imported; pyarrow's survive a fork.
_IMPORTED = (
    "dagster._utils.test",
    "aiohttp",
    "msgspec",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pyiceberg.catalog.sql",
    "pyiceberg.io.pyarrow",
    "pyiceberg.table",
)

for _name in _IMPORTED:
    importlib.import_module(_name)
repository().get_definition().get_all_jobs()
with dg.DagsterInstance.get():
    pass  # opened for what opening it imports, and closed again: no connection outlives a fork
# a step's garbage collection would walk through all of this, and with each object that it touches copy a page of memory
gc.freeze()
