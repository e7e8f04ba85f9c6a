"""The sandbox as a program and as a server: arguments, life and death, dispatch, determinism."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from resources.lake.lake import CHECKOUT
from resources.sandbox.__main__ import main
from resources.sandbox.serving.credentials import sandbox_credential
from tests.support import declared
from tests.support.sandbox_client import DAY, MB_SEARCH, MBUSA, PSS, SCS, Client, sandbox

COMMAND = [sys.executable, "-m", "resources.sandbox"]
BARE = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}


@contextmanager
def process(
    *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=CHECKOUT,
        env=BARE | (environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            match = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", line)
            assert match, (line, running.stderr and running.stderr.read())
            yield running, Client(int(match[1]))
        finally:
            running.kill()


def rest(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.read()


def about(client: Client) -> dict[str, object]:
    found: dict[str, object] = client.ask("127.0.0.1", "/").json()
    return found


@pytest.mark.slow
def test_it_says_one_line_and_logs_nothing() -> None:
    with process() as (running, client):
        assert client.scs().status == 200
        assert client.ask(SCS, "/nowhere").status == 404
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
        assert rest(running.stdout) == ""
        assert rest(running.stderr) == ""


@pytest.mark.slow
def test_another_process_serves_the_same_bytes() -> None:
    arguments = ("--date", DAY.isoformat(), "--vehicles", "400", "--seed", "7")
    with sandbox(seed=7) as here, process(*arguments) as (_, there):
        for path in ("scs", "mbusa"):
            assert getattr(there, path)().body == getattr(here, path)().body == getattr(here, path)().body
        query = "{ dealersByMarket(market: KOR) { dealers { dealerId name phone } } }"
        assert there.pss(query).body == here.pss(query).body
    with sandbox(seed=8) as other, sandbox(seed=7) as here:
        assert other.scs().body != here.scs().body
        assert other.mbusa().body != here.mbusa().body


@pytest.mark.slow
def test_the_environment_sets_size_seed_and_faults_and_arguments_win() -> None:
    environment = {"SANDBOX_VEHICLES": "300", "SANDBOX_SEED": "5", "SANDBOX_FAULTS": "audi/scs_search:html"}
    with process(environment=environment) as (_, client):
        found = about(client)
        assert (found["vehicles_per_oem"], found["seed"], found["faults"]) == (300, 5, "audi/scs_search:html")
        assert client.scs().body.startswith(b"<!DOCTYPE")
    with process("--vehicles", "400", "--faults", "", environment=environment) as (_, client):
        assert about(client)["vehicles_per_oem"] == 400
        assert client.scs().status == 200
        assert client.scs().headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["--vehicles", "199"], {}, "200 to 1_000_000"),
        (["--vehicles", "1000001"], {}, "200 to 1_000_000"),
        (["--vehicles", "many"], {}, "'many'"),
        ([], {"SANDBOX_VEHICLES": "0"}, "200 to 1_000_000"),
        ([], {"SANDBOX_SEED": "x"}, "'x' is not a whole number"),
        (["--date", "2026-02-30"], {}, "'2026-02-30' is not a date"),
        (["--date", "yesterday"], {}, "'yesterday' is not a date"),
        (["--replay", "/no/such/folder"], {}, "there is no folder /no/such/folder"),
        (["--faults", "audi/scs_search:sparks"], {}, "no fault sparks"),
        ([], {"SANDBOX_FAULTS": "nonsense"}, "'nonsense'"),
        (["--latency-ms", "-1"], {}, "'-1' is not a number of milliseconds"),
        ([], {"SANDBOX_LATENCY_MS": "long"}, "'long' is not a number of milliseconds"),
        (["--port", "99999"], {}, "'99999' is not a port"),
    ],
)
def test_bad_arguments_are_clean_errors(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    environment: dict[str, str],
    message: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


@pytest.mark.slow
def test_a_port_that_is_taken_is_a_clean_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], cwd=CHECKOUT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_it_ends_with_its_stdin() -> None:
    with process("--exit-with-stdin") as (running, client):
        assert client.scs().status == 200
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(10) == 0
    with process() as (running, client):
        assert running.stdin is not None
        running.stdin.close()
        time.sleep(0.3)
        assert running.poll() is None
        assert client.scs().status == 200


@pytest.mark.slow
def test_it_ends_while_it_is_being_slow() -> None:
    with (
        process("--exit-with-stdin", "--faults", "audi/scs_search:slow") as (running, client),
        socket.create_connection(("127.0.0.1", client.port)) as waiting,
    ):
        path = f"/api/v2/search/filter/esuc/es HTTP/1.1\r\nHost: {SCS}\r\nToken: {sandbox_credential('AUDI_SCS_TOKEN')}"
        waiting.sendall(f"GET {path}\r\n\r\n".encode())
        assert client.ask(SCS, "/nowhere").status == 404  # by now the slow one is being answered
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(5) == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_it_dies_with_a_parent_that_was_killed() -> None:
    parent = (
        "import subprocess, sys, time\n"
        f"command = {[*COMMAND, '--exit-with-stdin']!r}\n"
        "child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        assert not gone_within(child, 0.2)
        running.kill()
        assert gone_within(child, 10)


@pytest.mark.slow
def test_it_listens_on_loopback_only() -> None:
    with process() as (_, client), socket.socket() as other:
        other.settimeout(1)
        # 127.0.0.2 is loopback too, but not the address that was asked for
        assert other.connect_ex(("127.0.0.2", client.port)) != 0


def test_the_first_page_explains_itself_and_its_examples_work() -> None:
    with sandbox() as client:
        found = about(client)
        assert (found["source"], found["date"], found["seed"]) == ("sandbox", DAY.isoformat(), 1)
        hosts = found["hosts"]
        assert isinstance(hosts, dict)
        assert set(hosts) >= set().union(*map(declared.hosts, declared.OEMS))
        routes = [route for host in hosts.values() for route in host if route["is_endpoint"]]
        assert {(route["oem"], route["endpoint"]) for route in routes} == {
            (oem.name, endpoint.name) for oem, endpoint in declared.ASKED
        }
        for route in routes:
            if route["method"] == "GET":
                assert client.ask("localhost", route["example"], headers=route["headers"]).status == 200
        assert "slow" in routes[0]["faults"]


def test_replay_explains_itself(tmp_path: Path) -> None:
    with sandbox(replay=tmp_path) as client:
        assert (about(client)["source"], about(client)["folder"]) == ("replay", str(tmp_path))


def test_a_host_is_found_by_header_or_by_the_first_segment_of_the_path() -> None:
    token = {"Token": sandbox_credential("AUDI_SCS_TOKEN")}
    path = "/api/v2/search/filter/esuc/es?from=0&size=5"
    with sandbox() as client:
        by_header = client.ask(SCS, path, headers=token)
        assert by_header.status == 200
        assert client.ask(f"{SCS}:443", path, headers=token).body == by_header.body
        assert client.ask(SCS.upper(), path, headers=token).body == by_header.body
        assert client.ask("127.0.0.1", f"/{SCS}{path}", headers=token).body == by_header.body
        query = json.dumps({"query": "{ marketInfo { markets { market } } }"}).encode()
        headers = {"clientid": sandbox_credential("AUDI_PSS_CLIENT_ID")}
        for address in (f"/{PSS}", f"/{PSS}/"):
            assert client.ask("127.0.0.1", address, method="POST", headers=headers, body=query).status == 200


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("www.example.com", "/anything", 404),
        ("127.0.0.1", "/scs.audi.de.example/api", 404),
        (SCS, "/api/v2/search/filter/esuc", 404),
        (MBUSA, "/api/inv/v1/en_us/combined/vehicles/search?withFilters=true", 404),
        (PSS, "/", 405),
    ],
)
def test_what_is_not_played_is_said_to_be_so(host: str, path: str, status: int) -> None:
    with sandbox() as client:
        reply = client.ask(host, path)
    assert reply.status == status
    assert reply.json()["message"]


def test_a_search_is_read_only() -> None:
    with sandbox() as client:
        assert client.ask(MBUSA, f"{MB_SEARCH}?class=E", method="POST", body=b"{}").status == 405


@pytest.mark.slow
def test_each_answer_takes_the_latency_that_is_set_and_answers_wait_side_by_side() -> None:
    with process(environment={"SANDBOX_LATENCY_MS": "400"}) as (_, client), ThreadPoolExecutor(8) as pool:
        begun = time.monotonic()
        assert client.scs().status == 200
        assert time.monotonic() - begun >= 0.4
        begun = time.monotonic()
        assert {reply.status for reply in pool.map(lambda _: client.scs(), range(8))} == {200}
        assert time.monotonic() - begun < 8 * 0.4


@pytest.mark.slow
def test_it_starts_fast_whatever_the_size() -> None:
    """Nothing is drawn before it is asked for. In CPU seconds: the machine may be busy."""
    spent = []
    for vehicles in ("2000", "1000000"):
        before = os.times()
        with process("--vehicles", vehicles):
            pass
        after = os.times()
        spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
    few, many = spent
    assert many < 1.5 * few + 1
