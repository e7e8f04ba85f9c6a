"""A history in a lake that is made once for many tests, each of which may change it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.consolidated_support import History


@dataclass
class LaidDown:
    """A history in a folder, with its files as they were when this was made."""

    history: History

    def __post_init__(self) -> None:
        shutil.copytree(self.history.folder, self._copy)

    @property
    def _copy(self) -> Path:
        return self.history.folder.with_name(f"{self.history.folder.name}_laid_down")

    def put_back(self) -> History:
        """The history with the files that it had, at the same place, since tables name their files by whole paths."""
        shutil.rmtree(self.history.folder)
        shutil.copytree(self._copy, self.history.folder)
        return replace(self.history, archive=dict(self.history.archive))
