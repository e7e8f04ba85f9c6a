"""Toyota in the United States, played: the search that it shares with Lexus, and the dealer service.

The records follow captures of 2023 and 2025.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Dealer, Feed, InQuery, Route, Template, World
from resources.sandbox.platforms.toyota import us_stock

_MODELS = parts.table("""
series    |code|gear              |engine                    |drive|price:int|weight:int|vin     |name       |grade
4runner   |8664|5-Speed Automatic |4.0L V6                   |4x4  |44700    |8         |JTEMU5JR|4Runner    |SR5
4runner   |8642|5ECT              |1GR                       |4x2  |42000    |3         |JTEZU5JR|4Runner    |SR5
bz4x      |2870|Single-Speed      |Electric Motor            |AWD  |47000    |3         |JTMABABA|bZ4X       |Limited
camry     |2559|8-Speed Automatic |2.5L 4-Cyl.               |FWD  |29500    |12        |4T1G11AK|Camry      |SE
corolla   |1852|CVT               |2.0L 4-Cyl.               |FWD  |23500    |12        |5YFEPMAE|Corolla    |LE
grcorolla |6283|6MT               |1.6L                      |AWD  |44300    |1         |JTNABAAE|GR Corolla |Circuit
priusprime|1237|ECVT              |2.0L Plug-in Hybrid       |FWD  |37000    |4         |JTDACACU|Prius Prime|XSE
rav4      |4440|8-Speed Automatic |2.5L 4-Cyl.               |AWD  |33500    |16        |2T3P1RFV|RAV4       |XLE
rav4hybrid|4454|ECVT              |2.5L Hybrid        |AWD  |36500    |9         |4T3LWRFV|RAV4 Hybrid|XSE
supra     |2374|8-Speed Automatic |3.0L I6                   |RWD  |58000    |1         |WZ1DB0C0|GR Supra   |3.0
tacoma    |7594|6MT               |3.5L V6                   |4x4FT|42000    |7         |3TMCZ5AN|Tacoma     |TRD Pro
tundra    |8361|10-Speed Automatic|3.5L V6 Hybrid            |PT4  |62000    |6         |5TFWC5DB|Tundra     |Limited
""")
_DEALERS = parts.Dealers("toyota", {"us": 240}, name="{city} Toyota;Toyota of {city}", without_stock=0.05)

_OPEN, _CLOSED = ["0900,2000"], ["Closed"]
_DEALER = Template(
    """{"address1": "{house_number} {street}", "city": "{city}", "code": "{id}", "currentDayHours":
    "7:30 AM to 6:00 PM", "dealerAttributes": ["CUV", "TTC"], "dealerId": "{id}", "distance": "{miles}", "email":
    "ecom{id}@{site}", "encodedDashedCity": "{city}", "encodedDashedName": "{name}", "fax": "{phone}9", "finance":
    {"phone": "{phone}1", "hours": []}, "fmp": false, "fmpt1": false, "general": {"phone": "{phone}", "hours": []},
    "hoursSales": "(Sales):[1(09.00>18.00)]", "lat": "{latitude}", "long": "{longitude}", "latitude": "{latitude}",
    "longitude": "{longitude}", "miraiSales": false, "name": "{name}", "parts": {"phone": "{phone}2", "hours": []},
    "pma": true, "phone": "{phone}", "phoneNumberService": "{phone}3", "region": {"regionCode": 16, "success": false},
    "regionId": "16", "sales": {"phone": "{phone}", "hours": [], "hoursMap": {"1": "Closed", "2":
    "9:00 AM to 8:00 PM"}}, "service": {"phone": "{phone}3", "url": "https://www.{site}/service", "hours": [],
    "hoursMap": {"1": "Closed"}}, "serviceCenterOnly": false, "services": ["CUV", "TTC"], "state": "{region}", "tdaId":
    "GNY10", "tda": {"code": "GNY10", "name": "Greater New York"}, "url": "https://www.{site}", "zip":
    "{postal_code}"}""",
    {
        "sales.hours": lambda dealer: _week(dealer), "service.hours": lambda dealer: _week(dealer),
        "parts.hours": lambda dealer: [] if dealer.chance("parts") < 0.3 else _week(dealer),
        "services": lambda dealer: dealer.pick("services", [["CUV", "TTC", "SS"], ["EL", "PPSAL", "CUV"], ["CUV"]]),
    },
    missing={0.12: "currentDayHours", 0.14: "sales.hours", 0.33: "email", 0.4: "fax", 0.8: "finance"},
)  # fmt: skip


def _week(dealer: Dealer) -> list[list[str]]:
    """From Sunday to Saturday."""
    sunday = _CLOSED if dealer.chance("sunday") < 0.6 else ["1000,1700"]
    return [sunday, *[_OPEN] * 5, ["0900,1800"]]


def sandbox_routes(world: World) -> list[Route]:
    return [
        us_stock(
            world, oem="toyota", endpoint="locate_vehicles", brand="TOYOTA", models=_MODELS, dealers=_DEALERS
        ),
        Feed(
            world=world, oem="toyota", endpoint="us_dealers", host="dealers.prod.webservices.toyota.com",
            path="/v1/dealers", serves=_DEALERS, record=_DEALER, market="us",
            narrowing=[parts.Near(zip=InQuery("zipcode"), bad=parts.refusal(400, {"message": "zipcode"}))],
            # `resultsMax` is how many of the nearest are wanted
            paging=parts.Pages(InQuery("none"), InQuery("resultsMax"), size=10, largest=5000),
            answer=lambda page: {"dealers": page.records}, records="dealers", identity="dealerId",
            example="/v1/dealers?zipcode=66952&resultsMax=10",
        ).route(),
    ]  # fmt: skip
