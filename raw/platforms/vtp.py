"""VTP (Vehicle Trading Platform): the stock locator of SEAT and CUPRA, a tenant for each brand, country and lot.

A tenant is named `<brand: st or cu><country><language or lot>`: `cuukgwb` is CUPRA's used stock of Great Britain, and
`cuesnwb` its new stock of Spain. Built from the field list of a British answer (5 cars kept), and from the notes of
public collectors of 2026; no whole answer is public. The notes: the host refuses clients by their TLS handshake at
times (403); a page of a used tenant may hold 96 cars, while the tenants of new stock answer 500 to more than 12, so 12
are asked for everywhere; the order by price changes from page to page, the order by the day of the offer does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from raw.endpoint import Dealers, Endpoint, Get, InHeader, Inventory, PageIndex, PerSecond, Sign, Total

_CARS = "results.result.cars"


def endpoints(brand: str, pattern: str, tenants: Mapping[str, tuple[str, ...]]) -> tuple[Endpoint, Endpoint]:
    """The stock of a brand, and the dealers that stand in the same answers.

    pattern: the header that the host asks for; tenants: market -> the tenants of its lots.
    """
    search = Endpoint(
        name="vtp_search",
        description=f"Approved used and new cars of {brand}'s stock locator, a tenant at a time.",
        yields=Inventory("vtp_inventory"),
        request=Get(
            "https://vtpapi.seat.com/restapi/v1/{tenant}/search/car",
            headers={
                "x-pattern": pattern,
                "x-sort": "DATE_OFFER",
                "x-sort-direction": "DESC",
                "Accept": "application/json",
            },
        ),
        pages=PageIndex(
            index=InHeader("x-page"),
            size=InHeader("x-page-items"),
            step=12,
            first=1,
            total=Total(header="x-result-number"),
            # past the end the list of cars is missing
            ends=Sign(_CARS, None),
        ),
        records=_CARS,
        identity="car.carid",
        markets={market: {} for market in tenants},
        slices_of_market={market: {"tenant": names} for market, names in tenants.items()},
        limit=PerSecond(2),
    )
    dealers = Endpoint(
        name="vtp_dealers",
        description=f"Dealers of {brand} that have cars in the stock locator.",
        yields=Dealers("vtp_dealers", debounce_days=14),
        answers_of="vtp_search",
        records=_CARS,
        identity="car.hypermediadealer.dealer.key",
        markets={market: {} for market in tenants},
        slices_of_market=search.slices_of_market,
    )
    return search, dealers
