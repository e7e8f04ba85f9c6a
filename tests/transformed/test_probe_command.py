"""`make probe`, its neighbours by hand: which endpoints and markets are asked, where pages come from, what is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from raw.archive.seal import Manifest
from raw.endpoint import Dealers, Get
from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from resources.lake.days import today
from tests.support.hand_sealed import DAY, manifest, market_seal
from tests.support.words import endpoint
from transformed.probe import __main__ as module
from transformed.probe.__main__ import main

STOCK = endpoint(name="stock", identity=("vin", "id"), markets={"es": {}, "gb": {}}, records="cars")
DEALERS = endpoint(name="dealers", yields=Dealers("dealers"), markets={"gb": {}}, records="dealers")
SELLERS = Endpoint(
    name="sellers", yields=Dealers("sellers"), answers_of="stock", records="cars", identity="id", markets={"es": {}}
)
MAKER = Oem("maker", (STOCK, DEALERS))


@dataclass
class Probe:
    """The command's neighbours, and what they were asked."""

    maker: Oem = MAKER
    source: str = "sandbox"
    records: Mapping[str, int] = field(default_factory=dict)
    reads: frozenset[str] = frozenset({"cars", "dealers"})
    archived: Manifest = field(default_factory=lambda: manifest(market_seal("es"), market_seal("gb")))
    asked: list[Any] = field(default_factory=list)

    def look(self, lake: Any, seal: Manifest, looked_at: Endpoint, day: object) -> Any:
        self.asked.append(("look", looked_at.name, list(seal.markets), day, lake == "the lake"))
        return SimpleNamespace(records=self.records.get(looked_at.name, 1))

    def read_capture(self, path: Path, records: str) -> str:
        if records not in self.reads:
            raise PlatformError(Cause.CONFIGURATION, f"{path} has no {records}")
        return f"{records} of {path}"

    def land_capture(
        self, _lake: object, oem: str, of: Endpoint, market: str, capture: object, day: object
    ) -> Manifest:
        self.asked.append(("capture", oem, of.name, market, capture, day))
        return manifest(market_seal(market))

    def land_first_pages(self, _lake: object, maker: Oem, of: Endpoint, market: str, **how: Any) -> Manifest:
        self.asked.append(("pages", maker.name, of.name, market, how["pages"], how["day"]))
        return manifest(market_seal(market))

    def run(self, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
        def maker_argument(name: str) -> Oem:
            assert name == "maker"
            return self.maker

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "maker_argument", maker_argument)
            patch.setattr("resources.lake.lake.lake_from_env", lambda: "the lake")
            patch.setattr("resources.apis.apis.apis_from_env", lambda: SimpleNamespace(source=self.source))
            patch.setattr("raw.archive.seal.read_seal", lambda *_: self.archived)
            patch.setattr("transformed.probe.looking.look", self.look)
            patch.setattr("transformed.probe.printing.text_of", _text_of)
            patch.setattr("transformed.probe.capture.read_capture", self.read_capture)
            patch.setattr("transformed.probe.landing.land_capture", self.land_capture)
            patch.setattr("transformed.probe.landing.land_first_pages", self.land_first_pages)
            patch.setattr("transformed.probe.landing.robots_txt", lambda url: f"robots of {url}\x1b")
            code = main(["--oem", "maker", *options])
        told = capsys.readouterr()
        return code, told.out, told.err


def _text_of(_found: object, _seal: object, *, place: str, identity: str) -> str:
    return f"{place}: {identity}\x1b"


def test_every_endpoint_is_asked_for_three_pages_of_its_first_market(capsys: pytest.CaptureFixture[str]) -> None:
    probe = Probe()
    code, out, _ = probe.run(capsys)
    assert code == 0
    assert out == (
        "== maker stock es, from sandbox\nINVENTORY in transformed/maker.py: vin or id\ufffd\n\n"
        "== maker dealers gb, from sandbox\nDEALERS in transformed/maker.py: id\ufffd\n\n"
    )
    assert probe.asked == [
        ("pages", "maker", "stock", "es", 3, today()),
        ("look", "stock", ["es"], today(), False),
        ("pages", "maker", "dealers", "gb", 3, today()),
        ("look", "dealers", ["gb"], today(), False),
    ]


def test_a_market_is_asked_at_the_endpoints_that_have_it_for_as_many_pages_as_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for market, asked in (("es", ["stock"]), ("gb", ["stock", "dealers"])):
        probe = Probe()
        probe.run(capsys, "--market", market, "--pages", "7")
        assert [one[2:5] for one in probe.asked if one[0] == "pages"] == [(name, market, 7) for name in asked]


def test_an_endpoint_that_is_named_is_the_only_one(capsys: pytest.CaptureFixture[str]) -> None:
    probe = Probe()
    assert probe.run(capsys, "--endpoint", "dealers")[0] == 0
    assert [one[2] for one in probe.asked if one[0] == "pages"] == ["dealers"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--market", "fr"), "MARKET=fr is none of es, gb"),
        (("--endpoint", "cars"), "ENDPOINT=cars is none of stock, dealers"),
        (("--endpoint", "dealers", "--market", "es"), "MARKET=es is none of gb"),
        (("--pages", "0"), "PAGES=0 is no number from 1 on"),
        (("--date", "soon"), "DATE=soon is not a date"),
        (("--date", DAY.isoformat(), "--market", "fr"), "MARKET=fr is none of es, gb"),
        (("--capture", "", "--endpoint", ""), "ENDPOINT is not given"),
    ],
)
def test_a_wrong_option_is_refused_before_anybody_is_asked(
    options: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    probe = Probe()
    code, _, err = probe.run(capsys, *options)
    assert (code, probe.asked) == (2, [])
    assert told in err


@pytest.mark.parametrize("empty", ["stock", "dealers"])
def test_an_endpoint_without_records_is_told_by_the_exit_code(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    probe = Probe(records={empty: 0})
    assert probe.run(capsys)[0] == 1
    assert len([one for one in probe.asked if one[0] == "look"]) == 2, "the other one is looked at too"


@pytest.mark.parametrize(
    ("reads", "market", "of"),
    [
        ({"cars", "dealers"}, None, ("stock", "es", "cars")),
        ({"dealers"}, None, ("dealers", "gb", "dealers")),
        ({"cars", "dealers"}, "gb", ("stock", "gb", "cars")),
    ],
)
def test_a_capture_is_read_by_the_first_endpoint_that_can(
    reads: set[str], market: str | None, of: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    probe = Probe(reads=frozenset(reads))
    code, out, _ = probe.run(capsys, "--capture", "page.json", *(("--market", market) if market else ()))
    name, its_market, records = of
    assert code == 0
    assert probe.asked == [
        ("capture", "maker", name, its_market, f"{records} of page.json", today()),
        ("look", name, [its_market], today(), False),
    ]
    assert out.startswith(f"== maker {name} {its_market}, from page.json\n")


def test_a_capture_that_no_endpoint_reads_is_refused_with_the_reason_of_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = Probe(reads=frozenset()).run(capsys, "--capture", "page.json")
    assert code == 2
    assert "page.json has no cars" in err


def test_a_day_of_the_archive_is_looked_at_with_all_of_its_markets_or_one(capsys: pytest.CaptureFixture[str]) -> None:
    probe = Probe()
    code, out, _ = probe.run(capsys, "--date", DAY.isoformat(), "--endpoint", "stock")
    assert code == 0
    assert out.startswith(f"== maker stock es, gb, from the archive of {DAY}\n")
    _, out, _ = probe.run(capsys, "--date", DAY.isoformat(), "--endpoint", "stock", "--market", "gb")
    assert out.startswith(f"== maker stock gb, from the archive of {DAY}\n")
    assert probe.asked == [("look", "stock", ["es", "gb"], DAY, True), ("look", "stock", ["gb"], DAY, True)]


def test_what_a_real_host_asks_of_programs_is_shown_of_the_host_that_is_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stock = replace(STOCK, request=Get("https://oem.example/{market}"), request_of_market={})
    maker = Oem("maker", (stock, SELLERS))
    for name in ("stock", "sellers"):
        _, out, _ = Probe(maker, source="live").run(capsys, "--endpoint", name)
        assert out.splitlines()[1] == "robots of https://oem.example/{market}\ufffd"
    assert "robots" not in Probe(maker).run(capsys)[1]
