"""What is done once for all steps of a night before their processes are forked."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import dagster as dg
import pytest

from consolidated.night import job

COMPUTES = ("polars", "dataframely", "transformed", "consolidated")
"""Packages whose import brings Polars."""


def done_on(platform: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """What the module imports on a platform, and what else it does, in order; nothing of it is done."""
    imported: list[str] = []
    other: list[str] = []

    @contextmanager
    def instance() -> Iterator[None]:
        other.append("opens the instance")
        yield
        other.append("closes it")

    definitions = SimpleNamespace(get_all_jobs=lambda: other.append("makes the jobs"))
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(importlib, "import_module", imported.append)
    monkeypatch.setattr(job, "repository", lambda: SimpleNamespace(get_definition=lambda: definitions))
    monkeypatch.setattr(dg.DagsterInstance, "get", instance)
    monkeypatch.setattr(gc, "freeze", lambda: other.append("freezes what there is"))
    runpy.run_module("consolidated.night.step_start")
    return imported, other


@pytest.mark.parametrize(("platform", "computes"), [("linux", True), ("darwin", False), ("win32", False)])
def test_a_forked_step_finds_its_imports_done_and_polars_where_a_fork_bears_it(
    platform: str, computes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported, other = done_on(platform, monkeypatch)
    monkeypatch.undo()
    assert other == ["makes the jobs", "opens the instance", "closes it", "freezes what there is"]
    assert {"raw.fetch.day", "pyiceberg.table"} <= set(imported)
    assert any(name.split(".")[0] in COMPUTES for name in imported) is computes
    assert [name for name in imported if importlib.util.find_spec(name) is None] == []
