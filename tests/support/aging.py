"""A storage whose files are older than they are, for what maintenance removes only after days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fsspec import AbstractFileSystem

from resources.lake import stored_files

LONG_AGO = timedelta(days=30)


def aged(
    monkeypatch: pytest.MonkeyPatch,
    *,
    young: Callable[[str], bool] = lambda _: False,
    skew: timedelta = timedelta(0),
) -> None:
    """Let the storage tell every file but the young ones as older: nobody can wait for days, and S3 takes no age.

    skew: how far the storage's clock goes before this machine's.
    """
    modified = stored_files._modified

    def older(filesystem: AbstractFileSystem, path: str, entry: dict[str, Any]) -> datetime:
        is_young = "storage-clock-" in path or young(path)
        return modified(filesystem, path, entry) + skew - (timedelta(0) if is_young else LONG_AGO)

    monkeypatch.setattr(stored_files, "_modified", older)
