"""The definitions with a few makers and few of their markets, which the tasks of a test's night load."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec
from unittest import mock

from tests.support.declared import SMALL

# a module of its own beside that of every maker, whose definitions take half a CPU second in each task
_spec = find_spec("definitions")
assert _spec is not None
assert _spec.loader is not None
_definitions = module_from_spec(_spec)
with mock.patch("raw.wiring.discovery.discover", return_value=SMALL):
    _spec.loader.exec_module(_definitions)

defs = _definitions.defs
