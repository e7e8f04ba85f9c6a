"""What the makers' modules are made of: stock, records, paging, checks, refusals. Nothing here knows a maker."""

from resources.sandbox.parts.cars import Car, Lot, Stock
from resources.sandbox.parts.checks import Accepts, Fixed, Key, Once, Present, Tokens, of_the_day
from resources.sandbox.parts.dealers import Dealer, Dealers
from resources.sandbox.parts.facts import COLORS, PERSONS, Fact, said, table
from resources.sandbox.parts.feed import Extra, Feed
from resources.sandbox.parts.graphql import GraphQL, graphql_error
from resources.sandbox.parts.listing import Order, Trait
from resources.sandbox.parts.narrowing import Box, Choice, Filter, Near, RepeatedAtBoundaries, Reshuffled, Sort, Terms
from resources.sandbox.parts.page import Page
from resources.sandbox.parts.paging import Cursors, Offsets, Pages, Whole
from resources.sandbox.parts.places import COUNTRIES
from resources.sandbox.parts.request_values import InArguments, InBody, InForm, InHeader, InPath, InQuery, InQueryJson
from resources.sandbox.parts.stock import Churn, milliseconds
from resources.sandbox.parts.template import ABSENT, Template
from resources.sandbox.serving.answers import CHALLENGE, refusal
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.replay import Captured
from resources.sandbox.serving.routes import Answer, Asked, Record, Route, World

__all__ = [
    "ABSENT",
    "CHALLENGE",
    "COLORS",
    "COUNTRIES",
    "PERSONS",
    "Accepts",
    "Answer",
    "Asked",
    "Box",
    "Captured",
    "Car",
    "Choice",
    "Churn",
    "Cursors",
    "Dealer",
    "Dealers",
    "Extra",
    "Fact",
    "Feed",
    "Filter",
    "Fixed",
    "GraphQL",
    "InArguments",
    "InBody",
    "InForm",
    "InHeader",
    "InPath",
    "InQuery",
    "InQueryJson",
    "Key",
    "Lot",
    "Near",
    "Offsets",
    "Once",
    "Order",
    "Page",
    "Pages",
    "Present",
    "Record",
    "RepeatedAtBoundaries",
    "Reshuffled",
    "Route",
    "Sort",
    "Stock",
    "Template",
    "Terms",
    "Tokens",
    "Trait",
    "Whole",
    "World",
    "graphql_error",
    "milliseconds",
    "of_the_day",
    "refusal",
    "said",
    "sandbox_credential",
    "table",
]
