"""The inventory search of Mercedes-Benz USA, played: a lot of used cars by captures, one of new cars by a field list.

A search gives the first hundred rows of what it finds and no more; its facets count all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Fact, Feed, Filter, InPath, InQuery, Lot, Page, Record, Template, World

HOST = "nafta-service.mbusa.com"
_PATH = "/api/inv/v1/en_us/{lot}/vehicles/search"
LOTS = {"used": Lot("us", 55), "new": Lot("us", 45, used=0)}
_TYPES = {"used": "PRE", "new": "NEW"}
_BODIES = {"SDN": "Sedans", "WGN": "Wagons", "CPE": "Coupes", "CAB": "Cabriolets", "SUV": "SUVs", "RDS": "Roadsters"}
_FUELS = {"G": "Gasoline", "E": "Electric", "H": "Plug-in Hybrid"}


def _price(car: Car) -> float:
    """The `msrp`: of a new car the list price, of a used one what is asked; 0 on some days, for as many as captured."""
    if car.is_new:
        return float(car.list_price)
    return 0.0 if car.chance_today("price") < 0.017 else float(car.price)


def _dealers_own_price(car: Car) -> float:
    """What is asked for a new car, where its dealer shows that."""
    return float(car.price) if car.is_new and car.dealer.chance("shows its price") < 0.6 else 0.0


def _unless_priceless(value: Any) -> Any:
    return lambda car: value if _price(car) else ABSENT


def _certified(car: Car) -> bool:
    return car.chance("certified") < 0.9


def _type(car: Car) -> str:
    return _TYPES["new" if car.is_new else "used"]


def _inventory_type(car: Car) -> str:
    return "NEW" if car.is_new else "CPO" if _certified(car) else "PRE_OWNED"


def _images(car: Car) -> list[str]:
    return ["https://b.example/1.jpg"] * car.whole("images", 0, 40)


def _properties(car: Car) -> list[Record]:
    facts = {"NET_POWER": f"{car.model.hp} hp", "AUTOMATIC_TRANSMISSION": "Automatic", "PASSENGER_CAPACITY": "5"}
    return [{"name": name, "value": value, "header": name.title()} for name, value in facts.items()]


def _record(dealer: Template) -> Template:
    """The record of a car. What only used cars have stands in `usedVehicleAttributes`, which a new one lacks."""
    used = Template(
        """{"historyReport": false, "certified": true, "demoVehicle": false, "dealer": {}, "driveTrain": {"code": "A",
        "text": "Automatic"}, "dsrp": 0.0, "fuelType": {"code": "{model.fuel}", "text": "Gasoline"}, "mileage": 1.0,
        "mileageUnit": "mi", "stockId": "P{digits5}", "images": ["https://b.example/{code}.jpg"], "optionList": [{
        "code": "0:413", "text": "Panorama roof"}], "reservable": true, "reservePrice": 0.0}""",
        {
            "dsrp": _price, "reservePrice": _price, "dealer": dealer.of("dealer"), "certified": _certified,
            "fuelType.text": lambda car: _FUELS[car.model.fuel], "mileage": lambda car: float(car.mileage),
            "images": _images,
        },
        missing={0.37: "stockId"},
    )  # fmt: skip
    return Template(
        """{"type": "PRE", "dealerId": "{dealer.id}", "gssnOutletId": "GS00{dealer.digits5}", "bodyStyleId":
        "{model.body}", "bodyStyleName": "Wagons", "classId": "{model.class_id}", "className": "{model.class_id}-Class",
        "modelId": "{model.id}", "modelName": "{model.name}", "partial": false, "year": "{year:d}", "msrp": 0.0, "vin":
        "{vin}", "available": true, "brands": [], "detailedContent": false, "fuelType": {"id": "{model.fuel}", "name":
        "Gasoline"}, "driveTrain": {"id": "A", "name": "Automatic"}, "additionalPricingInformation": [],
        "exteriorBaseImage": {"type": "IRIS", "desktop": {"url": "https://a.example/{model.id}", "retinaUrl": null},
        "mobile": {"url": "https://a.example/{model.id}", "retinaUrl": null}}, "interiorBaseImage": {"type": "IRIS",
        "desktop": {"url": "https://a.example/{model.id}", "retinaUrl": null}, "mobile": {"url":
        "https://a.example/{model.id}", "retinaUrl": null}}, "exteriorMetaColor": "{color.code}", "interiorMetaColor":
        "OTR", "engine": "2.0L inline-4 turbo engine", "paint": {"id": "{color.name}", "name": "{color.name}",
        "metaCode": "{color.code}", "price": 0.0, "mapped": false, "swatch": {"url": "/{code}", "type": "IRIS"}},
        "upholstery": {"id": "Black leather", "name": "Black leather", "metaCode": "OTR", "price": 0.0, "mapped": false,
        "swatch": {"url": "/content/OTR.jpg", "type": "IRIS"}}, "properties": [], "includedFeatures": [{"name":
        "Panorama roof"}], "monthlyPaymentInfo": [], "features": ["Panorama roof"], "usedVehicleAttributes": {},
        "images": [], "relevance": 0, "dealer": {}, "stockId": "P{digits5}", "inventoryPrice": 0.0,
        "vehicleReservationStatus": "RESERVABLE", "current": false, "eLink": "", "ePriceEnabled": true,
        "digitalRetailing": false, "dseDealerNewCar": true, "isHermesLess": false, "contactDealerForPrice": false,
        "isVehicleCurrentlyReserved": false, "isVehicleReservable": true}""",
        {
            "type": _type, "bodyStyleName": lambda car: _BODIES[car.model.body], "properties": _properties,
            "msrp": _price, "inventoryPrice": _dealers_own_price, "dealer": dealer.of("dealer"),
            "fuelType.name": lambda car: _FUELS[car.model.fuel],
            "available": lambda car: car.chance("available") > 0.01,
            "usedVehicleAttributes": lambda car: ABSENT if car.is_new else used.render(car),
            "images": lambda car: _images(car) if car.is_new else ABSENT,
            "contactDealerForPrice": lambda car: not _price(car),
            "additionalPricingInformation": _unless_priceless([{"type": "ADMIN_FEE", "value": 0.0}]),
            "monthlyPaymentInfo": _unless_priceless([{"apr": 7.29, "financingType": "FINANCE", "monthlyPayment": 722.19,
                "programEndDate": "2026-12-31", "regionCode": "03", "termLength": 72, "downPaymentAmount": 11452.0}]),
        },
        missing={0.005: "paint.id paint.name upholstery.id upholstery.name includedFeatures",
                 0.03: "upholstery.swatch.url paint.swatch.url", 0.37: "stockId"},
    )  # fmt: skip


_FACETS: dict[str, parts.Trait] = {
    "invType": _inventory_type, "bodyStyle": "model.body", "color": "color.code", "dealer": "dealer.id",
    "driveTrain": lambda car: "A", "fuelType": "model.fuel", "modelDesignation": "model.id",
    "modelIdentifier": "model.class_id",
}  # fmt: skip


def _facet(page: Page, name: str) -> Record:
    values = page.facets(_FACETS[name]).items()
    entries = [{"value": value, "formattedValue": value, "count": count} for value, count in values]
    return {"values": entries, "facetType": "MULTI_VALUE", "label": name}


def _envelope(world: World, result: Any, status: int = 200, *messages: str) -> Record:
    stamp = f"{parts.milliseconds(world.date.toordinal())}"
    about = {"code": status, "ok": status == 200, "tmstmp": stamp, "traceId": stamp}
    return {"result": result, "status": about, "messages": messages, "success": status == 200}


def refusal(world: World, status: int, message: str) -> parts.Answer:
    return parts.refusal(status, _envelope(world, None, status, message))


def _found(page: Page) -> Record:
    total = page.total_off_by(4, share=0.2)
    paging = {"totalCount": total, "currentOffset": page.start, "currentCount": len(page.records)}
    facets = (
        {name: _facet(page, name) for name in _FACETS} if page.captures is None else page.from_capture("result.facets")
    )
    result = {"pagedVehicles": {"records": page.records, "paging": paging}, "callSeq": None, "specialOffers": None}
    return _envelope(page.world, {**result, "facets": facets})


def near(world: World) -> parts.Near:
    """Where is asked from: the ZIP orders what is found and does not narrow it."""
    bad = refusal(world, 400, "zip must be a number")
    return parts.Near(zip=InQuery("zip"), default_zip="66952", bad=bad)


def stock(
    world: World, oem: str, endpoint: str, *, models: Sequence[Fact], dealers: parts.Dealers, dealer: Template
) -> parts.Route:
    """The search of both lots. models: rows with `class_id`, `id`, `body`, `fuel`, `hp`, `name`; dealer: its record.

    The captures are of the used lot: in a replay the new one is empty, as are the classes that they do not hold.
    """
    bad = refusal(world, 400, "start and count must be numbers")
    # the feed flaps more than others: of the cars that vanish from the captures, a third is back within days
    churn = parts.Churn(flap_chance=0.2, flap_days=6, price_days=(12, 40))
    orders: dict[str, parts.Order | None] = {"distance-asc": None, "distance-desc": "-miles"}
    return Feed(
        world=world, oem=oem, endpoint=endpoint, host=HOST, path=_PATH, record=_record(dealer),
        serves=parts.Stock(world, oem, LOTS, models=models, dealers=dealers, prices_in="USD", churn=churn,
                           oldest_months=68),
        # the service has a lot of both, too, which nobody asks for here
        market=parts.Choice(InPath("lot"), {lot: lot for lot in LOTS}, parts.refusal(404, {"message": "not played"})),
        aims=(InQuery("class"), sorted({row.class_id for row in models})),
        checks=[parts.Fixed(InQuery("withFilters"), "true", refusal(world, 400, "withFilters must be true"))],
        narrowing=[
            Filter(InQuery("dealerId"), "dealer.id", captured="dealerId"),
            Filter(InQuery("class"), "model.class_id", captured="classId"),
            Filter(InQuery("model"), "model.id", captured="modelId"),
            Filter(InQuery("bodyStyleId"), "model.body", captured="bodyStyleId"),
            Filter(InQuery("invType"), _inventory_type, values={"cpo": "CPO", "preowned": "PRE_OWNED"}),
            Filter(InPath("lot"), _type, values=_TYPES, captured="type"),
            near(world), parts.Sort(InQuery("sortBy"), orders, unknown=refusal(world, 400, "sortBy")),
            parts.RepeatedAtBoundaries(every=12, share=0.015),
        ],
        paging=parts.Pages(InQuery("start"), InQuery("count"), size=12, bad=bad, wants_whole_pages_above=12, window=100,
                           zero=refusal(world, 500, "Internal Server Error")),
        answer=_found, records="result.pagedVehicles.records", identity="vin",
        total="result.pagedVehicles.paging.totalCount",
        faults={
            "negative-price": lambda car: car.update(msrp=-1.0),
            "drift": lambda car: car.update(year=int(car["year"]), batteryHealth={"percent": 97}),
        },
        example="/api/inv/v1/en_us/used/vehicles/search?class=E&invType=cpo&start=0&count=12&withFilters=true",
        captured=parts.Captured("mercedes/mbusa_used_search"),
    ).route()  # fmt: skip
