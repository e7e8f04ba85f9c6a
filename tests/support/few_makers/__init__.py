"""Processes that know few makers, with few of their markets: for tests that run a whole night by its command.

A command and each of its steps are processes that discover the makers for themselves. `environment` puts this folder
on their PYTHONPATH, and Python imports its `sitecustomize` when such a process starts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from raw.wiring.discovery import Oem

VARIABLE = "TESTS_FEW_MAKERS"


def environment(oems: Iterable[Oem]) -> dict[str, str]:
    """What a process needs in its environment to know these makers alone, with these endpoints and markets."""
    kept = {oem.name: {endpoint.name: list(endpoint.markets) for endpoint in oem.endpoints} for oem in oems}
    path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {VARIABLE: json.dumps(kept), "PYTHONPATH": os.pathsep.join(path)}
