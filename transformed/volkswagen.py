"""Volkswagen Germany: cars from GSL (Group Stock Locator), dealers from DCC. Built from a trimmed capture."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    kilometres,
    market_currency,
    money,
    number_before,
    text,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

# Y are young used cars (`Junge Gebrauchtwagen`); U is the code of the older ones in the site's filter
_CONDITIONS = {"N": "new", "Y": "used", "U": "used"}
_PAGE = "https://www.volkswagen.de/de/modelle/verfuegbare-fahrzeuge-suche.html/__app/search/car/"

GSL_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="carid key title subtitle.value initialreg cartype.code cartype.value powerLabel dealer.city.value",
        number="mileage.raw_value parsedPrice.value",
    ),
    ignored=paths("subtitle.key mileage.key mileage.value dealer.city.key"),
    columns={
        "listing_id": text("carid"),
        "condition": Coded("cartype.code", _CONDITIONS, said="cartype.value"),
        "brand": pl.lit("Volkswagen"),
        "model": text(text("title").str.strip_prefix("Volkswagen ")),
        "trim": text("subtitle.value"),
        "power_kw": number_before("powerLabel", "kW").round(),
        "mileage_km": kilometres("mileage.raw_value", "km"),
        "first_registration_on": date_of_text("initialreg"),
        "price_amount": money("parsedPrice.value"),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_gross"),
        # the country, five digits of the dealer, the dealer's own number of the car: the capture's two cars of one
        # dealer agree, as do all of a related feed of the same group
        "dealer_id": text("carid").str.extract(r"^[A-Z]{3}(\d{5})"),
        "dealer_city": text("dealer.city.value"),
        "url": pl.lit(_PAGE) + text("key") + pl.lit(".app"),
    },
    parsed={"power_kw": "powerLabel", "first_registration_on": "initialreg"},
)

DCC_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        id name address.street address.city address.province address.postalCode contact.phoneNumber contact.website
        """,
        number="coordinates[]",
    ),
    # an e-mail and a person's name are never read
    ignored=paths("contact.email contact.person features address.countryCode"),
    optional=paths("address.province"),
    columns={
        "dealer_id": text("id"),
        "name": text("name"),
        "street": text("address.street"),
        "postal_code": text("address.postalCode"),
        "city": text("address.city"),
        "region": text("address.province"),
        "country_code": pl.col("market").str.to_uppercase(),
        "latitude": at("coordinates").list.get(0, null_on_oob=True),
        "longitude": at("coordinates").list.get(1, null_on_oob=True),
        "phone": text("contact.phoneNumber"),
        "website": web_address("contact.website"),
    },
)
