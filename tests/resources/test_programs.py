"""Every program of ours can be begun, and says what it is for before it loads anything heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.source import CHECKOUT, TIERS

LOADS = {"resources.sandbox": "aiohttp"}  # a server
PROGRAMS = sorted(
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__main__")
    for tier in TIERS
    for path in (CHECKOUT / tier).rglob("*.py")
    if '\nif __name__ == "__main__":' in path.read_text()
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_says_what_it_is_for(program: str) -> None:
    heavy = ("polars", "pyarrow", "pyiceberg", "s3fs", "aiohttp")
    code = f"""
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_module({program!r}, run_name="__main__", alter_sys=True)
finally:
    print(*[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout != "", done.stderr.strip()) == (0, True, LOADS.get(program, ""))
