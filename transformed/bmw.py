"""BMW: used vehicles of Germany and Spain, by captures of Germany; the rest by field lists of public connectors."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    at_key,
    currency,
    either,
    first_amount,
    market_currency,
    money,
    positive,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_SPECIFICATION = "vehicle.vehicleSpecification.modelAndOption"
_TECHNICAL = "vehicle.vehicleSpecification.technicalAndEmission.technicalData"
_EMISSION = "vehicle.vehicleSpecification.technicalAndEmission.emissionData"
_RETAIL = "vehicle.ordering.retailData"

_FUELS = {
    "PHEV": "plug_in_hybrid", "BEV": "electric", "MHEV": "mild_hybrid", "DIESEL": "diesel", "GASOLINE": "petrol",
    "PETROL": "petrol", "ELECTRIC": "electric",
}  # fmt: skip
_BODIES = {
    "TOURING": "estate", "SEDAN": "saloon", "LIMOUSINE": "saloon", "SAV": "suv", "SAC": "suv", "COUPE": "coupe",
    "CONVERTIBLE": "convertible", "ROADSTER": "roadster", "GRAN_COUPE": "saloon", "HATCHBACK": "hatchback",
}  # fmt: skip
_CONDITIONS = {"NEW": "new", "USED": "used", "DEALER_YOUNG_USED": "used", "DEMONSTRATOR": "demonstrator"}
_AVAILABILITIES = {"AVAILABLE": "in_stock", "RESERVED": "reserved", "SOLD": "sold"}
# the degree of electrification says more than the fuel, where there is one
_FUEL = pl.coalesce(text(f"{_TECHNICAL}.degreeOfElectrificationBasedFuelType"), text(f"{_SPECIFICATION}.baseFuelType"))
_OFFER = at_key("vehicle.offering.offerPrices", f"{_RETAIL}.buNo", "offerGrossPrice")
_FIRST_OFFER = at("vehicle.offering.offerPrices").list.first().struct.field("offerGrossPrice")

STOLO_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text=f"""
        vehicle.documentId vehicle.ordering.productionData.vin17 vehicle.ordering.orderData.usageState
        vehicle.salesProcess.type vehicle.vehicleLifeCycle.stockNumber {_RETAIL}.buNo {_RETAIL}.initialRegistrationDate
        vehicle.price.listPriceCurrency {_SPECIFICATION}.brand {_SPECIFICATION}.bodyType {_SPECIFICATION}.baseFuelType
        {_SPECIFICATION}.driveType {_SPECIFICATION}.transmission {_SPECIFICATION}.marketingModelRange
        {_SPECIFICATION}.model.modelName {_SPECIFICATION}.model.derivative {_SPECIFICATION}.model.agModelCode
        {_SPECIFICATION}.upholsteryType {_SPECIFICATION}.paintType {_TECHNICAL}.degreeOfElectrificationBasedFuelType
        """,
        number=f"""
        vehicle.offering.offerPrices{{}}.offerGrossPrice vehicle.price.grossListPrice
        vehicle.vehicleLifeCycle.mileage.km {_TECHNICAL}.powerBasedOnDegreeOfElectrification.kW
        {_EMISSION}.wltpAllElectricRange.km.combined {_EMISSION}.wltpCo2.g/km.combined
        """,
        whole=f"vehicle.vehicleLifeCycle.numberOfPreviousOwners {_TECHNICAL}.doorCount {_TECHNICAL}.seatCount",
        flag="vehicle.vehicleLifeCycle.taxDeductible",
    ),
    # six hundred paths, of which options, images and prices have data for keys
    ignored=paths(
        """
        score country vehicle.country vehicle.vssId vehicle.orderingUuid vehicle.internal vehicle.media vehicle.pricing
        vehicle.offering.** vehicle.ordering.** vehicle.price.** vehicle.salesProcess.** vehicle.vehicleLifeCycle.**
        vehicle.vehicleSpecification.**
        """
    ),
    optional=paths(f"vehicle.vehicleLifeCycle.numberOfPreviousOwners {_EMISSION}.wltpAllElectricRange"),
    columns={
        "listing_id": text("vehicle.documentId"),
        "vin": vin("vehicle.ordering.productionData.vin17"),
        "stock_number": text("vehicle.vehicleLifeCycle.stockNumber"),
        "condition": Coded("vehicle.ordering.orderData.usageState", _CONDITIONS),
        "brand": text(f"{_SPECIFICATION}.brand"),
        "model": pl.coalesce(text(f"{_SPECIFICATION}.model.modelName"), text(f"{_SPECIFICATION}.model.derivative")),
        "model_code": text(f"{_SPECIFICATION}.model.agModelCode"),
        "body_type": Coded(f"{_SPECIFICATION}.bodyType", _BODIES),
        "fuel_type": Coded(_FUEL, _FUELS),
        "transmission": Coded(f"{_SPECIFICATION}.transmission", {"AUTOMATIC": "automatic", "MANUAL": "manual"}),
        "drive_type": Coded(
            f"{_SPECIFICATION}.driveType",
            {"ALL_WHEEL": "all", "REAR_WHEEL": "rear", "FRONT_WHEEL": "front", "REAR": "rear", "FRONT": "front"},
        ),
        "power_kw": at(f"{_TECHNICAL}.powerBasedOnDegreeOfElectrification.kW").round(),
        "electric_range_km": at(f"{_EMISSION}.wltpAllElectricRange.km.combined").round(),
        "co2_g_per_km": at(f"{_EMISSION}.wltpCo2.g/km.combined").round(),
        "doors": at(f"{_TECHNICAL}.doorCount"),
        "seats": at(f"{_TECHNICAL}.seatCount"),
        "mileage_km": at("vehicle.vehicleLifeCycle.mileage.km").round(),
        "first_registration_on": date_of_text(f"{_RETAIL}.initialRegistrationDate"),
        "previous_owners": at("vehicle.vehicleLifeCycle.numberOfPreviousOwners"),
        "price_amount": money(first_amount(_OFFER, _FIRST_OFFER)),
        "price_currency": currency("vehicle.price.listPriceCurrency"),
        "price_kind": pl.lit("asking_gross"),
        "list_price_amount": money("vehicle.price.grossListPrice"),
        "vat_is_reclaimable": at("vehicle.vehicleLifeCycle.taxDeductible"),
        "availability": Coded("vehicle.salesProcess.type", _AVAILABILITIES),
        "dealer_id": text(f"{_RETAIL}.buNo"),
    },
)

STOLO_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(text="key name city postalCode street country attributes.distributionPartnerId", number="lat lng"),
    ignored=paths("attributes.** category"),
    columns={
        "dealer_id": text("key"),
        "name": text("name"),
        "street": text("street"),
        "postal_code": text("postalCode"),
        "city": text("city"),
        "country_code": country("country"),
        "latitude": pl.col("lat"),
        "longitude": pl.col("lng"),
    },
)

# E and X are on record of clients that look for vehicles with a plug; G says itself what it is
_US_FUELS = {"E": "electric", "X": "plug_in_hybrid", "G": "petrol"}
_US_BODIES = {
    "sedan": "saloon", "gran coupe": "saloon", "coupe": "coupe", "convertible": "convertible", "roadster": "roadster",
    "sports activity vehicle": "suv", "sports activity coupe": "suv", "wagon": "estate", "touring": "estate",
}  # fmt: skip
_US_DRIVES = {"awd": "all", "xdrive": "all", "all-wheel drive": "all", "rwd": "rear", "rear-wheel drive": "rear",
              "fwd": "front", "front-wheel drive": "front"}  # fmt: skip
_STATUS = pl.when(at("sold")).then(pl.lit("sold")).otherwise(text("orderStatus"))

US_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        vin code name fuelType dealerId orderStatus dealerEstArrivalDate qualifiedModelCode exteriorGenericColor
        interiorGenericColor bodyStyle.name engineDriveType.name vehicleDetailsPage initialCOSYURL
        """,
        number="totalMsrp",
        whole="modelYear",
        flag="used sold",
    ),
    optional=paths("dealerEstArrivalDate"),
    columns={
        "listing_id": either("vin", "code"),
        "vin": vin("vin"),
        "condition": pl.when(at("used")).then(pl.lit("used")).otherwise(pl.lit("new")),
        "brand": pl.lit("BMW"),
        "model": text("name"),
        "model_code": text("qualifiedModelCode"),
        "model_year": at("modelYear"),
        "body_type": Coded(text("bodyStyle.name").str.to_lowercase(), _US_BODIES, said="bodyStyle.name"),
        "fuel_type": Coded("fuelType", _US_FUELS),
        "drive_type": Coded(text("engineDriveType.name").str.to_lowercase(), _US_DRIVES, said="engineDriveType.name"),
        "exterior_color": text("exteriorGenericColor"),
        "interior_color": text("interiorGenericColor"),
        "price_amount": money(positive("totalMsrp")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("list"),
        "list_price_amount": money(positive("totalMsrp")),
        # 2 to 5 are vehicles on their way or not built yet; which is which no source says
        "availability": Coded(
            _STATUS, {"0": "in_stock", "1": "in_stock", "sold": "sold"}, unknown=["2", "3", "4", "5"]
        ),
        "expected_on": date_of_text("dealerEstArrivalDate"),
        "dealer_id": text("dealerId"),
        "url": web_address("vehicleDetailsPage"),
        "image_url": web_address("initialCOSYURL"),
    },
    parsed={"expected_on": "dealerEstArrivalDate"},
)


def _sales(field: str) -> pl.Expr:
    return at("newVehicleSales").list.first().struct.field(field)


_LINES = [text(_sales("address").struct.field(line)) for line in ("lineOne", "lineTwo")]
US_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        centerID newVehicleSales[].dealerName newVehicleSales[].dealerURL newVehicleSales[].phoneNumber
        newVehicleSales[].address.lineOne newVehicleSales[].address.lineTwo newVehicleSales[].address.city
        newVehicleSales[].address.state newVehicleSales[].address.zipcode
        """
    ),
    columns={
        "dealer_id": text("centerID"),
        "name": text(_sales("dealerName")),
        "street": text(pl.concat_str(*_LINES, separator=", ", ignore_nulls=True)),
        "postal_code": text(_sales("address").struct.field("zipcode")),
        "city": text(_sales("address").struct.field("city")),
        "region": text(_sales("address").struct.field("state")),
        "country_code": pl.lit("US"),
        "phone": text(_sales("phoneNumber")),
        "website": web_address(_sales("dealerURL")),
    },
)
