"""The markets that Audi's Stock Car Search is played for: codes, money, units. A new market is a line here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Market:
    """An SCS market. weight: its share of all cars; per_eur, rounded_to: from euros to asking prices; money: how
    amounts are written."""

    code: str
    language: str
    iso3: str
    iso2: str
    used: bool
    weight: float
    currency: str
    per_eur: float
    rounded_to: int
    money: str
    mileage_unit: str = "km"


MARKETS = {
    market.code: market
    for market in (
        Market("esuc", "es", "ESP", "ES", True, 26, "EUR", 1.0, 10, "{:,.2f} €"),
        Market("ukuc", "en", "GBR", "GB", True, 32, "GBP", 0.86, 5, "£{:,.0f}", "mi"),
        Market("kruc", "ko", "KOR", "KR", True, 4, "KRW", 1480, 100_000, "₩{:,.0f}"),
        Market("pluc", "pl", "POL", "PL", True, 12, "PLN", 4.3, 100, "{:,.2f} zł"),
        Market("auuc", "en", "AUS", "AU", True, 6, "AUD", 1.75, 10, "${:,.0f}"),
        Market("es", "es", "ESP", "ES", False, 10, "EUR", 1.0, 10, "{:,.2f} €"),
        Market("kr", "ko", "KOR", "KR", False, 3, "KRW", 1480, 100_000, "₩{:,.0f}"),
        Market("pl", "pl", "POL", "PL", False, 7, "PLN", 4.3, 100, "{:,.2f} zł"),
    )
}


def money_text(market: Market, amount: int) -> str:
    text = market.money.format(amount)
    if market.language in ("es", "pl"):
        text = text.replace(",", "_").replace(".", ",").replace("_", "." if market.language == "es" else " ")
    return text
