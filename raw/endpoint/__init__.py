"""The words in which an OEM's module declares its endpoints: requests, paging, slices, markets, limits."""

from raw.endpoint.declaration import Budget, Dealers, Endpoint, Inventory, MarketList, PerSecond
from raw.endpoint.paging import Offset, PageIndex, SinglePage
from raw.endpoint.requests import Get, GraphQL, secret

__all__ = [
    "Budget",
    "Dealers",
    "Endpoint",
    "Get",
    "GraphQL",
    "Inventory",
    "MarketList",
    "Offset",
    "PageIndex",
    "PerSecond",
    "SinglePage",
    "secret",
]
