"""Volvo, played: the vehicle search of the platform on which the stores of Great Britain and the United States stand.

Great Britain mints a token for each visitor, which ends after some answers; the United States wants its key. The order
is another for each walk through the pages, and `Reference` is another in each answer. From a field list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from resources.sandbox import parts
from resources.sandbox.parts import Answer, Asked, Extra, Feed, InBody, InHeader, Page, Record, Route, Template, World

_HOST, _PATH = "services.codeweavers.net", "/api/vehicles/search-with-facets"
_MODELS = parts.table("""
model|variant         |fuel           |gear     |drive|body  |bhp:int|seats:int|price:int|weight:int|vin
XC40 |B3 Core         |Petrol         |Automatic|FWD  |SUV   |163    |5        |31000    |9         |YV1XZK6V
XC60 |T6 Recharge     |Petrol/Electric|Automatic|AWD  |SUV   |350    |5        |52000    |7         |YV1UZH6V
XC90 |B5 Plus         |Diesel         |Automatic|AWD  |SUV   |235    |7        |61000    |5         |YV1LFK2V
V60  |B4 Ultra        |Petrol         |Manual   |FWD  |Estate|197    |5        |36000    |4         |YV1ZWK2V
S60  |T8              |Plug-in Hybrid |Automatic|AWD  |Saloon|455    |5        |47000    |2         |YV1ZSH1V
EX30 |Single Motor    |Electric       |Automatic|RWD  |SUV   |272    |5        |34000    |3         |YV1EK2EZ
""")
_DEALERS = parts.Dealers("volvo", {"gb": 60, "us": 90}, id="{digits5}", name="Volvo Cars {city}", without_stock=0.0)
_CAR = Template(
    """{"GroupKey": "{digits9}", "HeadlineVehicle": {"Vehicle": {"Reference": "rotates", "Hash": "{digits9}", "Images":
    [{"Url": "https://images.example/{digits9}.jpg"}], "Finance": null, "Physical": {"ExternalVehicleId":
    "MDX-{digits7}", "Vin": "{vin}", "Status": "PreOwned", "Mileage": 1, "IsReserved": false,
    "NoLongerAvailable": false, "OnTheRoadPrice": 1, "ExteriorColour": {"Description": "{color.name}", "Value":
    "{color.code}"}, "CodeweaversStockIdentifier": "{digits9}", "DateOfManufacture": "{registered_on}T00:00:00",
    "Registration": {"Number": "ZZ{digits5}", "DateRegisteredWithDvla": "{registered_on}T00:00:00"}}, "Specification":
    {"OnTheRoadPrice": null, "Manufacturer": "Volvo", "Model": "{model.model}", "Variant": "{model.variant}",
    "FuelType": "{model.fuel}", "Transmission": "{model.gear}", "Drive": "{model.drive}", "BodyStyle": "{model.body}",
    "EngineSize": 1969, "BrakeHorsePower": 1, "Seats": 5, "Doors": 5}, "Retailer":
    {"Reference": "{dealer.id}", "Name": "{dealer.name}", "Telephone": "{dealer.phone}", "Address": {"TownCity":
    "{dealer.city}", "Postcode": "{dealer.postal_code}"}}}}}""",
    {
        "HeadlineVehicle.Vehicle.Physical.Mileage": "mileage",
        "HeadlineVehicle.Vehicle.Physical.OnTheRoadPrice": "price",
        "HeadlineVehicle.Vehicle.Specification.BrakeHorsePower": "model.bhp",
        "HeadlineVehicle.Vehicle.Specification.Seats": "model.seats",
        "HeadlineVehicle.Vehicle.Physical.IsReserved": lambda car: car.chance("reserved") < 0.04,
        "HeadlineVehicle.Vehicle.Physical.NoLongerAvailable": lambda car: car.chance("sold") < 0.01,
    },
    null={0.03: "HeadlineVehicle.Vehicle.Physical.Vin"},
)


def sandbox_routes(world: World) -> list[Route]:
    tokens = parts.Tokens(world, lasts=40)
    stock = parts.Stock(world, "volvo", {"gb": 1, "us": 1}, models=_MODELS, dealers=_DEALERS)
    answers = count(1)

    def answer(page: Page) -> Record:
        asked = next(answers)
        for number, group in enumerate(page.records):
            group["HeadlineVehicle"]["Vehicle"]["Reference"] = f"{asked}-{number}"
        return {"Groups": page.records, "TotalPages": page.pages, "NumberOfMatchingVehiclesAcrossAllGroups": page.total}

    unknown = parts.refusal(401, {"Message": "Unauthorized"})
    paging = parts.Pages(
        InBody("Page"),
        InBody("ResultsPerPage"),
        first=1,
        size=24,
        largest=100,
        too_large=parts.refusal(400, {"Message": "ResultsPerPage"}),
    )
    store = InBody("OrganisationIdentifier.Value")

    def feed(market: str, path: str, checks: Sequence[Callable[[Asked], Answer | None]]) -> Route:
        return Feed(
            world=world, oem="volvo", endpoint=f"{market}_search", host=_HOST, path=path, method="POST", serves=stock,
            record=_CAR, market=market, checks=checks, narrowing=[parts.Reshuffled(paging)], paging=paging,
            answer=answer, records="Groups", identity="HeadlineVehicle.Vehicle.Physical.ExternalVehicleId",
            total="NumberOfMatchingVehiclesAcrossAllGroups", example=path,
        ).route()  # fmt: skip

    return [
        Extra(
            oem="volvo", host=_HOST, path="/api/guest/initialise/proposal", method="POST",
            answer=lambda asked: {"UserToken": tokens.mint()},
            checks=[
                parts.Key(InBody("ApiKey"), "VOLVO_GB_API_KEY", unknown),
                parts.Key(store, "VOLVO_GB_ORGANISATION", unknown),
            ],
        ).route(),
        feed("gb", _PATH + "/groups", [tokens.check(InHeader("x-cw-customertoken"), unknown)]),
        feed("us", _PATH, [
            parts.Key(InHeader("x-cw-apikey"), "VOLVO_US_API_KEY", unknown), parts.Fixed(store, "55574", unknown),
        ]),
    ]  # fmt: skip
