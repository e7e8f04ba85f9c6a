"""A plugin of coverage: a process that a test starts or forks gets the name of that test as its context.

One process of pytest runs one test at a time and writes the test's name to a file. Coverage asks this plugin in each
process that it begins to measure, after a fork too; the environment of a fork server is that of the first test that
needed it, so the name cannot come from there. `tests.support.line_map` writes the file and reads what coverage found.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coverage.plugin import CoveragePlugin

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins
    from coverage.types import TConfigurable


class CurrentTest(CoveragePlugin):
    """Set the context of a process that is not pytest's own. current: the file with the name of the test that runs."""

    def __init__(self, current: Path) -> None:
        self._current = current

    def configure(self, config: TConfigurable) -> None:
        if self._current.exists():
            config.set_option("run:context", self._current.read_text())


def coverage_init(reg: Plugins, options: dict[str, str]) -> None:
    reg.add_configurer(CurrentTest(Path(options["current"])))
