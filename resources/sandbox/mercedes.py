"""Mercedes-Benz USA, played: the used search and the dealer service.

Belongs here: what the two services accept, refuse and answer (source of the rules: a public collector's notes on
the endpoint). Does not belong here: cars and dealers (`parts/mercedes_*.py`).

In replay the used search serves captured records. Of the dealer service no capture exists, so it is compiled
from the dealers that the day's captured records hold.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from resources.sandbox.parts.mercedes_dealers import dealers, network, with_stock
from resources.sandbox.parts.mercedes_tables import BODIES, CLASSES, MODELS
from resources.sandbox.parts.mercedes_vehicles import is_certified, model_index, record
from resources.sandbox.replay import CapturedDays
from resources.sandbox.routes import Answer, Asked, Place, Record, Refusal, Route, World, json_answer, whole_number
from resources.sandbox.stock import Churn, Population, chance, milliseconds

_HOST = "nafta-service.mbusa.com"
_SEARCH = "/api/inv/v1/en_us/used/vehicles/search"
_DEALERS = "/api/dlrsrv/v1/us/search"
_PAGE = 12
_SORTS = ("distance-asc", "distance-desc")
_CENTRE_ZIP = 66952
# the feed flaps: cars vanish for some days and return far more often than elsewhere
_CHURN = Churn(flap_chance=0.5, flap_days=6)
_REPEATS_A_BOUNDARY = 0.01  # of the page boundaries: the page begins with the last car of the page before
_TOTAL_IS_OFF = 0.25  # of the classes and days

Records = Callable[[Asked], list[Any]]


def sandbox_routes(world: World) -> list[Route]:
    search = _UsedSearch(world)
    day = world.date.toordinal()

    def find_dealers(asked: Asked) -> list[Any]:
        seen = network(world.seed, _zip(asked.query))
        return [seen.encoded[at] for at in sorted(range(len(seen.miles)), key=seen.miles.__getitem__)]

    return _routes(search.answer, find_dealers, day)


def replay_routes(folder: Path, day: date) -> list[Route]:
    captured = CapturedDays(folder, "mercedes", "mbusa_used_search")

    def records() -> list[Record]:
        return list(captured.read(day)["result"]["pagedVehicles"]["records"])

    def search(asked: Asked) -> Answer:
        query = asked.query
        _refuse_bad_search(query)
        filters = {"class": "classId", "model": "modelId", "bodyStyleId": "bodyStyleId"}
        found = [
            car
            for car in records()
            if all(car.get(key) == query[name] for name, key in filters.items() if name in query)
        ]
        found = found[::2] if asked.halved else found
        start, count = _paging(query)
        return _search_answer(_page(found, start, count), start * count, len(found), {}, day.toordinal())

    def find_dealers(asked: Asked) -> list[Any]:
        compiled = {}
        for car in records():
            dealer = car["usedVehicleAttributes"]["dealer"]
            compiled.setdefault(dealer["id"], dealer)
        return [compiled[identifier] for identifier in sorted(compiled)]

    return _routes(search, find_dealers, day.toordinal())


def _routes(search: Callable[[Asked], Answer], find_dealers: Records, day: int) -> list[Route]:
    def answer_dealers(asked: Asked) -> Answer:
        count = whole_number(asked.query, "count", 10)
        start = whole_number(asked.query, "start", 0)
        if count is None or start is None:
            raise Refusal(400, {"status": {"code": 400, "ok": False}, "messages": ["start and count are numbers"]})
        found = find_dealers(asked)
        found = found[::2] if asked.halved else found
        return json_answer(
            {"results": found[start : start + count], "totalCount": len(found), "status": _status(200, day)}
        )

    return [
        Route(
            oem="mercedes",
            endpoint="mbusa_search",
            host=_HOST,
            path=_SEARCH,
            answer=search,
            place=lambda asked: Place(asked.query.get("class"), whole_number(asked.query, "start", 0) or 0),
            markets=tuple(CLASSES),
            records="result.pagedVehicles.records",
            identity="vin",
            total="result.pagedVehicles.paging.totalCount",
            page_parameter="start",
            record_faults={"negative-price": _negative_price, "drift": _drift},
            example=f"{_SEARCH}?class=E&invType=cpo&zip=66952&distance=ANY&start=0&count=12&withFilters=true",
        ),
        Route(
            oem="mercedes",
            endpoint="mbusa_dealers",
            host=_HOST,
            path=_DEALERS,
            answer=answer_dealers,
            place=lambda asked: Place(None, 0),
            records="results",
            identity="id",
            total="totalCount",
            example=f"{_DEALERS}?zip=66952&start=0&count=1000&filter=mbdealer",
        ),
    ]


@dataclass
class _UsedSearch:
    """The played stock, a population a class; what is on sale is listed when a class is first asked for."""

    world: World
    _nearest: dict[tuple[str, int], array[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = {name: float(share) for name, (share, _) in CLASSES.items()}
        self._populations = Population.share(self.world.seed, "mercedes", self.world.vehicles, weights, _CHURN)
        self._day = self.world.date.toordinal()
        self._stocked = with_stock(self.world.seed)

    @cached_property
    def _dealers(self) -> list[Any]:
        return dealers(self.world.seed)

    def answer(self, asked: Asked) -> Answer:
        query = asked.query
        class_id = _refuse_bad_search(query)
        population = self._populations.get(class_id)
        slots = self._slots(class_id, _zip(query), query) if population is not None else array("I")
        if query.get("sortBy") == _SORTS[1]:
            slots = slots[::-1]
        if asked.halved:
            slots = slots[::2]
        start, count = _paging(query)
        seen = network(self.world.seed, _zip(query))
        page = self._with_repeats(class_id, slots, start, count)
        cars = (population.vehicle(slot, self._day) for slot in page) if population is not None else ()
        records = [
            record(class_id, population, self._dealers, seen.encoded, self._stocked, car)
            for car in cars
            if car is not None and population is not None
        ]
        return _search_answer(
            records, start * count, self._claimed(class_id, len(slots)), _facets(class_id, slots), self._day
        )

    def _slots(self, class_id: str, zip_code: int, query: Mapping[str, str]) -> array[int]:
        """The class's cars, nearest first, under the query's filters."""
        population = self._populations[class_id]
        key = (class_id, zip_code)
        if key not in self._nearest:
            miles = network(self.world.seed, zip_code).miles
            ranked = sorted(
                (miles[population.dealers(car, self._stocked)[0]], car.slot) for car in population.on_sale(self._day)
            )
            self._nearest[key] = array("I", (slot for _, slot in ranked))
        slots = self._nearest[key]
        if query.get("invType") != "cpo" and not {"model", "bodyStyleId"} & query.keys():
            return slots
        kept = array("I")
        for slot in slots:
            car = population.vehicle(slot, self._day)
            assert car is not None
            model = MODELS[model_index(class_id, car)]
            if (
                (query.get("invType") != "cpo" or is_certified(car))
                and query.get("model", model.model_id) == model.model_id
                and query.get("bodyStyleId", model.body_id) == model.body_id
            ):
                kept.append(slot)
        return kept

    def _with_repeats(self, class_id: str, slots: array[int], start: int, count: int) -> list[int]:
        """A page, which rarely begins with the last car of the page before it."""
        page = _page(slots, start, count)
        if (
            page
            and start
            and chance(f"{self.world.seed}/{class_id}/{self._day}/{start}/boundary") < _REPEATS_A_BOUNDARY
        ):
            return [slots[start * count - 1], *page[1:]]
        return list(page)

    def _claimed(self, class_id: str, total: int) -> int:
        """The total that is reported: now and then a few off."""
        drawn = chance(f"{self.world.seed}/{class_id}/{self._day}/total")
        return max(0, total + round(drawn / _TOTAL_IS_OFF * 6) - 3) if drawn < _TOTAL_IS_OFF else total


def _refuse_bad_search(query: Mapping[str, str]) -> str:
    """The class that is asked for. Raises Refusal."""
    if "class" not in query:
        raise _bad_request("class is required")
    if query.get("withFilters") != "true":
        raise _bad_request("withFilters must be true")
    if query.get("sortBy", _SORTS[0]) not in _SORTS:
        raise _bad_request(f"sortBy is one of {', '.join(_SORTS)}")
    if query.get("count") == "0":
        raise Refusal(500, {"status": {"code": 500, "ok": False}, "messages": [], "success": False})
    return query["class"]


def _bad_request(message: str) -> Refusal:
    return Refusal(400, {"status": {"code": 400, "ok": False}, "messages": [message], "success": False})


def _paging(query: Mapping[str, str]) -> tuple[int, int]:
    """(page index, page size). Raises Refusal."""
    start, count = whole_number(query, "start", 0), whole_number(query, "count", _PAGE)
    if start is None or count is None:
        raise _bad_request("start and count are numbers")
    return start, count


def _page(items: Any, start: int, count: int) -> Any:
    """A page by its index; a count above the site's own page size brings nothing unless it can be filled."""
    page = items[start * count : (start + 1) * count]
    return page[:0] if count > _PAGE and len(page) < count else page


def _zip(query: Mapping[str, str]) -> int:
    return whole_number(query, "zip", _CENTRE_ZIP) or _CENTRE_ZIP


def _status(code: int, day: int) -> Record:
    stamp = str(milliseconds(day))
    return {"code": code, "ok": code == 200, "tmstmp": stamp, "traceId": stamp}


def _search_answer(records: list[Any], offset: int, total: int, facets: Record, day: int) -> Answer:
    return json_answer(
        {
            "result": {
                "pagedVehicles": {
                    "records": records,
                    "paging": {"totalCount": total, "currentOffset": offset, "currentCount": len(records)},
                },
                "callSeq": None,
                "facets": facets,
                "specialOffers": None,
            },
            "status": _status(200, day),
            "messages": [],
            "success": True,
        }
    )


def _facets(class_id: str, slots: Iterable[int]) -> Record:
    """Counts for the filter panel, which are no cars."""
    count = sum(1 for _ in slots)
    styles = Counter(model.body_id for model in MODELS if model.class_id == class_id)
    return {
        "invType": {
            "values": [{"value": "CPO", "formattedValue": "Certified Pre-Owned", "count": count}],
            "facetType": "MULTI_VALUE",
            "label": "Pre-Owned Options",
        },
        "bodyStyle": {
            "values": [
                {"value": style, "label": "Body Style", "formattedValue": BODIES[style]} for style in sorted(styles)
            ],
            "facetType": "MULTI_VALUE",
            "label": "Body Style",
        },
    }


def _negative_price(car: Record) -> None:
    car["msrp"] = car["usedVehicleAttributes"]["dsrp"] = -abs(car["msrp"]) or -1.0


def _drift(car: Record) -> None:
    car["year"] = int(car["year"])
    car["batteryHealth"] = {"percent": 97}
