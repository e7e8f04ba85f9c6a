"""OneSearch: the search of Mercedes-Benz's sites outside America, by GraphQL; read in Korea.

Built from a field list: no answer is public. Its total is a ceiling or says too much (724 for 674 cars), and its number
of pages is one too high; the pages end with an empty one. So one car in twelve may be missing from a market that is
called complete. Pages of a hundred end too early, pages of fifty do not. Which words it has for fuels and bodies is not
on record, nor under which name the VIN stands.
"""

from raw.endpoint import Endpoint, GraphQL, Inventory, PageIndex, PerSecond, secret

KR_INVENTORY = Endpoint(
    name="kr_inventory",
    description="Certified used cars of Mercedes-Benz in Korea.",
    yields=Inventory("kr_inventory"),
    request=GraphQL(
        "https://ap.api.oneweb.mercedes-benz.com/commerce/onesearch/graphql",
        query="""query($profileId: String!, $language: String, $page: Int!, $limit: Int!) { search(
 profileId: $profileId, vehicleCategory: "PASSENGER-CARS", language: $language,
 sortingType: "registrationYear-desc", page: $page, limit: $limit) { navigation { totalResults } results {
 identification { code dealerId } vehicleModel { name modelYear typeClass bodyType { value } }
 usedVehicleData { mileage { value unit } firstRegistrationDate numberPreviousOwners }
 technicalInformation { transmission { value } engine { fuelType { value } } } color { text } images { default }
 price { grossValue } dealer { nameLocalLanguage } pdpLink } } }""",
        variables={"profileId": "{profile}", "language": "{language}"},
        headers={"x-api-key": secret("MERCEDES_ONESEARCH_KEY")},
    ),
    pages=PageIndex(index="page", size="limit", step=50, first=1, total="data.search.navigation.totalResults"),
    records="data.search.results",
    identity="identification.code",
    markets={"kr": {"profile": "KR-USED_VEHICLES"}},
    total_tolerance=0.08,
    limit=PerSecond(1, concurrency=1),
)
