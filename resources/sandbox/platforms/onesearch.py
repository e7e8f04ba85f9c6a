"""OneSearch, played: the search of Mercedes-Benz in Korea, from a field list; its total says a little too much."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Feed, InArguments, InHeader, Key, Page, Record, Route, Template, World

_MODELS = parts.table("""
name               |code|body     |fuel          |price:int|weight:int|vin
E 220 d 4MATIC     |W213|Sedan    |Diesel        |62000    |9         |WDDZF0GB
E 300 4MATIC       |W214|Sedan    |Gasoline      |78000    |8         |W1KLF4JB
GLC 300 4MATIC     |X254|SUV      |Gasoline      |75000    |7         |W1NKM4GB
S 580 4MATIC       |W223|Sedan    |Gasoline      |160000   |3         |W1K6G7GB
EQE 350+           |V295|Sedan    |Electric      |90000    |3         |W1KEG2BB
GLE 400 e 4MATIC   |V167|SUV      |Plug-in Hybrid|110000   |2         |W1NFB6BB
CLE 450 Cabriolet  |A236|Cabriolet|Gasoline      |95000    |1         |W1KMK5JB
""")
_DEALERS = parts.Dealers("mercedes", {"kr": 23}, id="{digits5}", name="{city} 인증중고차")
_CAR = Template(
    """{"identification": {"code": "{digits9}", "dealerId": "{dealer.id}"}, "vehicleModel": {"name": "{model.name}",
    "modelYear": "{year}", "typeClass": "{model.code}", "bodyType": {"value": "{model.body}"}, "vehicleClass": {"value":
    "{model.code}"}}, "usedVehicleData": {"mileage": {"value": "{mileage}", "unit": "km"}, "firstRegistrationDate":
    "{registered_on}T00:00:00", "numberPreviousOwners": 1, "damagesRepairedFlag": null}, "technicalInformation":
    {"transmission": {"value": "Automatic"}, "engine": {"fuelType": {"value": "{model.fuel}"}}}, "color": {"text":
    "{color.name}", "group": "{color.code}"}, "images": {"default": "https://images.example/{digits9}.jpg"}, "price":
    {"grossValue": "{price}"}, "dealer": {"nameLocalLanguage": "{dealer.name}", "addressLocalLanguage":
    "{dealer.city}"}, "pdpLink": "https://www.mercedes-benz.co.kr/used/{digits9}"}""",
    null={0.3: "usedVehicleData.numberPreviousOwners"},
)


def _answer(page: Page) -> Record:
    said = page.total + page.total // 20
    return {
        "navigation": {"totalResults": said, "totalPages": page.pages + 1, "currentPage": page.number + 1},
        "results": page.records,
    }


def stock(world: World, oem: str, endpoint: str) -> Route:
    """The certified used cars of Korea."""
    unknown = parts.graphql_error("profile {profileId} is not known")
    return Feed(
        world=world, oem=oem, endpoint=endpoint, host="ap.api.oneweb.mercedes-benz.com",
        path="/commerce/onesearch/graphql", record=_CAR,
        serves=parts.Stock(world, oem, {"kr": 1}, models=_MODELS, dealers=_DEALERS, part="onesearch", share=0.3),
        market=parts.Choice(InArguments("profileId"), {"KR-USED_VEHICLES": "kr"}, unknown),
        checks=[Key(InHeader("x-api-key"), "MERCEDES_ONESEARCH_KEY", parts.refusal(401))],
        narrowing=[parts.Sort(InArguments("sortingType"), {"registrationYear-desc": "-registered_ms", "price-asc":
                              "price"}, parts.refusal(400))],
        paging=parts.Pages(InArguments("page"), InArguments("limit"), size=12, first=1, largest=100),
        graphql=parts.GraphQL("search(profileId: String!, vehicleCategory: String!, language: String, "
                              "sortingType: String, page: Int!, limit: Int!)"),
        answer=_answer, records="data.search.results", identity="identification.code",
        total="data.search.navigation.totalResults", example="/commerce/onesearch/graphql",
    ).route()  # fmt: skip
