"""Mercedes-Benz USA, played: the used search and the dealer service; in replay, captured days of the search.

What the two services accept, refuse and answer follows the notes of public collectors. The cars and dealers are made
in `parts/mercedes_*.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from resources.sandbox.parts.mercedes_dealers import network
from resources.sandbox.parts.mercedes_stock import Stock
from resources.sandbox.parts.mercedes_tables import CLASSES
from resources.sandbox.parts.stock import MILLISECONDS_A_DAY, milliseconds
from resources.sandbox.serving.replay import CapturedDays
from resources.sandbox.serving.routes import (
    Answer,
    Asked,
    Record,
    Refusal,
    Route,
    Target,
    World,
    json_answer,
    whole_number,
)

_PAGE = 12  # the site's own page; larger ones answer nothing where fewer records than that remain
_SORTS = ("distance-asc", "distance-desc")
_CENTRAL_ZIP = "66952"
# what the request calls them, what a record calls them
_FILTERS = {"class": "classId", "model": "modelId", "bodyStyleId": "bodyStyleId"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. count: records there are; reported: what `paging.totalCount` says of them;
    records: the records from one position to another."""

    count: int
    reported: int
    records: Callable[[int, int], list[Any]]
    facets: Any


Find = Callable[[Mapping[str, str], bool], Found]
"""From the query (checked already) and whether half of it is to be hidden, to what was found."""


def sandbox_routes(world: World) -> list[Route]:
    stock = Stock(world)

    def find(query: Mapping[str, str], halved: bool) -> Found:
        rows, cars, facets = stock.rows(
            query["class"],
            zip_code=int(query.get("zip", _CENTRAL_ZIP)),
            models=query.get("model"),
            bodies=query.get("bodyStyleId"),
            inventory_type=query.get("invType"),
            descending=query.get("sortBy") == _SORTS[1],
        )
        if halved:
            rows = rows[::2]
            cars = len(rows)
        reported = stock.reported_total(query["class"], query.get("start", "0"), cars)
        return Found(len(rows), reported, lambda begin, end: stock.records(query, rows[begin:end]), facets)

    def list_dealers(query: Mapping[str, str]) -> list[Any]:
        seen = network(world.seed, int(query.get("zip", _CENTRAL_ZIP)))
        nearest_first = sorted(range(len(seen.miles)), key=lambda at: (seen.miles[at], at))
        return [seen.encoded[at] for at in nearest_first]

    return _routes(world.date, find, list_dealers)


def replay_routes(folder: Path, day: date) -> list[Route]:
    """The captured records of a day under the search's own paging. No capture of the dealer service exists:
    its answer is compiled from the dealers embedded in that day's records, so it lacks the dealers without stock."""
    capture = _Capture(CapturedDays(folder, "mercedes", "mbusa_used_search"), day)

    def find(query: Mapping[str, str], halved: bool) -> Found:
        wanted = {key: query[name].split(",") for name, key in _FILTERS.items() if name in query}
        records = [record for record in capture.records if all(record[key] in values for key, values in wanted.items())]
        if halved:
            records = records[::2]
        return Found(len(records), len(records), lambda begin, end: records[begin:end], capture.facets)

    def list_dealers(query: Mapping[str, str]) -> list[Any]:
        return list({record["dealer"]["id"]: record["dealer"] for record in capture.records}.values())

    return _routes(day, find, list_dealers)


@dataclass(frozen=True)
class _Capture:
    """A captured day, read when it is first asked for. Raises Refusal(404) where there is none."""

    days: CapturedDays
    day: date

    @cached_property
    def _result(self) -> Record:
        result: Record = self.days.read(self.day)["result"]
        return result

    @property
    def records(self) -> list[Record]:
        records: list[Record] = self._result["pagedVehicles"]["records"]
        return records

    @property
    def facets(self) -> Any:
        return self._result["facets"]


def _routes(day: date, find: Find, list_dealers: Callable[[Mapping[str, str]], list[Any]]) -> list[Route]:
    return [
        Route(
            oem="mercedes",
            endpoint="mbusa_search",
            host="nafta-service.mbusa.com",
            path="/api/inv/v1/en_us/used/vehicles/search",
            answer=lambda asked: _search(asked, day, find),
            target=lambda asked: Target(asked.query.get("class"), whole_number(asked.query, "start", 0) or 0),
            markets=tuple(CLASSES),
            records="result.pagedVehicles.records",
            identity="vin",
            total="result.pagedVehicles.paging.totalCount",
            page_parameter="start",
            record_faults={"negative-price": _negative_price, "drift": _drift_car},
            example="/api/inv/v1/en_us/used/vehicles/search?class=E&invType=cpo&start=0&count=12&withFilters=true",
        ),
        Route(
            oem="mercedes",
            endpoint="mbusa_dealers",
            host="nafta-service.mbusa.com",
            path="/api/dlrsrv/v1/us/search",
            answer=lambda asked: _dealers(asked, list_dealers),
            target=lambda asked: Target(None, whole_number(asked.query, "start", 0) or 0),
            records="results",
            identity="id",
            total="totalCount",
            record_faults={"drift": _drift_dealer},
            example="/api/dlrsrv/v1/us/search?zip=66952&start=0&count=1000&filter=mbdealer",
        ),
    ]


def _envelope(day: date, result: Any, *, status: int = 200, messages: list[str] | None = None) -> Record:
    stamp = str(milliseconds(day.toordinal()) + MILLISECONDS_A_DAY // 4)  # six in the morning, UTC
    return {
        "result": result,
        "status": {"code": status, "ok": status == 200, "tmstmp": stamp, "traceId": stamp},
        "messages": messages or [],
        "success": status == 200,
    }


def _search(asked: Asked, day: date, find: Find) -> Answer:
    query = asked.query
    start, count = whole_number(query, "start", 0), whole_number(query, "count", _PAGE)
    if not query.get("class"):
        _refuse(day, "class is required")
    if query.get("withFilters") != "true":
        _refuse(day, "withFilters must be true")
    if query.get("sortBy", _SORTS[0]) not in _SORTS:
        _refuse(day, f"sortBy must be one of {', '.join(_SORTS)}")
    if start is None or count is None or not _is_zip(query):
        _refuse(day, "start, count and zip must be numbers")
    if count == 0:
        raise Refusal(500, _envelope(day, None, status=500, messages=["Internal Server Error"]))
    found = find(query, asked.halved)
    begin = start * count
    remaining = max(0, found.count - begin)
    too_large = count > _PAGE and remaining < count
    records = [] if too_large else found.records(begin, begin + count)
    paging = {"totalCount": found.reported, "currentOffset": begin, "currentCount": len(records)}
    result = {
        "pagedVehicles": {"records": records, "paging": paging},
        "callSeq": None,
        "facets": found.facets,
        "specialOffers": None,
    }
    return json_answer(_envelope(day, result))


def _refuse(day: date, message: str) -> NoReturn:
    raise Refusal(400, _envelope(day, None, status=400, messages=[message]))


def _is_zip(query: Mapping[str, str]) -> bool:
    text = query.get("zip", _CENTRAL_ZIP)
    return len(text) == 5 and text.isascii() and text.isdecimal()


def _dealers(asked: Asked, list_dealers: Callable[[Mapping[str, str]], list[Any]]) -> Answer:
    start, count = whole_number(asked.query, "start", 0), whole_number(asked.query, "count", _PAGE)
    if start is None or not count or not _is_zip(asked.query):
        raise Refusal(400, {"message": "start, count and zip must be numbers"})
    everyone = list_dealers(asked.query)
    if asked.halved:
        everyone = everyone[::2]
    begin = start * count
    return json_answer({"results": everyone[begin : begin + count], "totalCount": len(everyone)})


def _negative_price(car: Record) -> None:
    car["msrp"] = -max(1.0, abs(car["msrp"]))


def _drift_car(car: Record) -> None:
    car["year"] = int(car["year"])
    car["batteryHealth"] = {"percent": 97}


def _drift_dealer(dealer: Record) -> None:
    dealer["address"] = dealer["address"][0]
    dealer["chargingPoints"] = 4
