"""Audi: stock from SCS (Stock Car Search), dealers from PSS (Partner Search Service); both of the US from Omnigraph.

SCS keeps used cars and new ones in markets of its own (`esuc`, `es`): of Spain both are asked for, of others the used.
"""

from raw.endpoint import (
    Dealers,
    Endpoint,
    Get,
    GraphQL,
    Inventory,
    MarketList,
    Offset,
    PerSecond,
    SinglePage,
    secret,
)
from raw.platforms.omnigraph import US_DEALERS, US_STOCK

_PSS = "https://graphql.pss.audi.com/"
_PSS_HEADERS = {"clientid": secret("AUDI_PSS_CLIENT_ID")}

SCS_SEARCH = Endpoint(
    name="scs_search",
    description="Cars of Audi's Stock Car Search, a market at a time: used ones, of Spain new ones too.",
    yields=Inventory("scs_inventory"),
    request=Get(
        "https://scs.audi.de/api/v2/search/filter/{market}/{language}",
        params={"sort": "prices.retail:asc"},
        headers={"Token": secret("AUDI_SCS_TOKEN"), "Accept": "application/json"},
    ),
    pages=Offset(start="from", size="size", step=96, total="totalCount", ends_with=400),
    records="vehicleBasic",
    identity="carId",
    markets={
        "au": {"market": "auuc"},
        "es": {},
        "gb": {"market": "ukuc"},
        "kr": {"market": "kruc"},
        "pl": {"market": "pluc"},
    },
    slices_of_market={"es": {"market": ("esuc", "es")}},
    bad_market_status=500,
    limit=PerSecond(4),
)

PSS_DEALERS = Endpoint(
    name="pss_dealers",
    description="Dealers of Audi's Partner Search Service, a market at a time.",
    yields=Dealers("pss_dealers"),
    request=GraphQL(
        _PSS,
        query=(
            "query DealersByMarket($market: Market!){ dealersByMarket(market:$market){ dealers { "
            "dealerId name latitude longitude houseNumber street city region zipCode country phone url services "
            "openingHours{departments{departmentName openingHours{id open timeRanges{openTime closeTime}}}} } } }"
        ),
        variables={"market": "{market}"},
        headers=_PSS_HEADERS,
    ),
    pages=SinglePage(),
    records="data.dealersByMarket.dealers",
    identity="dealerId",
    markets={
        "au": {"market": "AUS"},
        "de": {"market": "DEU"},
        "es": {"market": "ESP"},
        "gb": {"market": "GBR"},
        "kr": {"market": "KOR"},
        "pl": {"market": "POL"},
    },
    market_list=MarketList(
        request=GraphQL(_PSS, query="query MarketInfo { marketInfo { markets { market } } }", headers=_PSS_HEADERS),
        codes="data.marketInfo.markets",
        code="market",
        parameter="market",
        # a pseudo-market, and a market that another service serves
        ignore=frozenset({"A-ATA", "USA"}),
    ),
    limit=PerSecond(2, concurrency=2),
)

ENDPOINTS = (SCS_SEARCH, PSS_DEALERS, US_STOCK, US_DEALERS)
