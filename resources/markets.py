"""The markets of the platform: one row a country with its language, currency and unit of distance.

A maker's module names a market by its code and adds only what the maker's own API calls it; every tier that needs a
market's currency or unit reads it here, so that a new market is one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Market:
    """code: ISO 3166 alpha-2, lower case, as in `oem`/`market` of every table. language: ISO 639-1, the one that is
    asked for. currency: ISO 4217. distance_unit: in which a car's mileage is quoted there."""

    code: str
    language: str
    currency: str
    distance_unit: Literal["km", "mi"] = "km"


MARKETS: dict[str, Market] = {
    market.code: market
    for market in (
        Market("at", "de", "EUR"),
        Market("au", "en", "AUD"),
        Market("be", "nl", "EUR"),
        Market("ca", "en", "CAD"),
        Market("ch", "de", "CHF"),
        Market("de", "de", "EUR"),
        Market("dk", "da", "DKK"),
        Market("es", "es", "EUR"),
        Market("fi", "fi", "EUR"),
        Market("fr", "fr", "EUR"),
        Market("gb", "en", "GBP", "mi"),
        Market("ie", "en", "EUR"),
        Market("it", "it", "EUR"),
        Market("jp", "ja", "JPY"),
        Market("kr", "ko", "KRW"),
        Market("nl", "nl", "EUR"),
        Market("no", "no", "NOK"),
        Market("pl", "pl", "PLN"),
        Market("pt", "pt", "EUR"),
        Market("se", "sv", "SEK"),
        Market("us", "en", "USD", "mi"),
    )
}


def market(code: str) -> Market:
    """The market of a code. Raises KeyError for one that has no row above."""
    return MARKETS[code]
