"""Hyundai USA, played: the inventory search, whose pages end at 30 cars, and dealers by ZIP code, at most 45.

The search is made from a list of fields, a dealer from the captured answers of 2022.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Feed, InBody, InHeader, InQuery, Page, Record, Route, Template, World

_MODELS = parts.table("""
name    |trim    |fuel          |drive|price:int|weight:int|vin
IONIQ 5 |SE      |Electric      |AWD  |48770    |20        |KM8KMDAF
IONIQ 6 |SEL     |Electric      |RWD  |46000    |8         |KMHM34AA
KONA    |Limited |Gas           |FWD  |32000    |12        |KM8HE3A3
TUCSON  |SEL     |Hybrid        |AWD  |36000    |24        |KM8JCCD1
TUCSON  |Limited |Plug-in Hybrid|AWD  |47000    |6         |KM8JEDD2
SANTA FE|XRT     |Gas           |AWD  |42000    |18        |5NMP3DG1
ELANTRA |SEL     |Gas           |FWD  |24000    |22        |KMHLM4DG
""")
_DRIVES = {"AWD": "ALL WHEEL DRIVE", "RWD": "REAR WHEEL DRIVE", "FWD": "FRONT WHEEL DRIVE"}
_DEALERS = parts.Dealers(
    "hyundai", {"us": 150}, name="{city} Hyundai;Hyundai Of {city}", without_stock=0.05,
    id=lambda dealer: f"{dealer.region}{dealer.number + 11:03d}",
)  # fmt: skip

_CAR = Template(
    """{"vin": "{vin}", "make": "HYUNDAI", "model": "{model.name}", "modelDisplayName": "{model.name}", "modelYear":
    "{year}", "trim": "{model.trim}", "trimDisplayName": "{model.trim}", "drivetrain": "{model.drive}",
    "drivetrainName": "", "fuelType": "{model.fuel}", "exteriorColor": "{color.name}", "interiorColor": "BLACK",
    "dealerCode": "{dealer.id}", "dealerName": "{dealer.name}", "dealerInternetPrice": "", "msrp":
    "${list_price:,}.00", "startingMsrp": "${list_price:,}.00", "exteriorImage":
    "//s7d1.scene7.com/is/image/hyundai/{code}", "dealerVDPURL": "https://www.{dealer.site}/{vin}",
    "inventoryStatusCode": "DS", "plannedDeliveryDate": "{listed_on}T08:00:00"}""",
    {
        "drivetrainName": lambda car: _DRIVES[car.model.drive],
        "dealerInternetPrice": lambda car: f"${car.price:,}.00" if car.chance("own price") < 0.8 else "",
        "inventoryStatusCode": lambda car: _status(car),
        # some cars lack it altogether
        "plannedDeliveryDate": lambda car: ABSENT if car.chance("planned") < 0.03 else f"{car.listed_on}T08:00:00",
    },
    null={0.1: "dealerVDPURL exteriorImage"},
)
_DEALER = Template(
    """{"dealerCd": "{id}", "dealerNm": "{name}", "dealerEmail": "crmleads@{site}", "dealerUrl": "www.{site}",
    "address1": "{house_number} {street}", "address2": "", "city": "{city}", "state": "{region}", "zip":
    "{postal_code}", "phone": "{phone}", "fax": "{phone}9", "region": "EA", "latitude": "{latitude}", "longitude":
    "{longitude}", "distance": "{miles}", "shopperAssurance": "Y", "IsPMADealer": 0}""",
    null={0.14: "dealerEmail"},
)


def _status(car: Car) -> str:
    on_the_way = ("IT", "IR", "TN", "PA", "AA")
    return str(car.pick("status", {"DS": 60, **dict.fromkeys(on_the_way, 8)}))


def _answer(page: Page) -> Record:
    return {"status": "SUCCESS", "data": {"items": page.records, "total": page.total, "totalPages": page.pages}}


def sandbox_routes(world: World) -> list[Route]:
    no_referer = parts.Present(InHeader("referer"), parts.refusal(403))
    headers = {"Referer": "https://www.hyundaiusa.com/"}
    return [
        Feed(
            world=world, oem="hyundai", endpoint="inventory_search", host="papp-bsi-api.hyundaiusa.com", method="POST",
            path="/inventory/item/v2/search", market="us", record=_CAR, answer=_answer,
            serves=parts.Stock(world, "hyundai", {"us": 1}, models=_MODELS, dealers=_DEALERS, used=0, prices_in="USD"),
            checks=[no_referer],
            # a distance of -1 is nationwide
            narrowing=[parts.Near(zip=InBody("zipCode"), radius=InBody("distance"), everywhere=("-1",))],
            paging=parts.Pages(InBody("page"), InBody("pageSize"), first=1, size=30, largest=30),
            records="data.items", identity="vin", total="data.total", example="/inventory/item/v2/search",
            example_headers=headers,
        ).route(),
        Feed(
            world=world, oem="hyundai", endpoint="us_dealers", host="www.hyundaiusa.com", market="us",
            path="/var/hyundai/services/dealer/dealersByZip.json", serves=_DEALERS, record=_DEALER, checks=[no_referer],
            narrowing=[parts.Near(zip=InQuery("zip"), radius=InQuery("radius"))], paging=parts.Whole(cap=45),
            answer=lambda page: {"dealers": page.records}, records="dealers", identity="dealerCd",
            example="/var/hyundai/services/dealer/dealersByZip.json?zip=66952&radius=150", example_headers=headers,
        ).route(),
    ]  # fmt: skip
