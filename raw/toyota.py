"""Toyota in the United States: new vehicles of the search that it shares with Lexus, and its dealers.

The dealer service is known with ten dealers around a ZIP code. That it gives the whole country when it is asked for
more is not proved; far fewer dealers than the day before make the market incomplete.
"""

from raw.endpoint import Dealers, Endpoint, Get, PerSecond, SinglePage
from raw.platforms.toyota import us_stock

# the codes of the model list, but `supra` and `86`, under which the search knows `grsupra` and `gr86`
_SERIES = (
    "4runner", "86", "bz4x", "camry", "camryhybrid", "corolla", "corollacross", "corollacrosshybrid",
    "corollahatchback", "corollahybrid", "crownsignia", "grandhighlander", "grandhighlanderhybrid", "grcorolla",
    "highlander", "highlanderhybrid", "landcruiser", "mirai", "prius", "priusprime", "rav4", "rav4hybrid", "rav4prime",
    "sequoia", "sienna", "supra", "tacoma", "toyotacrown", "tundra", "tundrahybrid", "venza",
)  # fmt: skip

LOCATE_VEHICLES = us_stock("locate_vehicles", "TOYOTA", _SERIES)

US_DEALERS = Endpoint(
    name="us_dealers",
    description="Dealers of Toyota in the United States; the ZIP code orders them.",
    yields=Dealers("us_dealers"),
    request=Get(
        "https://dealers.prod.webservices.toyota.com/v1/dealers", params={"zipcode": "66952", "resultsMax": "2000"}
    ),
    pages=SinglePage(cap=2000),
    records="dealers",
    identity="dealerId",
    markets={"us": {}},
    limit=PerSecond(1),
)

ENDPOINTS = (LOCATE_VEHICLES, US_DEALERS)
