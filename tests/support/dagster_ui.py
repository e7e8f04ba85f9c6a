"""A real `dg dev` on a lake of its own, and a person at its UI: what is clicked, waited for and photographed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from resources.lake.first_day import VARIABLE as FIRST_DAY_VARIABLE
from tests.support.servers import free_ports
from tests.support.source import CHECKOUT

LOCATION = "oem_stock"
PATIENCE_SECONDS = 300.0  # of a machine that does much else
_END_SECONDS = 60.0
_ENDS = {"SUCCESS", "FAILURE", "CANCELED"}
_LAST_RUN = """query ($job: String) {
    runsOrError(filter: {pipelineName: $job}, limit: 1) { ... on Runs { results { status } } }
}"""
_SIZE = {"width": 1160, "height": 660}
# a spinner that turns is painted sixty times a second, by a CPU: the longer, the more else the machine does
_NOTHING_MOVES = """new MutationObserver((_, observer) => {
    if (!document.head) return
    observer.disconnect()
    const style = document.createElement("style")
    style.textContent = "*, *::before, *::after { animation: none !important; transition: none !important }"
    document.head.append(style)
}).observe(document, { childList: true, subtree: true })"""
_GO_ON_TO = """path => {
    history.pushState({}, "", path)
    dispatchEvent(new PopStateEvent("popstate", { state: {} }))
}"""


@contextmanager
def dg_dev(home: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a `dg dev` that runs until the block ends, and every process of it with it.

    home: DAGSTER_HOME. environment: of the server and of the runs that it launches.
    """
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    (port,) = free_ports(1)
    programs = Path(sys.executable).parent
    log = home / "dg_dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [programs / "dg", "dev", "--host", "127.0.0.1", "--port", str(port)],
            cwd=CHECKOUT,
            env={
                **environment,
                "DAGSTER_HOME": str(home),
                "DAGSTER_DISABLE_TELEMETRY": "yes",
                FIRST_DAY_VARIABLE: "lake",  # as `make dev` has it
                "VIRTUAL_ENV": sys.prefix,
                "PATH": f"{programs}{os.pathsep}{environment.get('PATH', '')}",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_heeds_interrupts,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _heeds_interrupts() -> None:
    """Also where the tests were begun in the background: `dg dev` ignores SIGTERM where SIGINT was ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/server_info", timeout=10):  # noqa: S310, an address of ours
            return True
    except (urllib.error.URLError, OSError):
        return False


class Person:
    """Somebody at the UI. pictures: the folder that gets the pictures, None for none."""

    def __init__(self, page: Page, address: str, pictures: Path | None) -> None:
        self.page, self._address, self._pictures = page, address, pictures
        page.set_viewport_size(_SIZE)  # type: ignore[arg-type]
        page.add_init_script(_NOTHING_MOVES)
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.set_default_navigation_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)

    def looks_away(self) -> None:
        """Leave the UI while something takes long: its spinners and polls cost a core."""
        self.page.goto("about:blank")

    def waits_for_the_run_of(self, job: str) -> None:
        """Until the last run of a job has ended, whatever became of it."""
        self.looks_away()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (status := self._status_of_the_run_of(job)) not in _ENDS:
            assert time.monotonic() < deadline, f"the run of {job} is {status}"
            time.sleep(1)

    def _status_of_the_run_of(self, job: str) -> str | None:
        asked = {"query": _LAST_RUN, "variables": {"job": job}}
        request = urllib.request.Request(  # noqa: S310, an address of ours
            f"{self._address}/graphql", json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            runs = json.load(answer)["data"]["runsOrError"]["results"]
        return runs[0]["status"] if runs else None

    def goes_to(self, path: str) -> None:
        """As a click on a link does it, within the UI; from elsewhere the UI is loaded, which takes two CPU seconds."""
        if self.page.url.startswith(self._address):
            self.page.evaluate(_GO_ON_TO, f"/{path}")
        else:
            self.page.goto(f"{self._address}/{path}", wait_until="domcontentloaded")

    def goes_to_job(self, job: str, tab: str = "") -> None:
        self.goes_to(f"locations/{LOCATION}/jobs/{job}/{tab}")

    def goes_to_asset(self, key: str, tab: str) -> None:
        self.goes_to(f"assets/{key}?view={tab}")

    def clicks(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def sees(self, text: str | re.Pattern[str], *, times: int | None = None) -> Locator:
        """Wait until a text is to be seen; with times, exactly so often."""
        found = self.page.get_by_text(text)
        if times is not None:
            expect(found).to_have_count(times)
        expect(found.first).to_be_visible()
        return found

    def takes_picture(self, name: str) -> None:
        if self._pictures:
            self.page.wait_for_load_state("networkidle")  # what is coloured by what is still asked for
            self.page.screenshot(path=self._pictures / f"{name}.png", animations="disabled")
