"""Apis that play without a sandbox: what a command does with them is tested without a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from resources.failures import PlatformError
from resources.lake.days import today


class Played:
    """Apis that are played. refuses: why a day cannot be fetched."""

    source = "sandbox"

    def __init__(self, refuses: PlatformError | None = None) -> None:
        self.refuses = refuses

    @contextmanager
    def played(self, day: date) -> Iterator[str]:
        yield f"http://127.0.0.1:1/{day}"

    def may_fetch(self, _day: date, now: date) -> None:
        assert now == today()
        if self.refuses:
            raise self.refuses
