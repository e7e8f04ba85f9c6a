"""Mercedes-Benz USA's played stock on a day: which cars a search finds, in which order, beside which facets.

Filters, order, facets, the total that lies and the record that comes twice are made here; the rules of requests are in
`mercedes.py`, the fields of a record in `mercedes_vehicles.py`.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from resources.sandbox.parts.mercedes_dealers import dealers, network, with_stock
from resources.sandbox.parts.mercedes_tables import BODIES, CLASSES, COLOR_FAMILIES, FUELS, MODELS
from resources.sandbox.parts.mercedes_vehicles import color_family, is_certified, model_index, record
from resources.sandbox.parts.stock import Churn, Population, chance
from resources.sandbox.serving.routes import Record, World

# the feed flaps more than others: of the cars that vanish from the captures, a third is back within days
_CHURN = Churn(flap_chance=0.2, flap_days=6, price_days=(12, 40))
_BOUNDARY = 12
_REPEATED_BOUNDARIES = 0.015  # share of page boundaries at which the last record is the next page's first, too
_TOTALS_OFF = 0.2
_CENTRAL_ZIP = 66952
_FAMILIES = tuple(COLOR_FAMILIES)


@dataclass(frozen=True)
class _ClassStock:
    """The cars of a class on sale, by slot: what filters, order and facets look at, a byte or a number a car."""

    slots: array[int]
    models: bytes
    dealers: bytes
    families: bytes
    certified: bytes


class Stock:
    """The stock of a world. Rows are slots of a class's population."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._day = world.date.toordinal()
        weights = {name: float(weight) for name, (weight, _) in CLASSES.items()}
        self._populations = Population.share(world.seed, "mercedes", world.vehicles, weights, _CHURN)
        self._stocked = with_stock(world.seed)
        self._class_stock = lru_cache(maxsize=None)(self._build)
        self.rows = lru_cache(maxsize=64)(self._rows)

    def reported_total(self, class_id: str, start: str, count: int) -> int:
        """What `paging.totalCount` says: mostly the number of cars, on some pages a few more or fewer."""
        drawn = chance(f"{self._world}/total/{class_id}/{start}")
        if count == 0 or drawn >= _TOTALS_OFF:
            return count
        return max(1, count + round((drawn / _TOTALS_OFF - 0.5) * 8))

    def records(self, query: Mapping[str, str], rows: Sequence[int]) -> list[Record]:
        """The records of rows, as seen from the query's ZIP."""
        class_id = query["class"]
        population = self._populations.get(class_id)
        if population is None:
            return []
        everyone = dealers(self._world.seed)
        encoded = network(self._world.seed, int(query.get("zip", _CENTRAL_ZIP))).encoded
        vehicles = (population.vehicle(slot, self._day) for slot in rows)
        return [
            record(class_id, population, everyone, encoded, self._stocked, car) for car in vehicles if car is not None
        ]

    def _rows(
        self,
        class_id: str,
        *,
        zip_code: int,
        models: str | None,
        bodies: str | None,
        inventory_type: str | None,
        descending: bool,
    ) -> tuple[array[int], int, msgspec.Raw]:
        """The slots that a search finds, in its order and with its repeats; how many cars; the encoded facets.

        models, bodies: alternatives, separated by commas. inventory_type: `cpo`, or another for the rest.
        An unknown class has no cars.
        """
        if class_id not in self._populations:
            return array("I"), 0, msgspec.Raw(b"{}")
        stock: _ClassStock = self._class_stock(class_id)
        allowed = {
            index
            for index, model in enumerate(MODELS)
            if (models is None or model.model_id in models.split(","))
            and (bodies is None or model.body_id in bodies.split(","))
        }
        certified = None if inventory_type is None else inventory_type.lower() == "cpo"
        found = [
            at
            for at, model in enumerate(stock.models)
            if model in allowed and (certified is None or bool(stock.certified[at]) is certified)
        ]
        miles = network(self._world.seed, zip_code).miles
        found.sort(key=lambda at: miles[stock.dealers[at]], reverse=descending)
        key = f"{self._world}/repeat/{class_id}/{models}/{bodies}/{inventory_type}/{descending}"
        rows = array("I")
        for position, at in enumerate(found):
            if position and position % _BOUNDARY == 0 and chance(f"{key}/{position}") < _REPEATED_BOUNDARIES:
                rows.append(rows[-1])
            rows.append(stock.slots[at])
        return rows, len(found), self._facets(class_id, stock, found, miles)

    def _build(self, class_id: str) -> _ClassStock:
        population = self._populations[class_id]
        slots = array("I")
        columns = tuple(bytearray() for _ in range(4))
        for car in population.on_sale(self._day):
            slots.append(car.slot)
            values = (
                model_index(class_id, car),
                population.dealers(car, self._stocked)[0],
                _FAMILIES.index(color_family(car)),
                is_certified(car),
            )
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        return _ClassStock(slots, *(bytes(column) for column in columns))

    def _facets(self, class_id: str, stock: _ClassStock, found: list[int], miles: Sequence[float]) -> msgspec.Raw:
        model_counts = Counter(stock.models[at] for at in found)
        body_counts: Counter[str] = Counter()
        fuel_counts: Counter[str] = Counter()
        for index, count in model_counts.items():
            body_counts[MODELS[index].body_id] += count
            fuel_counts[MODELS[index].fuel] += count
        family_counts = Counter(stock.families[at] for at in found)
        dealer_counts = Counter(stock.dealers[at] for at in found)
        certified = sum(stock.certified)
        everyone = dealers(self._world.seed)
        nearest = sorted(dealer_counts, key=lambda at: miles[at])
        facets = {
            "invType": _facet("Pre-Owned Options", [
                ("CPO", "Certified Pre-Owned", certified), ("PRE_OWNED", "Pre-Owned", len(stock.slots) - certified),
            ]),
            "bodyStyle": _facet("Body Style", [(body, BODIES[body], n) for body, n in sorted(body_counts.items())]),
            "color": _facet("Exterior Colour", [
                (_FAMILIES[family], COLOR_FAMILIES[_FAMILIES[family]], n) for family, n in sorted(family_counts.items())
            ]),
            "dealer": _facet(None, [
                (everyone[at].id, f"{everyone[at].value['name']} ({miles[at]:.0f} miles)", dealer_counts[at])
                for at in nearest
            ]),
            "driveTrain": _facet("Drivetrain", [("A", "Automatic", len(found))]),
            "fuelType": _facet("Fuel Type", [(fuel, FUELS[fuel], n) for fuel, n in sorted(fuel_counts.items())]),
            "modelDesignation": _facet("Model", [
                (MODELS[index].model_id, MODELS[index].name, n) for index, n in sorted(model_counts.items())
            ]),
            "modelIdentifier": _facet("Class", [(class_id, CLASSES[class_id][1], len(found))]),
        }  # fmt: skip
        return msgspec.Raw(msgspec.json.encode(facets))


def _facet(label: str | None, values: list[tuple[str, str, int]]) -> dict[str, Any]:
    entries = [{"value": value, "formattedValue": text, "count": count} for value, text, count in values]
    return {"values": entries, "facetType": "MULTI_VALUE", "label": label}
