"""How a step finds its sandbox: one that runs already, by what it says of itself, or its own, by its first line."""

from __future__ import annotations

import io
import json
import os
import queue
import subprocess
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from resources.apis import sandbox_process
from resources.apis.sandbox_process import _forward_first_line, _origin, check_running
from resources.failures import Cause, PlatformError

DAY = date(2026, 11, 23)
ORIGIN = "http://127.0.0.1:8080"
CAPTURES = Path("/a folder/of captures")


def running(said: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A sandbox that says this of itself, an error or JSON; the addresses that are asked."""
    asked: list[str] = []

    def opened(_: Any, address: str, timeout: float) -> io.BytesIO:
        assert timeout > 10, "a sandbox that draws many vehicles takes a while"
        asked.append(address)
        if isinstance(said, Exception):
            raise said
        return io.BytesIO(said if isinstance(said, bytes) else json.dumps(said).encode())

    monkeypatch.setattr("urllib.request.OpenerDirector.open", opened)
    return asked


@pytest.mark.parametrize(
    ("said", "captures"),
    [
        ({"date": "2026-11-23"}, None),
        ({"date": "2026-11-23", "folder": None, "more": 1}, None),
        ({"date": "2026-11-23", "folder": str(CAPTURES)}, CAPTURES),
    ],
)
def test_a_sandbox_that_plays_what_a_step_asks_for_is_asked(
    said: Any, captures: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = running(said, monkeypatch)
    assert check_running(ORIGIN, DAY, captures) == ORIGIN
    assert asked == [f"{ORIGIN}/"]


@pytest.mark.parametrize(
    ("said", "captures", "told"),
    [
        ({"date": "2026-11-24"}, None, "plays 2026-11-24 from the sandbox, not 2026-11-23"),
        ({"date": "2026-11-23", "folder": "/x"}, None, "plays 2026-11-23 from /x, not 2026-11-23"),
        ({"date": "2026-11-23", "folder": "/x"}, CAPTURES, "plays 2026-11-23 from /x, not 2026-11-23"),
        ({"date": "2026-11-23"}, CAPTURES, "plays 2026-11-23 from the sandbox, not 2026-11-23"),
        ({"folder": "/x"}, None, "answers as no sandbox does: 'date'"),
        (["date"], None, "answers as no sandbox does: "),
        (b"<html>", None, "answers as no sandbox does: "),
        (OSError("refused"), None, "answers as no sandbox does: refused"),
    ],
)
def test_anything_else_is_refused_with_what_to_unset(
    said: Any, captures: Path | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(said, monkeypatch)
    with pytest.raises(PlatformError) as refused:
        check_running(ORIGIN, DAY, captures)
    assert refused.value.cause is Cause.CONFIGURATION
    assert refused.value.detail.startswith(f"SANDBOX_ORIGIN='{ORIGIN}' {told}")
    assert refused.value.advice == "Unset SANDBOX_ORIGIN: each step then starts a sandbox of its own."


def process_saying(said: Any) -> Any:
    done: list[str] = []
    return SimpleNamespace(
        stdout=said, done=done, kill=lambda: done.append("killed"), wait=lambda *_: done.append("waited for")
    )


def test_a_sandbox_that_says_nothing_for_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "_START_SECONDS", 0.001)
    read, write = os.pipe()
    process = process_saying(os.fdopen(read))  # closed by the thread that reads it
    try:
        with pytest.raises(PlatformError, match="the sandbox did not start: drawing"):
            _origin(process, io.BytesIO(b"drawing"))
    finally:
        os.close(write)
    assert process.done == ["killed", "waited for"]


def test_the_end_of_what_a_sandbox_said_is_told() -> None:
    errors = io.BytesIO(b"first" + b"x" * 2000 + b"\xff last")
    errors.read()
    with pytest.raises(PlatformError) as refused:
        _origin(process_saying(io.StringIO("")), errors)
    said = refused.value.detail.removeprefix("the sandbox did not start: ")
    assert (len(said), said[-6:], "first" in said) == (2000, "\ufffd last", False)


def test_all_that_a_sandbox_says_is_read_so_that_it_never_waits() -> None:
    class Said(io.StringIO):
        left: str | None = None

        def close(self) -> None:
            self.left = self.read()
            super().close()

    lines: queue.Queue[str] = queue.Queue()
    said = Said("listening on there\nmore\nand more\n")
    _forward_first_line(process_saying(said), lines)
    assert (lines.get_nowait(), lines.empty(), said.left) == ("listening on there\n", True, "")


def test_a_sandbox_lives_as_long_as_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    ended: list[object] = []
    process = object()

    def start(_: list[str], **words: Any) -> object:
        started.append(words)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(sandbox_process, "_origin", lambda *_: ORIGIN)
    monkeypatch.setattr(sandbox_process, "_end", ended.append)

    def fail() -> None:
        with sandbox_process.sandbox_process(DAY, None):
            assert ended == []
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ended == [process]
    pipes = {name: started[0][name] for name in ("stdin", "stdout", "text")}
    assert pipes == {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
