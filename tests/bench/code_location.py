"""The code location of a measured night: the real definitions, of the subject alone."""

from __future__ import annotations

from definitions import build_defs
from tests.bench.subject import subject

defs = build_defs(oems=[subject()])
