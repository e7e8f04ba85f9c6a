"""Pages for a probe: how many requests a host gets, how a capture is sealed, and what a host says to programs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from raw.archive.reader import read_pages
from raw.archive.seal import Manifest, read_seal
from raw.endpoint import Dealers, Get
from raw.endpoint.declaration import Endpoint, MarketList, Way
from raw.endpoint.slicing import First, Listed
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.hand_sealed import DAY
from tests.support.words import endpoint, rows_of
from transformed.probe import landing
from transformed.probe.capture import Capture
from transformed.probe.landing import land_capture, land_first_pages, robots_txt

URL = "https://oem.example/"
NOBODY: Any = None


def fetched(maker: Oem, of: Endpoint, market: str, pages: int) -> list[tuple[str, Endpoint]]:
    """What is fetched, and what is derived from it, each as its endpoint was narrowed."""
    did: list[tuple[str, Endpoint]] = []

    def fetch_day(*, oem: str, endpoint: Endpoint, progress: Callable[[str], None], **_: object) -> str:
        progress("a line that nobody is shown")
        did.append((f"fetched {oem}", endpoint))
        return "fetched"

    def derive_day(*, oem: str, endpoint: Endpoint, **_: object) -> str:
        did.append((f"derived {oem}", endpoint))
        return "derived"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landing, "fetch_day", fetch_day)
        patch.setattr(landing, "derive_day", derive_day)
        sealed: Any = land_first_pages(NOBODY, maker, of, market, pages=pages, apis=NOBODY, day=DAY)
    assert did[-1][0].startswith(sealed), "the last one's seal is looked at"
    return did


FIRST = First(Get(f"{URL}token"), values={"token": "token"})
LISTED = Listed(Get(f"{URL}models"), "models[].code")


@pytest.mark.parametrize(
    ("words", "before_the_pages"),
    [
        ({}, 0),
        ({"request_of_market": {"gb": Get(f"{URL}gb")}}, 0),
        ({"market_list": MarketList(Get(f"{URL}markets"), "markets", "code", "m")}, 0),
        ({"slices": {"lot": ("a", "b")}, "way_of_slice": {"lot": {"b": Way(Get(f"{URL}b"))}}}, 0),
        ({"request": Get(f"{URL}{{token}}"), "first": FIRST}, 1),
        ({"request": Get(f"{URL}{{model}}"), "slices": {"model": LISTED}}, 1),
    ],
)
def test_a_host_gets_as_many_requests_for_pages_as_were_named(words: dict[str, Any], before_the_pages: int) -> None:
    of = endpoint(markets={"es": {"m": "1"}, "gb": {"m": "2"}}, **words)
    ((what, asked),) = fetched(Oem("maker", (of,)), of, "gb", pages=3)
    assert (what, dict(asked.markets)) == ("fetched maker", {"gb": {"m": "2"}})
    assert asked.budget.requests == 3 + before_the_pages
    assert asked.market_list is None


def test_an_endpoint_that_reads_anothers_answers_reads_those_that_are_fetched_for_it() -> None:
    stock = endpoint(name="stock", markets={"es": {}, "gb": {}})
    sellers = Endpoint(
        name="sellers", yields=Dealers("sellers"), answers_of="stock", records="cars", identity="id",
        markets={"es": {}, "gb": {}},
    )  # fmt: skip
    (first, stock_asked), (then, sellers_read) = fetched(Oem("maker", (stock, sellers)), sellers, "gb", pages=2)
    assert (first, stock_asked.name, list(stock_asked.markets)) == ("fetched maker", "stock", ["gb"])
    assert (then, sellers_read.name, list(sellers_read.markets)) == ("derived maker", "sellers", ["gb"])
    assert stock_asked.budget.requests == 2


def captured(lake: Lake, *pages: list[dict[str, Any]], are_answers: bool = True, **words: Any) -> Manifest:
    bodies = [json.dumps({"cars": page}).encode() for page in pages]
    return land_capture(lake, "maker", endpoint(**words), "es", Capture(bodies, are_answers), DAY)


def test_a_capture_is_sealed_as_its_pages_say(tmp_path: Path) -> None:
    lake = Lake(tmp_path.as_uri())
    before = datetime.now(UTC)
    sealed = captured(lake, [{"id": "a"}, {"id": "b"}], [{"id": "a"}, {}])
    assert sealed == read_seal(lake, "maker", "feed", DAY)
    assert (sealed.source, sealed.date) == ("replay", DAY.isoformat())
    market = sealed.markets["es"]
    counted = (market.collected, market.unique, market.without_identity, market.pages, market.responses)
    assert counted == (4, 2, 1, 2, 2)
    assert market.body_bytes == len('{"cars": [{"id": "a"}, {"id": "b"}]}') + len('{"cars": [{"id": "a"}, {}]}')
    assert (market.complete, market.cause, market.seconds) == (True, None, 0.0)
    rows = [(row["status"], row["attempt_number"], row["method"], row["url"]) for row in rows_of(lake, sealed)]
    assert rows == [(200, 1, "GET", "capture")] * 2
    pages = list(read_pages(lake, market))
    assert [json.loads(page.body)["cars"][0]["id"] for page in pages] == ["a", "a"]
    assert before <= pages[0].fetched_at <= datetime.now(UTC)


def test_only_of_a_hosts_own_answer_is_asked_that_it_says_that_it_is_one(tmp_path: Path) -> None:
    signs: dict[str, Any] = {"succeeds_when": ("ok", True)}
    assert captured(Lake(tmp_path.as_uri()), [{"id": "a"}], are_answers=False, **signs).markets["es"].collected == 1
    with pytest.raises(PlatformError) as raised:
        captured(Lake(tmp_path.as_uri()), [{"id": "a"}], **signs)
    assert raised.value.cause is Cause.BAD_REQUEST


# --- robots.txt --------------------------------------------------------------------------------------------------


@dataclass
class Host:
    """Answers with a body, or with an error. asked: the addresses, with what the client calls itself."""

    body: bytes | Exception

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def urlopen(self, request: Any, timeout: float) -> Any:
        assert timeout <= 30, "nobody waits longer for a text that is only shown"
        self.asked.append((request.full_url, request.get_header("User-agent")))
        if isinstance(self.body, Exception):
            raise self.body
        return io.BytesIO(self.body)

    def says(self, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr("urllib.request.urlopen", self.urlopen)
        monkeypatch.setattr("resources.apis.headers.user_agent", lambda: "a client")
        return robots_txt(url)


def test_the_robots_txt_of_a_urls_host_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(b"\nUser-agent: *\nDisallow: /\xff\n\n")
    told = host.says("https://www.oem.example:8443/search/{market}?a=1", monkeypatch)
    assert told == "https://www.oem.example:8443/robots.txt:\nUser-agent: *\nDisallow: /\ufffd"
    assert host.asked == [("https://www.oem.example:8443/robots.txt", "a client")]


@pytest.mark.parametrize("url", ["https://{host}/search", "{base}/search", "/search"])
def test_a_host_that_an_answer_names_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(b"")
    assert host.says(url, monkeypatch) == f"the host of {url} is only known when it is asked"
    assert host.asked == []


@pytest.mark.parametrize("error", [URLError("no route"), TimeoutError("too slow"), ValueError("no URL")])
def test_why_a_robots_txt_cannot_be_read_is_shown(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Host(error).says("https://oem.example/a", monkeypatch)
    assert told == f"https://oem.example/robots.txt cannot be read: {error}"


def test_of_a_robots_txt_without_end_the_beginning_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(Host(b"x" * 1_000_000).says("https://oem.example/a", monkeypatch)) < 30_000
