"""What `make nightly` shows on a terminal and in a pipe: whatever does not fit fails here."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from consolidated.night.attention import advice_for, matters
from consolidated.night.closing_table import told
from consolidated.night.display import picture
from consolidated.night.events import MakerProgress
from consolidated.night.failures import Failure
from raw.endpoint.declaration import Inventory
from resources.failures import Cause, PlatformError
from resources.lake.lake import CHECKOUT
from tests.support import few_makers
from tests.support.declared import MANY_MARKETS, with_few_markets

SMALLEST = replace(with_few_markets(MANY_MARKETS), endpoints=with_few_markets(MANY_MARKETS).yielding(Inventory))
"""The maker of the night on a terminal, with its vehicles alone."""
MAKERS = [f"maker_named_{number:02}" for number in range(18)]
WIDTHS = (80, 200)
_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[=>])")


def run(oem: str, market: str, table: str = "inventory", **values: Any) -> dict[str, Any]:
    """A row of `runs` of a good day of a large market, with `values`."""
    return {
        "oem": oem, "market": market, "table": table, "endpoint": "stock", "complete": True, "accepted": True,
        "cause": None, "message": None, "decision": None, "decision_reason": None,
        "vehicles": 1_000_000, "listed": 123_456, "delisted": 123_456, "refused": 12_345,
        "excluded": 7, "quarantined": 12_352, "covered": 0, "relisted": 3,
        "disappeared": 99_999, "price_changes": 4, "fetch_seconds": 3599.9, **values,
    }  # fmt: skip


MARKETS = [
    run(oem, market, table)
    for oem in MAKERS
    for market in ("us", "gb")
    for table in (("inventory", "dealers") if market == "us" else ("inventory",))
][:-1]
BROKEN = [
    run("audi", "es", complete=False, accepted=False, cause="rate_limited", message=f"audi stock es: {'slow ' * 40}"),
    run("audi", "de", accepted=False, decision_reason="volume_drop: 10 vehicles, under 60 % of 30, the median"),
    run("audi", "it", accepted=False, decision="refuse", decision_reason="operator: refused"),
    run("bmw", "de", complete=False, accepted=False, cause="blocked", message="no"),
]
BLOCKED = PlatformError(Cause.BLOCKED, "the host refuses", "bmw")
FAILURES = {
    failure.place: failure
    for failure in (
        Failure("bmw/raw/stock", None, (Cause.BLOCKED,), str(BLOCKED)),
        Failure("bmw/raw/stock", "complete", (Cause.BLOCKED,), "nothing was whole"),
        Failure("audi/transformed/stock", "contract", (Cause.CONTRACT_BROKEN,), "color of es is empty"),
    )
}


def printed(runs: list[dict[str, Any]], failures: dict[str, Failure], width: int) -> list[str]:
    console = Console(width=width, highlight=False, force_terminal=True, record=True, file=io.StringIO())
    for one in told(runs, failures, "night of 2026-11-26, 1234 s"):
        console.print(one)
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_closing_table_of_thirty_five_markets_fits(width: int) -> None:
    lines = printed(MARKETS, {}, width)
    rows = [line for line in lines if re.search(r"^ +(maker|all)", line)]
    assert max(map(cell_len, rows)) <= 80
    assert max(map(cell_len, lines)) <= width
    assert len(rows) == 1 + 35 + 1
    for oem in MAKERS[:-1]:
        assert sum(re.search(rf"^ +{oem} +(us|gb) +1,000,000 ", line) is not None for line in rows) == 2
    assert any(re.search(r" all +35 +35,000,000 ", line) for line in rows), "the whole numbers are there"
    assert not any("…" in line for line in lines)
    assert not any("person" in line for line in lines), "what is left out by design is counted, and nobody is called"
    assert f"{7 * 35} left out by design" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", WIDTHS)
def test_what_needs_a_person_fits_and_says_what_to_do(width: int) -> None:
    lines = printed(BROKEN, FAILURES, width)
    assert max(map(cell_len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "4 need a person:" in text
    assert "FAILED bmw/raw/stock: bmw: blocked: the host refuses." in text
    assert "NOT WHOLE audi es inventory: audi stock es: slow" in text
    assert "Lower the endpoint's limit, then run the day again. docs/failures.md#rate_limited" in text
    assert "DOUBTFUL audi de inventory: volume_drop: 10 vehicles" in text
    assert "FAILED audi/transformed/stock contract: color of es is empty" in text
    assert "operator: refused" not in text, "an operator has looked at it"
    assert "NOT WHOLE bmw de" not in text, "its step has said so"


def test_a_credential_is_one_matter_of_its_endpoint() -> None:
    rejected = Cause.CREDENTIAL_REJECTED.value
    rows = [
        *(run("audi", one, complete=False, accepted=False, cause=rejected, message="audi: 401.") for one in "abc"),
        run("audi", "d", complete=False, accepted=False, cause="blocked", message="audi d: no"),
        run("audi", "e", complete=False, accepted=False, cause=rejected, message="audi: 401.", endpoint="other"),
    ]
    found = [(one.place, one.words) for one in matters(rows, [])]
    assert found == [
        ("audi/raw/stock", "audi: 401 (and 2 more markets). Its last good state stays served"),
        ("audi d inventory", "audi d: no. Its last good state stays served"),
        ("audi/raw/other", "audi: 401. Its last good state stays served"),
    ]


def test_every_advice_points_at_a_line_of_the_runbook() -> None:
    page = (CHECKOUT / "docs" / "failures.md").read_text()
    for cause in Cause:
        advice = advice_for(cause)
        assert advice.endswith(f"docs/failures.md#{cause.value}")
        assert f'<a id="{cause.value}"></a>' in page
    assert matters([], []) == []


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 10)])
def test_the_bars_of_many_makers_fit_the_terminal(width: int, height: int) -> None:
    makers = {}
    for number, name in enumerate(MAKERS * 2):
        maker = MakerProgress(f"{name}_{number}", steps=4, started_at=1.0, running={f"{name}/raw/stock"})
        maker.records = {"a": (123_456, 1_000_000)} if number % 2 else {}
        makers[maker.name] = maker
    console = Console(width=width, height=height, record=True, force_terminal=True, file=io.StringIO())
    console.print(picture(makers, 12.0, now=61.0, rows=height - 2))
    lines = console.export_text().splitlines()
    assert max(map(cell_len, lines)) <= width
    assert len(lines) == min(height - 2, len(makers) + 1)
    hidden = len(makers) + 1 - len(lines)
    assert f"{hidden} more at work" in lines[-1] or not hidden
    assert "fetching" in lines[0]


def _as_a_shell_starts_it() -> None:
    """With the terminal as its own, and Ctrl-C in force, which a process begun in the background ignores."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A program on a terminal of its own, a session's leader as a shell's is; `shown` is all that it wrote."""

    def __init__(self, folder: Path, columns: int, rows: int, *command: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OEM_", "DAGSTER_"))}
        environment |= {
            "LAKE_URI": str(folder / "lake"), "DAGSTER_HOME": str(folder / "dagster"), "SANDBOX_VEHICLES": "200",
            "TERM": "xterm-256color", **few_makers.environment([SMALLEST]),
        }  # fmt: skip
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=_as_a_shell_starts_it,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""

    def read(self, until: str | None = None) -> None:
        """Read until a text was shown, or to the end."""
        deadline = time.monotonic() + 600
        while until is None or until not in self.shown:
            assert time.monotonic() < deadline, self.shown
            try:
                piece = os.read(self._ours, 65536)
            except OSError:  # how Linux says that nobody is on the other side
                break
            if not piece:
                break
            self.shown += piece.decode(errors="replace")
        if until is None:
            self.process.wait(60)

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def lines(self) -> list[str]:
        """What was written between two ends of a line, without colours and movements."""
        return re.split(r"[\r\n]+", _ESCAPE.sub("", self.shown))


def with_in_environment(text: str) -> list[str]:
    """The command lines of the processes in whose environment a text stands."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and text in (process / "environ").read_text(errors="replace"):
                found.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_night_on_a_terminal_shows_bars_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """One night of 80 columns to its end, and one of 200 that Ctrl-C ends while it works."""
    oem = MANY_MARKETS.name
    command = (sys.executable, "-m", "consolidated.night", "--oem", oem)
    whole = Terminal(tmp_path, 80, 24, *command)
    whole.read()
    assert whole.process.returncode == 0, whole.shown
    lines = whole.lines()
    assert max(map(cell_len, lines)) <= 80 or str(tmp_path) in max(lines, key=cell_len)
    assert lines[0].startswith(f"{oem}_nightly of ")
    assert any("makers done" in line for line in lines), "bars while it works"
    assert any(re.match(rf"^{oem} done: [\d,]+ records", line) for line in lines)
    assert any(re.match(r" +maker +market +vehicles +dealers", line) for line in lines)

    ended = Terminal(tmp_path, 200, 50, *command)
    ended.read("makers done")
    ended.press(b"\x03")
    ended.read()
    assert ended.process.returncode == 130, ended.shown[-2000:]
    assert max(map(cell_len, ended.lines())) <= 200
    last = [line for line in ended.lines() if line.strip()][-1]
    assert "ended: nothing of it runs any more" in last
    assert "Traceback" not in ended.shown
    assert with_in_environment(str(tmp_path / "lake")) == []
