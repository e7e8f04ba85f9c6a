"""The records of `locateVehiclesByZip`, which Toyota and Lexus share in the United States.

`vehicleSummary` as it was captured in 2023. Not used: `distance`, which depends on where is asked from, and
`holdStatus`, which names no buyer.
"""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import at, market_currency, money, positive, text, vin
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_BRANDS = {"TOYOTA": "Toyota", "LEXUS": "Lexus"}
# what the names of engines say of their fuel; `2.0L 4-Cyl.` says nothing, so such a fuel is not known
_FUELS = {"plug-in hybrid": "plug_in_hybrid", "hybrid": "hybrid", "electric": "electric", "fuel cell": "hydrogen"}
# of 4x2 there are trucks and what is built on their frames, all of them driven at the rear
_DRIVES = {
    "FWD": "front", "RWD": "rear", "4x2": "rear", "AWD": "all", "4WD": "all", "4x4": "all", "4x4FT": "all", "PT4": "all"
}  # fmt: skip
# A: between factory and port, F: between port and dealer, G: at the dealer; a buyer waits for one that is sold before
_STATES = {"A": "in_transit", "F": "in_transit", "G": "in_stock", "presold": "reserved"}

_TRANSMISSION = text("transmission.transmissionType")
_GEARS = (
    pl.when(_TRANSMISSION.str.contains(r"(?i)\dMT\b|manual")).then(pl.lit("manual"))
    .when(_TRANSMISSION.str.contains(r"(?i)ECT|CVT|automatic|single-speed")).then(pl.lit("automatic"))
    .otherwise(_TRANSMISSION)
)  # fmt: skip
# the advertised price; the second one is that of dealers outside the maker's own sales system
_ASKED = pl.coalesce(
    positive("price.advertizedPrice"), positive("price.nonSpAdvertizedPrice"), positive("price.sellingPrice")
)
_LIST = positive("price.totalMsrp")


def _color(name: str) -> pl.Expr:
    """A colour without the mark of a footnote behind it: `Heavy Metal [extra_cost_color]`."""
    return text(at(name).str.replace(r"\s*\[.*", ""))


VEHICLES = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        vin stockNum brand marketingSeries dealerCd dealerCategory dealerMarketingName model.modelCd model.marketingName
        extColor.marketingName intColor.marketingName eta.currFromDate eta.currToDate engine.name drivetrain.code
        transmission.transmissionType media[].href
        """,
        number="price.advertizedPrice price.nonSpAdvertizedPrice price.sellingPrice price.totalMsrp",
        whole="year",
        flag="isTempVin isPreSold",
    ),
    ignored=paths(
        "distributorCd holdStatus weightRating dealerWebsite isSmartPath distance isUnlockPriceDealer options"
    )
    | paths("family cab bed mpg model.marketingTitle engine.engineCd drivetrain.title drivetrain.bulletlist")
    | paths("dph dioTotalMsrp dioTotalDealerSellingPrice dealerCashApplied baseMsrp", under="price")
    | paths("*Color.colorCd *Color.colorSwatch *Color.colorHexCd *Color.nvsName media.*"),
    # a day without a vehicle on its way has no eta
    optional=paths("eta price.advertizedPrice price.nonSpAdvertizedPrice price.sellingPrice stockNum media"),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "vin_is_temporary": at("isTempVin").fill_null(False),
        "stock_number": text("stockNum"),
        "condition": pl.lit("new"),
        "brand": text("brand").replace(_BRANDS),
        "model": text("marketingSeries"),
        "model_code": text("model.modelCd"),
        "trim": text("model.marketingName"),
        "model_year": at("year"),
        "fuel_type": Coded(
            text("engine.name").str.to_lowercase().str.extract(r"(plug-in hybrid|hybrid|electric|fuel cell)"),
            _FUELS,
            said="engine.name",
        ),
        "transmission": Coded(_GEARS, {"manual": "manual", "automatic": "automatic"}, said=_TRANSMISSION),
        "drive_type": Coded("drivetrain.code", _DRIVES),
        "exterior_color": _color("extColor.marketingName"),
        "interior_color": _color("intColor.marketingName"),
        "price_amount": money(pl.coalesce(_ASKED, _LIST)),
        "price_currency": market_currency(),
        "price_kind": pl.when(_ASKED.is_not_null()).then(pl.lit("asking_net")).when(_LIST > 0).then(pl.lit("list")),
        "list_price_amount": money(_LIST),
        "availability": Coded(
            pl.when(at("isPreSold").fill_null(False)).then(pl.lit("presold")).otherwise(text("dealerCategory")), _STATES
        ),
        # the later of the two dates: by then it is there
        "expected_on": pl.coalesce(date_of_text("eta.currToDate"), date_of_text("eta.currFromDate")),
        "dealer_id": text("dealerCd"),
        "dealer_name": text("dealerMarketingName"),
        "image_url": text(at("media").list.first().struct.field("href")),
    },
    parsed={"expected_on": pl.coalesce(text("eta.currToDate"), text("eta.currFromDate"))},
)
