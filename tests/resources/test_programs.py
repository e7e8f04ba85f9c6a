"""Every program of ours can be begun, and says what it is for before it loads anything heavy."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys

import pytest

from tests.support.source import CHECKOUT, TIERS

LOADS = {"resources.sandbox": "aiohttp"}  # a server
FILES = {
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__main__"): path
    for tier in TIERS
    for path in (CHECKOUT / tier).rglob("*.py")
    if re.search(r'^(if __name__ == "__main__":| +sys\.exit\(main\(\)\)$)', path.read_text(), re.MULTILINE)
}
PROGRAMS = sorted(FILES)
# program -> what it cannot be begun without
NEEDED = {
    "consolidated.change.__main__": "what, --oem",
    "consolidated.day.decide": "decision, --oem, --market, --date",
    "consolidated.day.retype": "--oem",
    "transformed.probe.__main__": "--oem",
    "transformed.probe.quarantine": "--oem",
}


@pytest.mark.slow
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
    assert (done.returncode, done.stderr.strip()) == (0, LOADS.get(program, ""))
    purpose = (ast.get_docstring(ast.parse(FILES[program].read_text())) or "").splitlines()[0]
    assert without_space(done.stdout).startswith("usage:")
    assert without_space(purpose) in without_space(done.stdout)


def without_space(text: str) -> str:
    """A help text breaks its lines where the terminal ends, within a word with a hyphen too."""
    return "".join(text.split())


@pytest.mark.parametrize("program", NEEDED)
def test_a_program_names_what_it_lacks(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(program).main([])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: the following arguments are required: {NEEDED[program]}\n")
