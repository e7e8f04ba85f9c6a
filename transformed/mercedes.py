"""Mercedes-Benz: stock of the search and dealers of the dealer service of the United States; stock of Korea.

A used car of the United States as it was captured, a new one from a field list of public clients.
"""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    KILOWATTS_PER_HORSEPOWER,
    at,
    either,
    first_where,
    kilometres,
    market_currency,
    money,
    number_before,
    positive,
    sorted_codes,
    text,
    vin,
    web_address,
    whole_of_text,
)
from transformed.mapping.fields import fields
from transformed.platforms.onesearch import KR_INVENTORY

__all__ = ["KR_INVENTORY", "MBUSA_DEALERS", "MBUSA_INVENTORY"]

_MBUSA_RECORD = fields(
    text="""
    vin type modelId modelName year bodyStyleName fuelType.name driveTrain.id driveTrain.name
    properties[name:value].NET_POWER properties[name:value].PASSENGER_CAPACITY exteriorBaseImage.desktop.url
    paint.name upholstery.name dealerId dealer.id dealer.name dealer.address[].city stockId images[]
    usedVehicleAttributes.mileageUnit usedVehicleAttributes.stockId usedVehicleAttributes.dealer.id
    usedVehicleAttributes.dealer.name usedVehicleAttributes.dealer.address[].city usedVehicleAttributes.images[]
    """,
    number="msrp inventoryPrice usedVehicleAttributes.mileage",
    flag="available isVehicleCurrentlyReserved usedVehicleAttributes.certified usedVehicleAttributes.demoVehicle",
)

_OF_DEALER = "gssnOutletId regionCode marketCode contact url programs languages activities placeId badges"
_OF_ADDRESS = "type line1 line2 state zip country region location"
# every path of the captures of April to June 2026
_MBUSA_IGNORED = (
    paths(
        """
        gssnOutletId bodyStyleId classId className partial brands detailedContent
        additionalPricingInformation exteriorBaseImage.** interiorBaseImage exteriorMetaColor interiorMetaColor engine
        includedFeatures monthlyPaymentInfo features relevance vehicleReservationStatus current eLink
        ePriceEnabled digitalRetailing dseDealerNewCar isHermesLess contactDealerForPrice isVehicleReservable
        fuelType.id properties.*
        """
    )
    | paths("id metaCode price mapped swatch", under="paint")
    | paths("id metaCode price mapped swatch", under="upholstery")
    | paths(
        "historyReport driveTrain dsrp fuelType optionList reservable reservePrice",
        under="usedVehicleAttributes",
    )
    | paths(_OF_DEALER, under="dealer")
    | paths(_OF_ADDRESS, under="dealer.address")
    | paths(_OF_DEALER, under="usedVehicleAttributes.dealer")
    | paths(_OF_ADDRESS, under="usedVehicleAttributes.dealer.address")
)

# only G was ever captured; the others are MBUSA's own words, read from the name
_FUELS = {
    "gasoline": "petrol", "diesel": "diesel", "electric": "electric", "hybrid": "hybrid",
    "plug-in hybrid": "plug_in_hybrid", "flex fuel": "flex_fuel",
}  # fmt: skip
_TRANSMISSIONS = {"A": "automatic", "M": "manual"}
# only Wagons was ever captured; the other headings say themselves what they are
_BODIES = {
    "wagons": "estate",
    "sedans": "saloon",
    "suvs": "suv",
    "coupes": "coupe",
    "convertibles": "convertible",
    "cabriolets": "convertible",
    "roadsters": "roadster",
    "hatchbacks": "hatchback",
    "vans": "van",
}
_CONDITIONS = {"NEW": "new", "PRE": "used", "certified": "certified", "demonstrator": "demonstrator"}

_FOUR_WHEEL_DRIVE = pl.col("modelName").str.extract(r"(?i)(4MATIC)")
_IS_NEW = pl.col("type") == "NEW"
# 0 is a glitch of the feed for a price that it does not know; a negative one is none, and breaks the contract
_MSRP = pl.when(pl.col("msrp") != 0).then(pl.col("msrp"))
# `msrp` of a used car is misnamed: it is the price asked. Of a new one it is the list price, and some dealers show
# their own beside it
_OWN_PRICE = pl.when(_IS_NEW).then(positive("inventoryPrice"))
_PRICE = pl.coalesce(_OWN_PRICE, _MSRP)


def _address(path: str, addresses: str = "address") -> pl.Expr:
    """A text of the first address."""
    field = at(addresses).list.first()
    for name in path.split("."):
        field = field.struct.field(name)
    return text(field)


# of a new car the dealer stands at the root alone; there another's was once seen with used ones
_HAS_ROOTS_DEALER = _IS_NEW & (at("dealer.id") == pl.col("dealerId"))
_CONDITION = (
    pl.when(at("usedVehicleAttributes.certified"))
    .then(pl.lit("certified"))
    .when(at("usedVehicleAttributes.demoVehicle"))
    .then(pl.lit("demonstrator"))
    .otherwise("type")
)
# a car that is not available was sold a short while ago and is still shown
_AVAILABILITY = (
    pl.when(at("isVehicleCurrentlyReserved")).then(pl.lit("reserved")).otherwise(pl.col("available").cast(pl.String))
)
_AVAILABILITIES = {"reserved": "reserved", "true": "in_stock", "false": "sold"}

MBUSA_INVENTORY = TableMapping(
    contract=Vehicle,
    record=_MBUSA_RECORD,
    ignored=_MBUSA_IGNORED,
    optional=paths("stockId images usedVehicleAttributes.stockId"),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "stock_number": either("usedVehicleAttributes.stockId", "stockId"),
        "condition": Coded(_CONDITION, _CONDITIONS, said="type"),
        "brand": pl.lit("Mercedes-Benz"),
        "model": text("modelName"),
        "model_code": text("modelId"),
        "model_year": text("year").cast(pl.Int16, strict=False),
        "body_type": Coded(text("bodyStyleName").str.to_lowercase(), _BODIES, said="bodyStyleName"),
        "fuel_type": Coded(text("fuelType.name").str.to_lowercase(), _FUELS, said="fuelType.name"),
        # `driveTrain` holds the transmission; the driven wheels stand in the model's name
        "transmission": Coded("driveTrain.id", _TRANSMISSIONS, said="driveTrain.name"),
        "drive_type": Coded(_FOUR_WHEEL_DRIVE.str.to_lowercase(), {"4matic": "all"}, said=_FOUR_WHEEL_DRIVE),
        "power_kw": (number_before("properties.NET_POWER", "hp") * KILOWATTS_PER_HORSEPOWER).round(),
        "seats": whole_of_text("properties.PASSENGER_CAPACITY"),
        "exterior_color": text("paint.name"),
        "interior_color": text("upholstery.name"),
        "mileage_km": kilometres("usedVehicleAttributes.mileage", "usedVehicleAttributes.mileageUnit"),
        "price_amount": money(_PRICE),
        "price_currency": market_currency(),
        "price_kind": pl.when(_IS_NEW & _OWN_PRICE.is_null()).then(pl.lit("list")).otherwise(pl.lit("asking_net")),
        "list_price_amount": money(pl.when(_IS_NEW).then(_MSRP)),
        "availability": Coded(_AVAILABILITY, _AVAILABILITIES),
        "dealer_id": either("usedVehicleAttributes.dealer.id", "dealerId"),
        "dealer_name": either("usedVehicleAttributes.dealer.name", pl.when(_HAS_ROOTS_DEALER).then(at("dealer.name"))),
        "dealer_city": pl.coalesce(
            _address("city", "usedVehicleAttributes.dealer.address"),
            pl.when(_HAS_ROOTS_DEALER).then(_address("city", "dealer.address")),
        ),
        "image_url": either(
            at("usedVehicleAttributes.images").list.first(), at("images").list.first(), "exteriorBaseImage.desktop.url"
        ),
    },
    parsed={
        "seats": "properties.PASSENGER_CAPACITY",
        "model_year": "year",
        "power_kw": "properties.NET_POWER",
        "mileage_km": "usedVehicleAttributes.mileage",
        "price_amount": _PRICE,
    },
)


MBUSA_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        id name address[].line1 address[].line2 address[].city address[].state address[].zip address[].country
        address[].location.lat address[].location.lng contact[].type contact[].value url activities[].name
        """
    ),
    # the paths of the dealer objects in the captured stock; the service itself was never captured
    ignored=paths("gssnOutletId regionCode marketCode programs languages placeId badges activities.url")
    | paths("type region location.dist location.distunit", under="address"),
    optional=paths("activities"),
    columns={
        "dealer_id": text("id"),
        "name": text("name"),
        "street": text(pl.concat_str(_address("line1"), _address("line2"), separator=", ", ignore_nulls=True)),
        "postal_code": _address("zip"),
        "city": _address("city"),
        "region": _address("state"),
        "country_code": country(_address("country")),
        "latitude": _address("location.lat").cast(pl.Float64, strict=False),
        "longitude": _address("location.lng").cast(pl.Float64, strict=False),
        "phone": text(first_where("contact", "value", type="phone")),
        "website": web_address("url"),
        "services": sorted_codes(pl.col("activities").list.eval(pl.element().struct.field("name")), {}),
    },
    parsed={"latitude": _address("location.lat"), "longitude": _address("location.lng")},
)
