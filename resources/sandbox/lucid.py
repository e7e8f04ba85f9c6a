"""Lucid USA, played: the store's inventory, a route for each line of models.

Without `sortType` the host answers 200 and nothing; what it does not have it answers with 200 and a 404 in the body.
New cars that are built alike show only the one nearest to where is asked from; the sandbox shows every car.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Feed, InPath, InQuery, Record, Route, Template, World

_AIR = parts.table("""
name             |variant     |drive           |price:int|weight:int|vin
Air Pure         |Pure        |Rear-Wheel Drive|66000    |23        |50EA1PGA
Air Touring      |Touring     |All-Wheel Drive |76000    |65        |50EA1TEA
Air Grand Touring|Grand Touring|All-Wheel Drive|105000   |12        |50EA1GBA
""")
_GRAVITY = parts.table("""
name                 |variant      |drive          |price:int|weight:int|vin
Gravity Touring      |Touring      |All-Wheel Drive|75000    |60        |7UUG1TFA
Gravity Grand Touring|Grand Touring|All-Wheel Drive|88000    |40        |7UUG1GFA
""")
_STUDIOS = parts.Dealers("lucid", {"us": 30}, name="Lucid {city}", without_stock=0)

_LISTING = Template("""{"currentSalePrice": "{price}", "odometer": "{mileage}", "isCPO": false, "images": [{"category":
    "Exterior", "url": "https://images.lucidmotors.com/{uuid}.jpg"}]}""")
_CAR = Template(
    """{"VIN": "{vin}", "uuid": "{uuid}", "shortCode": "L{code}", "modelYear": "{year}", "titleStatus": "New",
    "category": "Inventory", "salesStatus": null, "availability": "AVAILABLE NOW", "inTransit": false, "atStudio": true,
    "atHub": false, "isCPO": false, "model": {"technicalName": "{model.name}"}, "modelVariant": {"technicalName":
    "{model.variant}"}, "motorDrive": {"technicalName": "{model.drive}"}, "color": {"technicalName": "{color.name}"},
    "interior": {"technicalName": "Mojave PurLuxe"}, "wheels": {"technicalName": "19in Aero Range"}, "roof":
    {"technicalName": "Aluminum"}, "look": {"technicalName": "Platinum"}, "price": {"value": "{list_price}",
    "afterDiscountPrice": "{price}"}, "listing": {}, "locationName": "Hickory Ave Storage", "greaterArea": "{city}",
    "address": {"city": "{city}", "state": "{region}", "zipcode": "{postal_code}"}, "imageURL":
    "https://lucidmotors.com/portalapi/images/vehicle/?car={uuid}"}""".replace(
        "{city}", "{dealer.city}"
    ).replace("{region}", "{dealer.region}").replace("{postal_code}", "{dealer.postal_code}"),
    {
        "titleStatus": lambda car: {"new": "New", "used": "Used", "demo": "New - Demonstrator"}[_type(car)],
        "isCPO": lambda car: _type(car) == "used" and car.chance("certified") < 0.5,
        "availability": lambda car: f"AVAILABLE {car.pick('in', {'NOW': 10, 'IN 2 WEEKS': 89, 'IN 4 WEEKS': 1})}",
        "inTransit": lambda car: _type(car) == "new" and car.chance("transit") < 0.03,
        "listing": lambda car: ABSENT if car.is_new else _LISTING.render(car),
        # of a used car what it cost when it was new
        "price.afterDiscountPrice": lambda car: car.price if car.is_new else car.list_price,
    },
    null={0.3: "greaterArea", 0.06: "address.state"},
)  # fmt: skip


def _type(car: Car) -> str:
    return "new" if car.is_new else "demo" if car.chance("demo") < 0.2 else "used"


def sandbox_routes(world: World) -> list[Route]:
    nothing_here = parts.refusal(200, {"statusCode": 404, "errorCode": "STORE_NOT_FOUND"})
    return [
        Feed(
            world=world, oem="lucid", endpoint="store_inventory", host="buynow.lucidmotors.com",
            path=f"/api/v4/{{locale}}/store/inventory/{line}", record=_CAR, order="price",
            serves=parts.Stock(world, "lucid", {"us": parts.Lot("us", used=0.3)}, models=models, dealers=_STUDIOS,
                               oldest_months=60, part=line, share=share),
            market=parts.Choice(InPath("locale"), {"en_us": "us"}, nothing_here),
            checks=[
                *(parts.Present(InQuery(name), parts.refusal(422, {"message": f'"{name}" is required'}))
                  for name in ("lat", "long", "type")),
                parts.Present(InQuery("sortType"), parts.refusal(200, {"data": []})),
            ],
            narrowing=[
                parts.Filter(InQuery("type"), _type, {name: name for name in ("new", "used", "demo")},
                             parts.refusal(422, {"message": '"type" must be one of [new, used, demo]'})),
                parts.Near(latitude=InQuery("lat"), longitude=InQuery("long"), radius=InQuery("distance"),
                           bad=parts.refusal(422, {"message": "distance"})),
                parts.Sort(InQuery("sortType"), {"price": "price"}, parts.refusal(422, {"message": "sortType"})),
            ],
            paging=parts.Pages(InQuery("none"), InQuery("requestedVehiclesNum"), size=72, largest=1000,
                               too_large=parts.refusal(422, {"message": '"requestedVehiclesNum" must be <= 1000'})),
            answer=_answer, records="data", identity="VIN",
            example=f"/api/v4/en_us/store/inventory/{line}?lat=39.8&long=-98.6&type=new&sortType=price",
        ).route()
        for line, models, share in (("vehicles", _AIR, 0.7), ("vehicles/gravity", _GRAVITY, 0.3))
    ]  # fmt: skip


def _answer(page: parts.Page) -> Record:
    return {"data": page.records}
