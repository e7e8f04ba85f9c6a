"""A page of what a search found: what the maker's module makes the body of an answer from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import ceil
from typing import Any

from resources.sandbox.parts.listing import Listing, Supply, Trait
from resources.sandbox.parts.paging import Cut, token_of
from resources.sandbox.parts.request_values import value_at
from resources.sandbox.parts.stock import chance
from resources.sandbox.parts.template import Template
from resources.sandbox.serving.routes import Asked, Record, World


class Page:
    """found: all that the request's narrowing leaves; cut: which part of it this page holds.

    captures: in a replay, the decoded captured answers of the day; items are captured records then.
    example: the record to show instead of any item, while a GraphQL schema is being inferred.
    """

    def __init__(
        self,
        world: World,
        market: str,
        asked: Asked,
        found: Listing,
        cut: Cut,
        render: Callable[[Any], Record],
        supply: Supply | None = None,
        captures: Sequence[Any] | None = None,
        example: Record | None = None,
    ) -> None:
        self.world, self.market, self.asked, self.found = world, market, asked, found
        self.start, self.size, self.number = cut.start, cut.size, cut.number
        self._render, self._supply, self.captures, self._example = render, supply, captures, example

    @property
    def total(self) -> int:
        """How many items were found, on all pages together."""
        return self.found.distinct if self._example is None else 1

    @property
    def pages(self) -> int:
        return ceil(self.total / self.size) if self.size else 0

    @property
    def is_last(self) -> bool:
        return self.start + len(self.items) >= len(self.found)

    @property
    def next_token(self) -> str | None:
        """The cursor of the page after this one, None on the last: two parts, separated by a comma."""
        return None if self.is_last else token_of(self.start + len(self.items))

    @cached_property
    def items(self) -> list[Any]:
        """The cars or the dealers of this page."""
        return [] if self._example is not None else self.found.items(self.start, self.start + self.size)

    @cached_property
    def records(self) -> list[Record]:
        return self._example_or([self._render(item) for item in self.items])

    def _example_or(self, records: list[Record], template: Template | None = None) -> list[Record]:
        if self._example is None:
            return records
        return [self._example if template is None else template.example]

    def everything(self, template: Template | None = None) -> list[Record]:
        """The records of all that was found, on whatever page."""
        render = self._render if template is None else template.render
        return self._example_or([render(item) for item in self.found], template)

    def facets(self, attribute: Trait) -> dict[str, int]:
        """How many of the found items have each value of an attribute, or of a function of an item, by value."""
        return dict(sorted(self.found.counts(attribute).items()))

    def dealers(self, template: Template) -> list[Record]:
        """The dealers of the market's stock."""
        if self._example is not None:
            return [template.example]
        return [template.render(dealer) for dealer in self._dealers()]

    def by_dealer(self, template: Template, name: str, empty: Any = None) -> list[Record]:
        """The dealers of the market's stock, each with the records of this page's cars that it has, under a name;
        `empty` where it has none."""
        if self._example is not None:
            return [{**template.example, name: [self._example]}]
        cars: dict[int, list[Record]] = {}
        for car, record in zip(self.items, self.records, strict=True):
            cars.setdefault(car.dealer.number, []).append(record)
        return [{**template.render(dealer), name: cars.get(dealer.number, empty)} for dealer in self._dealers()]

    def _dealers(self) -> list[Any]:
        from resources.sandbox.parts.cars import Stock

        assert isinstance(self._supply, Stock), "only a stock of cars has dealers beside it"
        dealers: list[Any] = self._supply.dealers.all(self.world.seed, self._supply.lots[self.market].country)
        return dealers

    def total_off_by(self, most: int, share: float) -> int:
        """The total, on a share of the pages a few too many or too few; the same when asked again, never below 1."""
        about = f"{self.market}/{self.total}/{self.start}/{sorted(self.asked.query.items())}"
        drawn = chance(f"{self.world.seed}/{self.world.date}/total/{about}")
        if self.total == 0 or drawn >= share or self.captures:
            return self.total
        return max(1, self.total + round((drawn / share - 0.5) * 2 * most))

    def from_capture(self, path: str) -> Any:
        """In a replay, what the day's first captured answer holds at a path; None otherwise."""
        return value_at(self.captures[0], path) if self.captures else None
