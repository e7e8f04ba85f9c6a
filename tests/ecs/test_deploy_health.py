"""The health checks of the service's three containers: each does what it says, and has the time for it."""

from __future__ import annotations

import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._cli import create_dagster_cli
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster._daemon.types import DaemonHeartbeat

from tests.support.ecs.template import document

CHECK_SECONDS = 2.5  # a process that imports dagster, on a vCPU of its own


def containers() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document()["Resources"]["Dagster"]["Properties"]["ContainerDefinitions"]
    return found


def test_a_health_check_has_time_for_what_it_does() -> None:
    for container in containers():
        check = container["HealthCheck"]
        # three containers share one vCPU and may all check at once
        assert 3 * CHECK_SECONDS < check["Timeout"] < check["Interval"], container["Name"]
        assert check["Timeout"] <= 60, "AWS's limit"
        assert check["Retries"] * check["Interval"] >= 180, "a service that is only slow is not replaced"
        assert check["StartPeriod"] <= 300, "AWS's limit"


def command_of_the_check(container_name: str) -> list[str]:
    [(kind, *command)] = [one["HealthCheck"]["Command"] for one in containers() if one["Name"] == container_name]
    assert kind == "CMD"
    return [str(word) for word in command]


def test_the_webservers_check_asks_the_webserver() -> None:
    program, *arguments = command_of_the_check("webserver")
    assert program == "python"
    asked: list[str] = []

    class Webserver(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/server_info" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Webserver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        here = [word.replace(":3000", f":{server.server_port}") for word in arguments]
        assert subprocess.run([sys.executable, *here], check=False).returncode == 0
        gone = [word.replace("/server_info", "/elsewhere") for word in here]
        assert subprocess.run([sys.executable, *gone], check=False, capture_output=True).returncode != 0
        server.shutdown()
    assert asked == ["/server_info", "/elsewhere"]


@pytest.mark.slow
def test_the_daemons_check_asks_for_heartbeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = command_of_the_check("daemon")
    assert program == "dagster-daemon"
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    assert CliRunner().invoke(create_dagster_daemon_cli(), arguments).exit_code == 1
    with dg.DagsterInstance.get() as instance:
        for kind in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), kind, "a daemon", []))
    assert CliRunner().invoke(create_dagster_daemon_cli(), arguments).exit_code == 0


def test_the_code_servers_check_is_a_command_of_dagster() -> None:
    program, *arguments = command_of_the_check("code")
    assert program == "dagster"
    cli = create_dagster_cli()  # type: ignore[no-untyped-call]
    checked = CliRunner().invoke(cli, [*arguments[:-1], "1"])  # nobody listens there
    assert checked.exit_code == 1
    assert "no such" not in checked.output.lower()
