"""Law 8: loading the definitions imports none of the heavy packages, so a coordinator fits 2 GB."""

from __future__ import annotations

import subprocess
import sys

import pytest

from resources.lake.lake import CHECKOUT

HEAVY = ("polars", "pyarrow", "pyiceberg", "s3fs", "aiohttp", "msgspec")


@pytest.mark.slow
def test_loading_the_definitions_imports_nothing_heavy() -> None:
    program = f"import definitions, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
