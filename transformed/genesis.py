"""Genesis: new vehicles of the United States and the dealers that hold them, by four edited records of 2023."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    KILOWATTS_PER_HORSEPOWER,
    at,
    kilometres,
    market_currency,
    money,
    number_of_text,
    positive,
    text,
    vin,
    web_address,
    whole_of_text,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_IGNORED = """
    images featureHighlights detailedInteriorFeatures detailedExteriorFeatures detailedMechanicFeatures
    detailedSafetyFeatures AllImage ExtColorSwatch IntColorSwatch distance Cylinders Displacement CityMPGRating
    EPAEstAvgMPGRating HighwayMPGRating Freight FormattedPrice totalExtColorPrice totalIntColorPrice totalPackagePrice
    TotalAccessoryPrice YearModel TrimDriveTrain DrivetrainDesc DlrRegion Mileage ExtColor ExtColorCd IntColorCd Package
"""
# an engine is told by its size, an electric one by its name
_ENGINE = (
    pl.when(text("EngineDesc").str.contains("(?i)electric|ev")).then(pl.lit("electric")).otherwise(pl.lit("petrol"))
)
_HORSEPOWER = number_of_text("HorsePower")

US_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        VIN StockNumber DealerCd DlrName Model ModelTitle SAPModelCd TrimDesc Drivetrain EngineDesc Trans HorsePower
        ExtColorDesc IntColor SortablePrice Seating PlannedDeliveryDate MainImage.URL
        """,
        whole="ModelYear SortableMileage msrp",
    ),
    ignored=paths(_IGNORED) | paths("dealerDetails DlrZipCode"),
    # a vehicle at its dealer is not awaited
    optional=paths("PlannedDeliveryDate"),
    columns={
        "listing_id": text("VIN"),
        "vin": vin("VIN"),
        "stock_number": text("StockNumber"),
        "condition": pl.lit("new"),
        "brand": pl.lit("Genesis"),
        "model": text("Model"),
        "model_code": text("SAPModelCd"),
        "trim": text("TrimDesc"),
        "model_year": at("ModelYear"),
        "fuel_type": Coded(_ENGINE, {"electric": "electric", "petrol": "petrol"}, said="EngineDesc"),
        "transmission": Coded("Trans", {"AUTO": "automatic"}),
        "drive_type": Coded("Drivetrain", {"AWD": "all", "RWD": "rear"}),
        "power_kw": (_HORSEPOWER * KILOWATTS_PER_HORSEPOWER).round(),
        "seats": whole_of_text("Seating"),
        "exterior_color": text("ExtColorDesc"),
        "interior_color": text("IntColor"),
        "mileage_km": kilometres("SortableMileage", "mi"),
        "price_amount": money(number_of_text("SortablePrice")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_net"),
        "list_price_amount": money(positive("msrp")),
        "expected_on": date_of_text("PlannedDeliveryDate"),
        "dealer_id": text("DealerCd"),
        "dealer_name": text("DlrName"),
        "image_url": text("MainImage.URL"),
    },
    parsed={"price_amount": "SortablePrice", "power_kw": "HorsePower"},
)

# "977 Communipaw Ave, Jersey City, NJ 07304, United States"
_ADDRESS = text("dealerDetails.address").str.split(", ")

US_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="DealerCd DlrName DlrZipCode dealerDetails.phone dealerDetails.website dealerDetails.address",
        number="dealerDetails.map.latitude dealerDetails.map.longitude",
    ),
    ignored=paths(_IGNORED)
    | paths(
        """
        VIN StockNumber Model ModelTitle SAPModelCd TrimDesc Drivetrain EngineDesc Trans HorsePower ExtColorDesc
        IntColor SortablePrice Seating PlannedDeliveryDate MainImage ModelYear SortableMileage msrp
        dealerDetails.name
        """
    ),
    columns={
        "dealer_id": text("DealerCd"),
        "name": text("DlrName"),
        "street": text(_ADDRESS.list.get(0, null_on_oob=True)),
        "postal_code": text("DlrZipCode"),
        "city": text(_ADDRESS.list.get(1, null_on_oob=True)),
        "region": text(_ADDRESS.list.get(2, null_on_oob=True).str.extract(r"^([A-Z]{2}) ")),
        "country_code": pl.lit("US"),
        "latitude": at("dealerDetails.map.latitude"),
        "longitude": at("dealerDetails.map.longitude"),
        "phone": text("dealerDetails.phone"),
        "website": web_address("dealerDetails.website"),
    },
)
