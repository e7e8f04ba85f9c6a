"""The markets of Audi's Stock Car Search: what SCS calls them, and how its prices are made up.

Language, currency and unit of distance are the market's own and stand in `resources/markets.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from resources import markets


@dataclass(frozen=True, slots=True)
class Market:
    """One market as SCS names it.

    code: in SCS's path and records; country: its code in `resources/markets.py`; iso3: the country in SCS's and PSS's
    dealer ids. weight: the market's share of all cars; per_eur, rounded_to: from euros to asking prices; money: the
    format of an amount.
    """

    code: str
    country: str
    iso3: str
    used: bool
    weight: float
    per_eur: float
    rounded_to: int
    money: str

    @property
    def iso2(self) -> str:
        return self.country.upper()

    @property
    def language(self) -> str:
        return markets.market(self.country).language

    @property
    def currency(self) -> str:
        return markets.market(self.country).currency

    @property
    def mileage_unit(self) -> str:
        return markets.market(self.country).distance_unit


MARKETS = {
    market.code: market
    for market in (
        Market("esuc", "es", "ESP", True, 26, 1.0, 10, "{:,.2f} €"),
        Market("ukuc", "gb", "GBR", True, 32, 0.86, 5, "£{:,.0f}"),
        Market("kruc", "kr", "KOR", True, 4, 1480, 100_000, "₩{:,.0f}"),
        Market("pluc", "pl", "POL", True, 12, 4.3, 100, "{:,.2f} zł"),
        Market("auuc", "au", "AUS", True, 6, 1.75, 10, "${:,.0f}"),
        Market("es", "es", "ESP", False, 10, 1.0, 10, "{:,.2f} €"),
        Market("kr", "kr", "KOR", False, 3, 1480, 100_000, "₩{:,.0f}"),
        Market("pl", "pl", "POL", False, 7, 4.3, 100, "{:,.2f} zł"),
    )
}


def money_text(market: Market, amount: int) -> str:
    text = market.money.format(amount)
    if market.language in ("es", "pl"):
        text = text.replace(",", "_").replace(".", ",").replace("_", "." if market.language == "es" else " ")
    return text
