"""The definitions with a few makers and few of their markets, which the tasks of a test's night load."""

from __future__ import annotations

from unittest import mock

from tests.support.declared import SMALL

# the module makes the definitions of every maker that is discovered, half a CPU second in each task
with mock.patch("raw.wiring.discovery.discover", return_value=SMALL):
    import definitions

defs = definitions.build_defs(oems=SMALL)
