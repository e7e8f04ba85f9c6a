"""A sandbox that runs already plays for every step of a night, if it plays what the step asks for."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from resources.apis.apis import Apis
from resources.apis.sandbox_process import ORIGIN_VARIABLE, _end, _origin, check_running, sandbox_process
from resources.failures import Cause, PlatformError

DAY = date(2026, 11, 23)


@pytest.mark.slow
def test_the_steps_of_a_night_share_one_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with sandbox_process(DAY, None) as origin:
        monkeypatch.setenv(ORIGIN_VARIABLE, origin)
        for _ in range(2):
            with Apis("sandbox").serving(DAY) as connection:
                assert connection.reach("https://host.example.com/path?x=1")[0] == f"{origin}/path?x=1"
        for source, day, plays in (
            (Apis("sandbox"), DAY + timedelta(days=1), f"plays {DAY} from the sandbox, not {DAY + timedelta(days=1)}"),
            (Apis("replay", tmp_path), DAY, f"plays {DAY} from the sandbox"),
        ):
            with pytest.raises(PlatformError) as failure, source.serving(day):
                pass
            assert failure.value.cause is Cause.CONFIGURATION
            assert plays in str(failure.value)


@pytest.mark.parametrize("captures", [None, Path("/a folder/of captures")])
def test_the_process_plays_the_day_or_the_folder(captures: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def started(command: list[str], **_: object) -> None:
        commands.append(command)

    monkeypatch.setattr("resources.apis.sandbox_process.subprocess.Popen", started)
    monkeypatch.setattr("resources.apis.sandbox_process._origin", lambda *_: "http://127.0.0.1:1")
    monkeypatch.setattr("resources.apis.sandbox_process._end", lambda _: None)
    with sandbox_process(date(2026, 11, 25), captures) as origin:
        assert origin == "http://127.0.0.1:1"
    command = " ".join(commands[0][1:])
    played = "-m resources.sandbox --date 2026-11-25 --port 0 --exit-with-stdin"
    assert command == (played if captures is None else f"{played} --replay {captures}")


@pytest.mark.parametrize(("handler", "ends"), [("SIG_DFL", signal.SIGTERM), ("SIG_IGN", signal.SIGKILL)])
def test_a_sandbox_is_asked_to_end_before_it_is_killed(
    handler: str, ends: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ends is signal.SIGKILL:
        monkeypatch.setattr("resources.apis.sandbox_process._END_SECONDS", 0.05)
    # the tests' own process may have blocked or ignored the signal, and a child begins with that
    program = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.{handler});"
        "signal.pthread_sigmask(signal.SIG_SETMASK, ()); print('ready', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    _end(process)
    assert process.returncode == -ends
    assert process.stdin is not None
    assert process.stdin.closed
    process.stdout.close()


class SomethingElse(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'["no", "sandbox"]')

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_is_no_sandbox_is_refused() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SomethingElse) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}"
        for origin in (there, "http://127.0.0.1:1", "http://192.0.2.1:80", "http://oem.example.com", "nonsense"):
            with pytest.raises(PlatformError) as failure:
                check_running(origin, DAY, None)
            assert failure.value.cause is Cause.CONFIGURATION
            assert ORIGIN_VARIABLE in str(failure.value)
        server.shutdown()


@pytest.mark.parametrize("origin", ["http://192.0.2.1:80", "https://oem.example.com", "http://localhost:1", "nonsense"])
def test_no_address_but_loopback_is_asked(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_, **__: pytest.fail("a host was asked"))
    with pytest.raises(PlatformError, match=r"is not on 127\.0\.0\.1"):
        check_running(origin, DAY, None)


@pytest.mark.parametrize(("errors", "said"), [(b" no port \n", "no port"), (b"", "it said nothing")])
def test_a_sandbox_that_does_not_start_is_killed_before_it_is_waited_for(errors: bytes, said: str) -> None:
    done: list[str] = []
    process: Any = SimpleNamespace(
        stdout=io.StringIO("something else\n"),
        kill=lambda: done.append("killed"),
        wait=lambda: done.append("waited for"),
    )
    with pytest.raises(PlatformError, match=f"the sandbox did not start: {said}") as failure:
        _origin(process, io.BytesIO(errors))
    assert (failure.value.cause, done) == (Cause.CONFIGURATION, ["killed", "waited for"])
    process.stdout = io.StringIO("listening on http://127.0.0.1:8080\nmore\n")
    assert _origin(process, io.BytesIO()) == "http://127.0.0.1:8080"
