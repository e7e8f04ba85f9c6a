"""The words in which an OEM's module declares its endpoints: requests, paging, slices, markets, limits."""

from raw.endpoint.declaration import Budget, Dealers, Endpoint, Inventory, MarketList, PerSecond, Way
from raw.endpoint.paging import Cursor, Offset, PageIndex, SinglePage
from raw.endpoint.places import InBody, InField, InHeader, InJsonParam, InQuery, InUrl, InVariable
from raw.endpoint.requests import Form, Get, GraphQL, Post, computed, secret
from raw.endpoint.signs import Refused, Sign, Total
from raw.endpoint.slicing import First, Listed, Quarters, Split

__all__ = [
    "Budget",
    "Cursor",
    "Dealers",
    "Endpoint",
    "First",
    "Form",
    "Get",
    "GraphQL",
    "InBody",
    "InField",
    "InHeader",
    "InJsonParam",
    "InQuery",
    "InUrl",
    "InVariable",
    "Inventory",
    "Listed",
    "MarketList",
    "Offset",
    "PageIndex",
    "PerSecond",
    "Post",
    "Quarters",
    "Refused",
    "Sign",
    "SinglePage",
    "Split",
    "Total",
    "Way",
    "computed",
    "secret",
]
