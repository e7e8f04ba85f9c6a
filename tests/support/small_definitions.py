"""The definitions with a few makers and few of their markets, which the tasks of a test's night load."""

from __future__ import annotations

import definitions
from tests.support.declared import SMALL

defs = definitions.build_defs(oems=SMALL)
