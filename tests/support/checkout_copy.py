"""A copy of the checkout's own files, in which a test may add modules and run commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.source import CHECKOUT, TIERS

_OWN = (*TIERS, "tests", "docs", "definitions.py", "pyproject.toml", "Makefile", "README.md")


class CheckoutCopy:
    """folder: where the copy lies. The programs of this process's environment run in it, on its modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _OWN:
            source = CHECKOUT / name
            if source.is_dir():
                # with the bytecode of the modules, or the copy's first process compiles them all
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.tar.xz"))
            else:
                shutil.copy2(source, folder / name)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the copy; its output is text, stderr among stdout."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "LAKE_", "OEM_"))}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=kept | {"PATH": programs, "PYTHONPATH": str(self.folder)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, *arguments, **environment)
