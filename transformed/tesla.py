"""Tesla: new and used vehicles. The fields follow a captured answer of France, 2023, of new vehicles."""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    currency,
    first_amount,
    first_where,
    kilometres,
    money,
    number_before,
    positive,
    price_kind,
    text,
    vin,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_MODELS = {"m3": "Model 3", "my": "Model Y", "ms": "Model S", "mx": "Model X", "ct": "Cybertruck"}
_BODIES = {"m3": "saloon", "ms": "saloon", "my": "suv", "mx": "suv", "ct": "pickup"}
# a vehicle that is not built yet: `XP7Y222_` and a hash
_IS_PLACEHOLDER = text("VIN").str.contains("_", literal=True)
_CONDITION = pl.when(at("IsDemo")).then(pl.lit("DEMO")).otherwise(text("TitleStatus"))
_TRIM = text(at("TRIM").list.first())
_DRIVE = _TRIM.str.extract("(RWD|AWD)")  # other codes of trims do not say which wheels are driven
_RANGE = text(first_where("OptionCodeSpecs.C_SPECS.options", "name", code="SPECS_RANGE"))
# `IsInTransit` was false of every captured vehicle, those that are not at their location included
_IN_TRANSIT = pl.when(at("InTransit")).then(pl.lit("in_transit")).otherwise(pl.lit("in_stock"))
# `InventoryPrice`, `Price` and `TotalPrice` are less by a state's subsidy, `PurchasePrice` is what Tesla asks
_PRICE = first_amount("PurchasePrice", "InventoryPrice")

INVENTORY_RESULTS = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        VIN Model TrimName TRIM[] PAINT[] INTERIOR[] TitleStatus OdometerType CurrencyCode FirstRegistrationDate VrlName
        City OptionCodeSpecs.C_SPECS.options[].code OptionCodeSpecs.C_SPECS.options[].name
        """,
        number="InventoryPrice PurchasePrice Discount Odometer",
        whole="Year",
        flag="IsDemo InTransit",
    ),
    ignored=paths(
        """
        ADL_OPTS AUTOPILOT AlternateCurrency BATTERY CABIN_CONFIG CPORefurbishmentStatus CompositorViews
        CompositorViewsCustom CountryCode CountryHasVehicleAtLocation CountryOfOrigin CurrencyCodes DECOR
        DRIVE DamageDisclosureStatus DeliveryDateDisplay DestinationHandlingFee DisplayWarranty
        FactoryCode FixedAssets FlexibleOptionsData HEADLINER HasDamagePhotos HasMarketingOptions Hash
        IsInTransit IncentivesDetails InspectionDocumentGuid IsAtLocation IsChargingConnectorIncluded
        IsFactoryGated IsFederalCreditEligible IsLegacy IsPreProdWithDisclaimer IsRangeStandard IsTegra
        Language Languages LexiconDefaultOptions ListingType ListingTypes OdometerTypeShort OptionCodeData
        OptionCodeList OptionCodeListDisplayOnly OptionCodePricing OrderFee OriginalInCustomerGarageDate
        Price TotalPrice ROOF RegistrationCount STEERING_WHEEL TaxScheme ThirdPartyHistoryUrl
        TitleSubtype TradeInType TransportFees TransportationFee TrimCode Trt UsedVehicleLimitedWarrantyMile
        UsedVehicleLimitedWarrantyYear VehicleHistory WHEELS WarrantyBatteryExpDate WarrantyBatteryIsExpired
        WarrantyBatteryMile WarrantyBatteryYear WarrantyData WarrantyDriveUnitExpDate WarrantyDriveUnitMile
        WarrantyDriveUnitYear WarrantyMile WarrantyVehicleExpDate WarrantyVehicleIsExpired WarrantyYear
        geoPoints vrlList
        OptionCodeSpecs.**
        """
    ),
    optional=paths("FirstRegistrationDate OptionCodeSpecs Discount PurchasePrice"),
    columns={
        "listing_id": text("VIN"),
        "vin": vin(pl.when(~_IS_PLACEHOLDER).then(text("VIN"))),
        "vin_is_temporary": _IS_PLACEHOLDER,
        "condition": Coded(_CONDITION, {"NEW": "new", "USED": "used", "DEMO": "demonstrator"}, said="TitleStatus"),
        "brand": pl.lit("Tesla"),
        "model": text("Model").replace_strict(_MODELS, default=text("Model")),
        "model_code": text("Model"),
        "trim": text("TrimName"),
        "model_year": at("Year"),
        "body_type": Coded("Model", _BODIES),
        "fuel_type": Coded(pl.lit("electric"), {"electric": "electric"}),
        "drive_type": Coded(_DRIVE, {"RWD": "rear", "AWD": "all"}, said=_TRIM),
        "electric_range_km": kilometres(
            pl.coalesce(number_before(_RANGE, "km"), number_before(_RANGE, "mi")),
            pl.when(_RANGE.str.contains("km")).then(pl.lit("km")).otherwise(pl.lit("mi")),
        ),
        "exterior_color": text(at("PAINT").list.first()),
        "interior_color": text(at("INTERIOR").list.first()),
        "mileage_km": kilometres("Odometer", "OdometerType"),
        "first_registration_on": date_of_text("FirstRegistrationDate"),
        "price_amount": money(_PRICE),
        "price_currency": currency("CurrencyCode"),
        "price_kind": price_kind(),
        "list_price_amount": money(positive(_PRICE) + at("Discount").fill_null(0)),
        "availability": Coded(_IN_TRANSIT, {"in_transit": "in_transit", "in_stock": "in_stock"}),
        "dealer_name": text("VrlName"),
        "dealer_city": text("City"),
    },
)
