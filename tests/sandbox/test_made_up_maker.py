"""One more maker, of which no test and no code outside its three modules knows, passes every sweep of the suite."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from resources.lake.lake import CHECKOUT

pytestmark = pytest.mark.slow

NAME = "nordlys"
SWEEPS = ["tests/sandbox/test_makers.py", "tests/resources/test_definitions.py", "tests/resources/test_architecture.py"]


def test_a_made_up_maker_passes_every_sweep_without_an_edit() -> None:
    """In a process of its own: `tests.support.made_up` appends the maker's folders to the packages' paths."""
    options = ["-p", "tests.support.made_up", "-p", "no:cacheprovider", "-v", "-k", f"{NAME} or definitions"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *SWEEPS], cwd=CHECKOUT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.findall(r"::(\S+) PASSED", done.stdout)
    swept = {name.partition("[")[0] for name in passed if f"[{NAME}" in name}
    assert swept == {
        "test_its_modules_agree",
        "test_its_coverage_is_stable",
        "test_a_night_against_the_sandbox",
        "test_its_faults_are_played",
        "test_live_sends_byte_for_byte_what_the_sandbox_gets",
        "test_a_job_of_its_own",
    }
    assert "test_the_graph_holds_exactly_the_declared_assets" in passed
