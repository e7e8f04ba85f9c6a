"""Mercedes-Benz, played: search and dealers of the United States by collectors' notes and captures; Korea."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Dealer, Feed, InQuery, Route, Template, World
from resources.sandbox.platforms import mbusa, onesearch

# weight: percent of the stock, more even than the real one, so that a class of a small stock is below the hundred rows
# that a search gives; price: new, in US dollars
_MODELS = parts.table("""
class_id|id     |body|vin     |fuel|hp |price:int|weight:int|name
A       |A220W  |SDN |W1K3G4EB|G   |188|35000    |5         |A 220 Sedan
C       |C300W4 |SDN |W1KAF4HB|G   |255|49000    |7         |C 300 4MATIC Sedan
CLA     |CLA250C|CPE |W1K5J4GB|G   |221|42000    |7         |CLA 250 Coupe
CLE     |CLE450A|CAB |W1KMK5JB|G   |375|75000    |5         |CLE 450 4MATIC Cabriolet
CLS     |CLS450C|CPE |W1K2J5JB|G   |362|77000    |3         |CLS 450 4MATIC Coupe
E       |E350W4 |SDN |W1KLF4JB|G   |255|65000    |5         |E 350 4MATIC Sedan
E       |E450S4 |WGN |W1KLH6FB|G   |375|77000    |2         |E 450 4MATIC All-Terrain
EQB     |EQB300W|SUV |W1N9M0CB|E   |225|54000    |5         |EQB 300 4MATIC SUV
EQE     |EQE350V|SDN |W1KEG2BB|E   |288|75000    |6         |EQE 350+ Sedan
EQS     |EQS580X|SUV |W1NDM4EB|E   |536|126000   |5         |EQS 580 4MATIC SUV
G       |G550W4 |SUV |W1NYC7HJ|G   |416|140000   |4         |G 550 SUV
GLA     |GLA250W|SUV |W1N4N4GB|G   |221|42000    |7         |GLA 250 SUV
GLB     |GLB250W|SUV |W1N4M4GB|G   |221|44000    |7         |GLB 250 SUV
GLC     |GLC300W|SUV |W1NKM4GB|G   |255|49000    |5         |GLC 300 SUV
GLC     |GLC350E|SUV |W1NKM5CB|H   |313|61000    |2         |GLC 350e 4MATIC SUV
GLE     |GLE350W|SUV |4JGFB4KB|G   |255|66000    |7         |GLE 350 4MATIC SUV
GLS     |GLS580W|SUV |4JGFF8GE|G   |510|115000   |6         |GLS 580 4MATIC SUV
GT      |GT55C4 |CPE |W1KRJ7GA|G   |469|138000   |3         |AMG GT 55 4MATIC+ Coupe
S       |S500V4 |SDN |W1K6G6DB|G   |442|120000   |5         |S 500 4MATIC Sedan
SL      |SL43R  |RDS |W1KVK3AB|G   |375|112000   |3         |AMG SL 43 Roadster
VLE     |VLE300 |WGN |W1NVLE1B|E   |272|60000    |1         |VLE 300
""")
CLASSES = {name: sum(row.weight for row in _MODELS if row.class_id == name) for name in {r.class_id for r in _MODELS}}
_REGIONS = ("WESTERN", "CENTRAL", "SOUTHERN", "NORTHEAST")
_DEALERS = parts.Dealers("mercedes", {"us": 140}, name="Mercedes-Benz of {city}", without_stock=0.085)


def _region(dealer: Dealer) -> str:
    return _REGIONS[sum(dealer.longitude > border for border in (-103, -88, -78))]


_DEALER = Template(
    """{"id": "{id}", "name": "{name}", "gssnOutletId": "GS00{digits5}", "regionCode": "03", "marketCode": "11",
    "address": [{"type": "primary", "line1": "{house_number} {street}", "line2": "", "city": "{city}", "state":
    "{region}", "zip": "{postal_code}", "country": "US", "region": "CENTRAL", "location": {"lat": "{latitude:f}",
    "lng": "{longitude:f}", "dist": "{miles:f}", "distunit": "miles"}}], "contact": [{"type": "fax", "value":
    "{phone}"}, {"type": "phone", "value": "{phone}"}], "url": "http://www.{site}", "programs": ["prmrexp"],
    "languages": ["en"], "activities": [{"name": "sales", "url": ""}, {"name": "service", "url":
    "http://www.{site}/service"}], "placeId": "played-{id}", "badges": ["prmrexp"]}""",
    {
        "address.0.region": _region, "regionCode": lambda dealer: f"{4 - _REGIONS.index(_region(dealer)):02d}",
        "programs": lambda dealer: dealer.pick("programs", [["prmrexp", "eqready"], ["eqready"], []]),
    },
)  # fmt: skip


def sandbox_routes(world: World) -> list[Route]:
    return [
        mbusa.stock(world, "mercedes", endpoint="mbusa_search", models=_MODELS, dealers=_DEALERS, dealer=_DEALER),
        Feed(
            world=world, oem="mercedes", endpoint="mbusa_dealers", host=mbusa.HOST, path="/api/dlrsrv/v1/us/search",
            serves=_DEALERS, record=_DEALER, market="us", narrowing=[mbusa.near(world)],
            paging=parts.Pages(InQuery("start"), InQuery("count"), size=12, bad=mbusa.refusal(world, 400, "count")),
            answer=lambda page: {"results": page.records, "totalCount": page.total},
            records="results", identity="id", total="totalCount",
            faults={"drift": lambda dealer: dealer.update(address=dealer["address"][0], chargingPoints=4)},
            example="/api/dlrsrv/v1/us/search?zip=66952&start=0&count=1000&filter=mbdealer",
            # no capture of the dealer service exists: the dealers that the day's cars stand at, so those with stock
            captured=parts.Captured("mercedes/mbusa_used_search", records="result.pagedVehicles.records",
                                    each="dealer"),
        ).route(),
        onesearch.stock(world, "mercedes", endpoint="kr_inventory"),
    ]  # fmt: skip
