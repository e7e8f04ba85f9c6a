"""Replay: the captured days come back record for record, under the OEM's own paging."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from resources.sandbox import parts
from resources.sandbox.serving.credentials import PLAYED_SAYS
from resources.sandbox.serving.routes import Route, World
from tests.support.nights import captures
from tests.support.sandbox_client import MB_DEALERS, MB_NEW_SEARCH, MBUSA, PSS, SCS, Client, Reply, paged, sandbox

pytestmark = pytest.mark.slow


def captured(day: date) -> Any:
    path = captures() / "mercedes" / "mbusa_used_search" / f"{day.isoformat()}.json.gz"
    return json.loads(gzip.decompress(path.read_bytes()))["result"]


def captured_days() -> list[date]:
    folder = captures() / "mercedes" / "mbusa_used_search"
    return sorted(date.fromisoformat(path.name.removesuffix(".json.gz")) for path in folder.glob("*.json.gz"))


def test_every_captured_day_is_reassembled_from_pages_of_12() -> None:
    days = captured_days()
    assert len(days) >= 60
    for day in days:
        with sandbox(day, replay=captures()) as client:
            pages = client.mbusa_pages(invType="cpo")
        records = captured(day)["pagedVehicles"]["records"]
        assert [car for page in pages for car in page] == records
        assert [len(page) for page in pages[:-1]] == [12] * (len(pages) - 1)


@pytest.fixture
def day() -> date:
    return captured_days()[0]


def test_paging_rules_hold_in_replay(day: date) -> None:
    records = captured(day)["pagedVehicles"]["records"]
    with sandbox(day, replay=captures()) as client:
        first = paged(client.mbusa())
        assert first["paging"] == {"totalCount": len(records), "currentOffset": 0, "currentCount": 12}
        assert client.mbusa().json()["result"]["facets"] == captured(day)["facets"]
        assert paged(client.mbusa(count=len(records) + 1))["records"] == []
        assert client.mbusa(count=0).status == 500
        assert client.mbusa(withFilters="false").status == 400
        assert paged(client.mbusa(**{"class": "C"}))["records"] == []
        assert paged(client.mbusa(model="E350W"))["records"] == []
        assert len(paged(client.mbusa(model="E450S4", bodyStyleId="WGN"))["records"]) == 12
        dealer = records[0]["dealerId"]
        of_dealer = [car for page in client.mbusa_pages(dealerId=dealer) for car in page]
        assert of_dealer == [car for car in records if car["dealerId"] == dealer] != []


def test_the_lot_of_new_cars_of_which_there_are_no_captures_is_empty(day: date) -> None:
    with sandbox(day, replay=captures()) as client:
        found = client.mbusa(MB_NEW_SEARCH)
        assert paged(found) == {
            "records": [], "paging": {"totalCount": 0, "currentOffset": 0, "currentCount": 0},
        }  # fmt: skip
        # a list of classes it must name: the same as a class without a capture
        assert found.json()["result"]["facets"] == client.mbusa(**{"class": "C"}).json()["result"]["facets"]


def test_the_dealers_are_those_of_the_days_records(day: date) -> None:
    dealers = {car["dealer"]["id"]: car["dealer"] for car in captured(day)["pagedVehicles"]["records"]}
    with sandbox(day, replay=captures()) as client:
        body = client.ask(MBUSA, f"{MB_DEALERS}?zip=66952&start=0&count=1000").json()
    assert {dealer["id"]: dealer for dealer in body["results"]} == dealers
    assert body["totalCount"] == len(dealers)


def write_capture(folder: Path, day: str, vins: list[str]) -> None:
    target = folder / "mercedes" / "mbusa_used_search"
    target.mkdir(parents=True, exist_ok=True)
    dealer = {"id": "1"}
    records = [{"vin": vin, "type": "PRE", "classId": "E", "dealer": dealer} for vin in vins]
    content = {"result": {"pagedVehicles": {"records": records}, "facets": {}}}
    (target / f"{day}.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))


def test_a_day_that_was_not_captured_says_which_were(tmp_path: Path) -> None:
    for day in ("2026-01-03", "2026-01-01", "2026-01-07"):
        write_capture(tmp_path, day, ["A"])
    with sandbox(date(2026, 1, 2), replay=tmp_path) as client:
        for reply in (client.mbusa(), client.ask(MBUSA, f"{MB_DEALERS}?zip=66952&count=1000")):
            assert reply.status == 404
            assert reply.json()["captured_days"] == {"first": "2026-01-01", "last": "2026-01-07", "count": 3}
            assert "2026-01-02" in reply.json()["message"]


@contextmanager
def replaying(
    monkeypatch: pytest.MonkeyPatch, folder: Path, day: date, captured: parts.Captured, records: str = "cars"
) -> Iterator[Client]:
    """A made-up maker whose captures lie as `captured` says."""

    def discovered(world: World) -> list[Route]:
        models = parts.table("vin|price:int\nYN9AA111|30000")
        dealers = parts.Dealers("other", {"de": 2, "us": 2}, name="{city}")
        feed = parts.Feed(
            world=world,
            oem="other",
            endpoint="cars",
            host="api.other.example",
            path="/{market}",
            serves=parts.Stock(world, "other", {"de": 1, "us": 1}, models=models, dealers=dealers),
            record=parts.Template('{"vin": "{vin}"}'),
            market=parts.Choice(parts.InPath("market"), {"DE": "de", "US": "us"}, parts.refusal(404)),
            paging=parts.Offsets(parts.InQuery("from"), size=2),
            answer=lambda page: {"cars": page.records, "total": page.total, "as": page.from_capture("as")},
            records=records,
            identity="vin",
            example="/DE",
            captured=captured,
        )
        return [feed.route()]

    monkeypatch.setattr("resources.sandbox.serving.server.discover", discovered)
    with sandbox(day, replay=folder) as client:
        yield client


def other(client: Client, path: str = "/DE") -> Reply:
    return client.ask("api.other.example", path)


def write(folder: Path, name: str, content: Any) -> None:
    path = folder / "other" / "cars" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)


def test_a_day_may_have_several_files_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "2022-03-05_page1.json.gz", {"cars": [{"vin": "A"}, {"vin": "B"}], "as": "captured"})
    write(tmp_path, "2022-03-05_page2.json", {"cars": [{"vin": "C"}]})
    write(tmp_path, "2022-03-06.json", {"cars": [{"vin": "D"}]})
    write(tmp_path, "notes.txt", {})
    with replaying(monkeypatch, tmp_path, date(2022, 3, 5), parts.Captured("other/cars", market="de")) as client:
        assert other(client).json() == {"cars": [{"vin": "A"}, {"vin": "B"}], "total": 3, "as": "captured"}
        assert other(client, "/DE?from=2").json()["cars"] == [{"vin": "C"}]
        refused = other(client, "/US")
        assert refused.status == 404
        assert refused.json()["message"] == f"no capture of other cars us in {tmp_path}"


def test_files_whose_names_have_no_day_and_other_shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        "de_used_A.json.gz",
        {"data": [{"dealer": "x", "cars": [{"vin": "A"}]}, {"dealer": "y", "cars": None}]},
    )
    write(tmp_path, "us_used.json", [{"vin": "Z"}])
    day = date(2026, 1, 22)
    captured = parts.Captured("other/cars", files="de_*", day=day, records="data[].cars")
    with replaying(monkeypatch, tmp_path, day, captured) as client:
        assert other(client).json()["cars"] == [{"vin": "A"}]
    with replaying(
        monkeypatch, tmp_path, day, parts.Captured("other/cars", files="us_*", day=day, records="")
    ) as client:
        assert other(client).json()["cars"] == [{"vin": "Z"}]
    with replaying(
        monkeypatch, tmp_path, day, parts.Captured("other/cars", files="de_*", day=day, whole=True)
    ) as client:
        assert other(client).body == gzip.decompress((tmp_path / "other/cars/de_used_A.json.gz").read_bytes())


def test_the_header_says_which_days_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in ("2022-03-05", "2022-03-09"):
        write(tmp_path, f"{day}.json", {"cars": []})
    for whole in (False, True):
        captured = parts.Captured("other/cars", whole=whole)
        with replaying(monkeypatch, tmp_path, date(2022, 3, 6), captured) as client:
            reply = other(client)
        assert reply.status == 404
        said = f"no capture of other on 2022-03-06 in {tmp_path}; 2 days are captured, 2022-03-05 to 2022-03-09"
        assert reply.headers[PLAYED_SAYS.lower()] == said


def refusals(client: Client) -> list[str]:
    replies = [
        client.scs(),
        client.scs(token="wrong"),
        client.pss("{ marketInfo { markets { market } } }"),
        client.ask(SCS, "/anything/at/all"),
        client.ask(PSS, "/"),
    ]
    assert {reply.status for reply in replies} == {404}
    return [reply.json()["message"] for reply in replies]


def test_an_oem_without_captures_answers_404_everywhere(tmp_path: Path) -> None:
    write_capture(tmp_path, "2026-01-01", ["A"])
    with sandbox(date(2026, 1, 1), replay=tmp_path) as client:
        assert set(refusals(client)) == {f"no capture of audi in {tmp_path}"}
        assert [car["vin"] for car in paged(client.mbusa())["records"]] == ["A"]


def test_a_folder_without_any_captures_says_so(tmp_path: Path) -> None:
    with sandbox(date(2026, 1, 1), replay=tmp_path) as client:
        assert client.mbusa().json() == {"message": f"no capture of mercedes in {tmp_path}"}


@pytest.mark.parametrize("content", [gzip.compress(b'{"result": {}}')[:-9], b"no gzip", gzip.compress(b"<html>")])
def test_a_capture_that_cannot_be_read_is_named_and_no_failure_of_the_server(tmp_path: Path, content: bytes) -> None:
    write_capture(tmp_path, "2026-01-01", ["A"])
    (file,) = tmp_path.rglob("*.gz")
    file.write_bytes(content)
    with sandbox(date(2026, 1, 1), replay=tmp_path) as client:
        reply = client.mbusa()
        assert reply.status == 404
        assert reply.json()["message"].startswith(f"the capture {file} cannot be read: ")


def test_faults_are_played_in_replay_too(tmp_path: Path) -> None:
    write_capture(tmp_path, "2026-01-01", [f"V{number}" for number in range(20)])
    with sandbox(date(2026, 1, 1), replay=tmp_path, faults="mercedes/mbusa_search/E:half") as client:
        assert [car["vin"] for page in client.mbusa_pages() for car in page] == [f"V{n}" for n in range(0, 20, 2)]
