"""Audi: stock from SCS (Stock Car Search), dealers from PSS (Partner Search Service)."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import ALPHA_2
from transformed.mapping.declaration import TableMapping, paths
from transformed.mapping.expressions import (
    at,
    code,
    date_of_epoch_ms,
    date_of_text,
    kilometres,
    market_currency,
    money,
    number_before,
    sorted_codes,
    text,
    time_of_epoch_ms,
    web_address,
)
from transformed.mapping.opening_hours import normalised

_CODED = pl.Struct({"code": pl.String, "description": pl.String})

_SCS_RECORD = pl.Struct(
    {
        "carId": pl.String,
        "vin": pl.String,
        "type": pl.String,
        "commissionNumber": pl.String,
        "brand": _CODED,
        "model": _CODED,
        "modelCode": _CODED,
        "modelYear": pl.Int64,
        "trimline": _CODED,
        "bodyType": _CODED,
        "fuel": _CODED,
        "gearType": _CODED,
        "driveType": _CODED,
        "powerDisplay": pl.String,
        "extColor": _CODED,
        "intColor": pl.Struct({"description": pl.String}),
        "upholsteryColor": pl.Struct({"description": pl.String}),
        "upholsteryType": pl.Struct({"description": pl.String}),
        "typedPrices": pl.List(pl.Struct({"type": pl.String, "amount": pl.Float64, "currencyCode": pl.String})),
        "vatReclaimable": pl.Boolean,
        "used": pl.Struct(
            {
                "mileage": pl.Float64,
                "mileageUnit": pl.String,
                "initialRegistration": pl.String,
                "initialRegistrationDate": pl.Int64,
                "numPreviousOwners": pl.Int64,
            }
        ),
        "warrantyPlus": pl.Boolean,
        "dateOffer": pl.Int64,
        "weblink": pl.String,
        "dealer": pl.Struct({"id": pl.String, "name": pl.String, "city": pl.String}),
    }
)

# the validator of a public client (2021-22) and the field notes of 2026; dealerPersons are people: never read
_SCS_IGNORED = (
    paths(
        """
        id decodedCarId offerType audiCode rawDealerId symbolicMarketId mbvMarket countryCode langCode
        vehicleDataVersion businessModel productionYear modelVersion modelExtensions prString symbolicCarline
        symbolicCarlineGroup gearBox topColor emissionClass efficiencyClass exhaust io vlsEnergyProvision
        priceDetails financing vat lastChange availableFromDate availableFrom availableFromCode deleted
        nationWideSelling buyableOnline employeeVehicle leasingCar investorSharedVehicle hasCampaigns
        liveConsulting threesixtyDegrees hideRenderImages tradeInNc tradeInUc reservation vehicleOrderStatus
        pictures tilesPictures fallbackPictures entryUrl vtpDataStoreUrl caeSource tyreLabels envkvData
        envkvIOData mbvHandbook footnotes intColor.code upholsteryColor.code upholsteryType.code
        typedPrices.formatted
        """
    )
    | paths("mileageFormatted warrantyTypes remarks pictureUrls numberplate", under="used")
    | paths(
        """
        street zipCode geoLocation email phoneNumbers trackingId isAffiliateCompany dealerPersons
        dealerContextLinkData
        """,
        under="dealer",
    )
)

# a public connector found D, B, H and E over the whole Spanish stock and knows G, C and W as well; whether H can
# be charged at a socket is not said
_FUELS = {
    "B": "petrol",
    "D": "diesel",
    "E": "electric",
    "H": "hybrid",
    "G": "liquefied_petroleum_gas",
    "C": "natural_gas",
    "W": "hydrogen",
}
_GEARS = {"gear-type.automatic": "automatic", "gear-type.manual": "manual"}
# seen in public clients of the British feed; the last three say themselves what they are
_BODIES = {
    "body-type.avant": "estate",
    "body-type.allroad-quattro": "estate",
    "body-type.limousine": "saloon",
    "body-type.sportback": "hatchback",
    "body-type.suv": "suv",
    "body-type.coupe": "coupe",
    "body-type.cabriolet": "convertible",
    "body-type.roadster": "roadster",
}
# no public source lists these codes: only `drive.front` is on record, others are reported as drift when they come
_DRIVES = {"drive.front": "front", "drive.rear": "rear", "drive.all": "all", "drive.quattro": "all"}
_BRANDS = {"aa": "Audi"}
_KOREAN_UNIT = 10_000


def _described(name: str) -> pl.Expr:
    return pl.coalesce(text(at(name, "description")), text(at(name, "code")))


def _price(kind: str) -> pl.Expr:
    # by type: the first entry is as often the list price
    return pl.col("typedPrices").list.eval(pl.element().filter(pl.element().struct.field("type") == kind)).list.first()


def _currency(kind: str) -> pl.Expr:
    # older answers leave the code out
    stated = text(_price(kind).struct.field("currencyCode")).str.to_uppercase()
    return pl.coalesce(stated, market_currency())


def _amount(kind: str) -> pl.Expr:
    amount = _price(kind).struct.field("amount")
    # the Korean feed mixes won with units of 10,000 won in one answer; no car costs less than a million won,
    # and none as much as a million such units
    in_units = (_currency(kind) == "KRW") & amount.is_between(0, 1_000_000, closed="none")
    return money(pl.when(in_units).then(amount * _KOREAN_UNIT).otherwise(amount))


SCS_INVENTORY = TableMapping(
    contract=Vehicle,
    record=_SCS_RECORD,
    ignored=_SCS_IGNORED,
    optional=paths("vin upholsteryType used.numPreviousOwners brand.description intColor upholsteryColor"),
    columns=[
        text(pl.col("carId")).alias("listing_id"),
        text(pl.col("vin")).str.to_uppercase().alias("vin"),
        text(pl.col("commissionNumber")).alias("stock_number"),
        # warrantyPlus is Audi's own used-car warranty (:plus)
        pl.when(pl.col("type") == "N")
        .then(pl.lit("new"))
        .when((pl.col("type") == "U") & pl.col("warrantyPlus").fill_null(False))
        .then(pl.lit("certified"))
        .when(pl.col("type") == "U")
        .then(pl.lit("used"))
        .alias("condition"),
        text(pl.col("type")).alias("condition_source"),
        pl.coalesce(text(at("brand", "description")), text(at("brand", "code")).replace(_BRANDS), pl.lit("Audi")).alias(
            "brand"
        ),
        _described("model").alias("model"),
        text(at("modelCode", "code")).alias("model_code"),
        _described("trimline").alias("trim"),
        pl.col("modelYear").alias("model_year"),
        code(at("bodyType", "code"), _BODIES).alias("body_type"),
        _described("bodyType").alias("body_type_source"),
        code(at("fuel", "code"), _FUELS).alias("fuel_type"),
        _described("fuel").alias("fuel_type_source"),
        code(at("gearType", "code"), _GEARS).alias("transmission"),
        _described("gearType").alias("transmission_source"),
        code(at("driveType", "code"), _DRIVES).alias("drive_type"),
        _described("driveType").alias("drive_type_source"),
        number_before(pl.col("powerDisplay"), "kW").round().alias("power_kw"),
        _described("extColor").alias("exterior_color"),
        pl.coalesce(
            text(at("intColor", "description")),
            text(at("upholsteryColor", "description")),
            text(at("upholsteryType", "description")),
        ).alias("interior_color"),
        kilometres(at("used", "mileage"), at("used", "mileageUnit")).alias("mileage_km"),
        pl.coalesce(
            date_of_text(at("used", "initialRegistration")), date_of_epoch_ms(at("used", "initialRegistrationDate"))
        ).alias("first_registration_on"),
        at("used", "numPreviousOwners").alias("previous_owners"),
        _amount("retail").alias("price_amount"),
        _currency("retail").alias("price_currency"),
        _amount("regular").alias("list_price_amount"),
        pl.col("vatReclaimable").alias("vat_is_reclaimable"),
        text(at("dealer", "id")).alias("dealer_id"),
        text(at("dealer", "name")).alias("dealer_name"),
        text(at("dealer", "city")).alias("dealer_city"),
        time_of_epoch_ms(pl.col("dateOffer")).alias("offered_at"),
        text(pl.col("weblink")).alias("url"),
    ],
    parsed={
        "body_type": text(at("bodyType", "code")),
        "fuel_type": text(at("fuel", "code")),
        # `gear-type.null` is how SCS says that it does not know
        "transmission": text(at("gearType", "code")).replace("gear-type.null", None),
        "drive_type": text(at("driveType", "code")),
        "power_kw": text(pl.col("powerDisplay")),
        "mileage_km": at("used", "mileage").cast(pl.String),
        "first_registration_on": pl.coalesce(
            text(at("used", "initialRegistration")), at("used", "initialRegistrationDate").cast(pl.String)
        ),
        "price_amount": _price("retail").struct.field("amount").cast(pl.String),
        "offered_at": pl.col("dateOffer").cast(pl.String),
    },
)

_PSS_RECORD = pl.Struct(
    {
        "dealerId": pl.String,
        "name": pl.String,
        "street": pl.String,
        "houseNumber": pl.String,
        "zipCode": pl.String,
        "city": pl.String,
        "region": pl.String,
        "country": pl.String,
        "latitude": pl.Float64,
        "longitude": pl.Float64,
        "phone": pl.String,
        "url": pl.String,
        "services": pl.List(pl.String),
        "openingHours": pl.Struct(
            {
                "departments": pl.List(
                    pl.Struct(
                        {
                            "departmentName": pl.String,
                            "openingHours": pl.List(
                                pl.Struct(
                                    {
                                        "id": pl.String,
                                        "open": pl.Boolean,
                                        "timeRanges": pl.List(
                                            pl.Struct({"openTime": pl.String, "closeTime": pl.String})
                                        ),
                                    }
                                )
                            ),
                        }
                    )
                )
            }
        ),
    }
)
_PSS_SERVICES = {"usedcars": "used_cars"}

PSS_DEALERS = TableMapping(
    contract=Dealer,
    record=_PSS_RECORD,
    # asked for by older queries: an address of a person, as often as not
    ignored=paths("email fax"),
    optional=paths("region houseNumber services openingHours openingHours.departments"),
    # the service serves its operators' own tests beside the dealers
    exclusions={
        "test_dealer": (text(pl.col("street")).str.to_lowercase() == "test")
        | text(pl.col("url")).str.contains(r"^(?i)(https?://)?(www\.)?test\.com/?$")
    },
    columns=[
        text(pl.col("dealerId")).alias("dealer_id"),
        text(pl.col("name")).alias("name"),
        pl.concat_str(text(pl.col("street")), text(pl.col("houseNumber")), separator=" ", ignore_nulls=True)
        .pipe(text)
        .alias("street"),
        text(pl.col("zipCode")).alias("postal_code"),
        text(pl.col("city")).alias("city"),
        text(pl.col("region")).alias("region"),
        text(pl.col("country")).str.to_uppercase().replace(ALPHA_2).alias("country_code"),
        pl.col("latitude"),
        pl.col("longitude"),
        text(pl.col("phone")).alias("phone"),
        web_address(pl.col("url")).alias("website"),
        sorted_codes(pl.col("services"), _PSS_SERVICES).alias("services"),
        pl.col("openingHours").map_elements(normalised, return_dtype=pl.String).alias("opening_hours"),
    ],
)
