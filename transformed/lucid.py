"""Lucid USA: one feed of new, used and demonstration cars, whose prices stand in different places."""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import at, either, kilometres, market_currency, money, positive, text, vin
from transformed.mapping.fields import fields

_TITLES = {"New": "new", "Used": "used", "Used:certified": "certified", "New - Demonstrator": "demonstrator"}
_BODIES = {"Air": "saloon", "Gravity": "suv"}
_DRIVES = {"All-Wheel Drive": "all", "Rear-Wheel Drive": "rear"}
# the weeks are those until the handover: such a car stands at a studio or a hub, unless it is said to be in transit
_AVAILABILITIES = {
    "AVAILABLE NOW": "in_stock", "AVAILABLE IN 2 WEEKS": "in_stock", "AVAILABLE IN 4 WEEKS": "in_stock",
    "in transit": "in_transit",
}  # fmt: skip

_LINE = text("model.technicalName").str.split(" ").list.first()
_IS_CERTIFIED = (text("titleStatus") == "Used") & pl.any_horizontal("isCPO", at("listing.isCPO")).fill_null(False)
# of a used or demonstration car `price` is what it cost when it was new
_IS_NEW = (text("titleStatus") == "New").fill_null(True)
_IN_TRANSIT = at("inTransit").fill_null(False)

STORE_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        VIN uuid shortCode titleStatus availability imageURL model.technicalName modelVariant.technicalName
        motorDrive.technicalName color.technicalName interior.technicalName address.city listing.images[].url
        """,
        number="price.value price.afterDiscountPrice listing.currentSalePrice listing.odometer",
        whole="modelYear",
        flag="isCPO inTransit listing.isCPO",
    ),
    ignored=paths(
        """
        wheels roof look seating packages driverAssistance soundSystem atStudio atHub category salesStatus locationName
        greaterArea address.state address.zipcode listing.images.category
        """
    ),
    optional=paths("listing uuid shortCode isCPO modelVariant motorDrive address.city price.value"),
    columns={
        "listing_id": text("VIN"),
        "vin": vin("VIN"),
        "condition": Coded(
            pl.when(_IS_CERTIFIED).then(pl.lit("Used:certified")).otherwise(text("titleStatus")),
            _TITLES,
            said="titleStatus",
        ),
        "brand": pl.lit("Lucid"),
        "model": _LINE,
        "trim": either("modelVariant.technicalName", text("model.technicalName").str.strip_prefix(_LINE)),
        "model_year": at("modelYear"),
        "body_type": Coded(_LINE, _BODIES),
        "fuel_type": pl.lit("electric"),
        "drive_type": Coded("motorDrive.technicalName", _DRIVES),
        "exterior_color": text("color.technicalName"),
        "interior_color": text("interior.technicalName"),
        "mileage_km": kilometres("listing.odometer", "mi"),
        "price_amount": money(
            positive(pl.when(_IS_NEW).then(at("price.afterDiscountPrice")).otherwise(at("listing.currentSalePrice")))
        ),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_net"),
        "list_price_amount": money(positive("price.value")),
        "availability": Coded(
            pl.when(_IN_TRANSIT).then(pl.lit("in transit")).otherwise(text("availability")),
            _AVAILABILITIES,
            said="availability",
        ),
        "dealer_city": text("address.city"),
        "url": pl.format("https://lucidmotors.com/inventory-vehicle?UUID={}&shortCode={}", "uuid", "shortCode"),
        "image_url": either(at("listing.images").list.first().struct.field("url"), "imageURL"),
    },
)
