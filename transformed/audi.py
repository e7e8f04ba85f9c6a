"""Audi: stock from SCS (Stock Car Search), dealers from PSS (Partner Search Service)."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    currency,
    either,
    first_amount,
    first_where,
    kilometres,
    money,
    number_before,
    sorted_codes,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.opening_hours import normalised, opening_hours
from transformed.mapping.times import date_of_epoch_ms, date_of_text, time_of_epoch_ms
from transformed.platforms.omnigraph import US_DEALERS, US_INVENTORY

__all__ = ["PSS_DEALERS", "SCS_INVENTORY", "US_DEALERS", "US_INVENTORY"]

_SCS_RECORD = fields(
    text="""
    carId vin type commissionNumber brand.code brand.description model.code model.description modelCode.code
    trimline.code trimline.description bodyType.code bodyType.description fuel.code fuel.description gearType.code
    gearType.description driveType.code driveType.description powerDisplay extColor.code extColor.description
    intColor.description upholsteryColor.description upholsteryType.description typedPrices[].type pictures[].url
    typedPrices[].currencyCode used.mileageUnit used.initialRegistration weblink dealer.id dealer.name dealer.city
    """,
    number="typedPrices[].amount used.mileage priceDetails.totalPrices.customer.grossAmount",
    whole="modelYear used.initialRegistrationDate used.numPreviousOwners dateOffer",
    flag="vatReclaimable warrantyPlus",
)

# the validator of a public client (2021-22) and the field notes of 2026; dealerPersons are people: never read
_SCS_IGNORED = (
    paths(
        """
        id decodedCarId offerType audiCode rawDealerId symbolicMarketId mbvMarket countryCode langCode
        vehicleDataVersion businessModel productionYear modelVersion modelExtensions prString symbolicCarline
        symbolicCarlineGroup gearBox topColor emissionClass efficiencyClass exhaust io vlsEnergyProvision
        priceDetails.** financing vat lastChange availableFromDate availableFrom availableFromCode deleted
        nationWideSelling buyableOnline employeeVehicle leasingCar investorSharedVehicle hasCampaigns
        liveConsulting threesixtyDegrees hideRenderImages tradeInNc tradeInUc reservation vehicleOrderStatus
        pictures.* tilesPictures fallbackPictures entryUrl vtpDataStoreUrl caeSource tyreLabels envkvData
        envkvIOData mbvHandbook footnotes
        """
    )
    | paths("mileageFormatted warrantyTypes remarks pictureUrls numberplate", under="used")
    | paths("street zipCode geoLocation email phoneNumbers trackingId isAffiliateCompany dealerPersons", under="dealer")
    | paths("dealer.dealerContextLinkData intColor.code upholstery*.code modelCode.description typedPrices.formatted")
)

# a public connector found D, B, H and E over the whole Spanish stock and knows G, C and W as well; whether H can
# be charged at a socket is not said
_FUELS = {
    "B": "petrol", "D": "diesel", "E": "electric", "H": "hybrid", "G": "liquefied_petroleum_gas", "C": "natural_gas",
    "W": "hydrogen",
}  # fmt: skip
_CONDITIONS = {"N": "new", "U": "used", "U:plus": "certified"}
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
    return either(f"{name}.description", f"{name}.code")


def _price(kind: str, field: str) -> pl.Expr:
    # by type: the first entry is as often the list price
    return first_where("typedPrices", field, type=kind)


def _amount(kind: str) -> pl.Expr:
    amount = _price(kind, "amount")
    # the Korean feed mixes won with units of 10,000 won in one answer; no car costs less than a million won,
    # and none as much as a million such units
    in_units = (currency(_price(kind, "currencyCode")) == "KRW") & amount.is_between(0, 1_000_000, closed="none")
    return amount * pl.when(in_units).then(_KOREAN_UNIT).otherwise(1)


_CUSTOMER_PRICE = at("priceDetails.totalPrices.customer.grossAmount")
# warrantyPlus is Audi's own used-car warranty (:plus)
_IS_CERTIFIED = (pl.col("type") == "U") & pl.col("warrantyPlus").fill_null(False)

SCS_INVENTORY = TableMapping(
    contract=Vehicle,
    record=_SCS_RECORD,
    ignored=_SCS_IGNORED,
    optional=paths("priceDetails vin upholsteryType used.numPreviousOwners brand.description intColor upholsteryColor"),
    columns={
        "listing_id": text("carId"),
        "vin": vin("vin"),
        "stock_number": text("commissionNumber"),
        "condition": Coded(pl.when(_IS_CERTIFIED).then(pl.lit("U:plus")).otherwise("type"), _CONDITIONS, said="type"),
        "brand": pl.coalesce(text("brand.description"), text("brand.code").replace(_BRANDS), pl.lit("Audi")),
        "model": _described("model"),
        "model_code": text("modelCode.code"),
        "trim": _described("trimline"),
        "model_year": at("modelYear"),
        "body_type": Coded("bodyType.code", _BODIES, said=_described("bodyType")),
        "fuel_type": Coded("fuel.code", _FUELS, said=_described("fuel")),
        # `gear-type.null` is how SCS says that it does not know
        "transmission": Coded("gearType.code", _GEARS, said=_described("gearType"), unknown=["gear-type.null"]),
        "drive_type": Coded("driveType.code", _DRIVES, said=_described("driveType")),
        "power_kw": number_before("powerDisplay", "kW").round(),
        "exterior_color": _described("extColor"),
        "interior_color": either("intColor.description", "upholsteryColor.description", "upholsteryType.description"),
        "mileage_km": kilometres("used.mileage", "used.mileageUnit"),
        "first_registration_on": pl.coalesce(
            date_of_text("used.initialRegistration"), date_of_epoch_ms("used.initialRegistrationDate")
        ),
        "previous_owners": at("used.numPreviousOwners"),
        # of a new car the price stands apart
        "price_amount": money(first_amount(_amount("retail"), _CUSTOMER_PRICE)),
        # older answers leave the code out
        "price_currency": currency(_price("retail", "currencyCode")),
        "price_kind": pl.lit("asking_gross"),
        "list_price_amount": money(_amount("regular")),
        "vat_is_reclaimable": at("vatReclaimable"),
        "dealer_id": text("dealer.id"),
        "dealer_name": text("dealer.name"),
        "dealer_city": text("dealer.city"),
        "offered_at": time_of_epoch_ms("dateOffer"),
        "url": text("weblink"),
        "image_url": text(at("pictures").list.first().struct.field("url")),
    },
    parsed={
        "power_kw": "powerDisplay",
        "mileage_km": "used.mileage",
        "first_registration_on": pl.coalesce(
            text("used.initialRegistration"), at("used.initialRegistrationDate").cast(pl.String)
        ),
        "price_amount": pl.coalesce(_price("retail", "amount"), _CUSTOMER_PRICE),
        "offered_at": "dateOffer",
    },
)

_PSS_SERVICES = {"usedcars": "used_cars"}

PSS_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        dealerId name street houseNumber zipCode city region country phone url services[]
        openingHours.departments[].departmentName openingHours.departments[].openingHours[].id
        openingHours.departments[].openingHours[].timeRanges[].openTime
        openingHours.departments[].openingHours[].timeRanges[].closeTime
        """,
        number="latitude longitude",
        flag="openingHours.departments[].openingHours[].open",
    ),
    # asked for by older queries: an address of a person, as often as not
    ignored=paths("email fax"),
    optional=paths("region houseNumber services openingHours openingHours.departments"),
    # the service serves its operators' own tests beside the dealers
    exclusions={
        "test_dealer": (text("street").str.to_lowercase() == "test")
        | text("url").str.contains(r"^(?i)(https?://)?(www\.)?test\.com/?$")
    },
    columns={
        "dealer_id": text("dealerId"),
        "name": text("name"),
        "street": text(pl.concat_str(text("street"), text("houseNumber"), separator=" ", ignore_nulls=True)),
        "postal_code": text("zipCode"),
        "city": text("city"),
        "region": text("region"),
        "country_code": country("country"),
        "latitude": at("latitude"),
        "longitude": at("longitude"),
        "phone": text("phone"),
        "website": web_address("url"),
        "services": sorted_codes("services", _PSS_SERVICES),
        # PSS writes a time as HH:MM:SS, as HH:MM or as HHMM (All The Places, locations/spiders/audi.py)
        "opening_hours": opening_hours(pl.col("openingHours"), normalised),
    },
)
