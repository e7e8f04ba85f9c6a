"""A maker's dealers: where they are, what they are called, how they can be reached. The same every day.

Places, streets and telephone numbers are of the right kind; no such dealer exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

from resources.markets import Market
from resources.markets import market as market_of
from resources.sandbox.parts.drawn import Drawn
from resources.sandbox.parts.facts import said
from resources.sandbox.parts.listing import Listing
from resources.sandbox.parts.places import CITIES, COUNTRIES, KILOMETRES_PER_MILE, Point, miles_between
from resources.sandbox.serving.routes import World


class Dealer(Drawn):
    """market: its country's code; number: its place in it, from 0. origin: the point from which a search sees it."""

    def __init__(self, network: Dealers, seed: int, market: str, number: int, origin: Point | None = None) -> None:
        self.network, self.seed, self.market, self.number, self.origin = network, seed, market, number, origin
        digest = blake2b(f"{seed}/{network.oem}/{market}/{number}".encode(), digest_size=8).digest()
        self.draw_key = int.from_bytes(digest, "big")
        cities = CITIES[self.market]
        city = cities[number * network.stride(len(cities)) % len(cities)]
        self.city, self.region, self._postal_code = str(city.city), city.region, str(city.postal_code)
        # `round`: how many dealers of the city come before this one
        self.round = number // len(cities)
        self.latitude = round(city.latitude + (self.chance("latitude") - 0.5) / 5, 5)
        self.longitude = round(city.longitude + (self.chance("longitude") - 0.5) / 5, 5)
        self.digits5 = f"{(number * 6007 + 1127) % 100_000:05d}"

    @cached_property
    def id(self) -> str:
        pattern = self.network.id
        return pattern.format_map(Attributes(self)) if isinstance(pattern, str) else pattern(self)

    @cached_property
    def name(self) -> str:
        pattern = self.pick("name", self.network.name.split(";"))
        name = pattern.format_map(Attributes(self))
        return f"{name} {self.round + 1}" if self.round else name

    @property
    def country(self) -> Market:
        return market_of(self.market)

    def said(self, word: str) -> str:
        """A word of ours (`petrol`, `sales`, ...) in the market's language."""
        return said(word, self.country.language)

    @property
    def iso2(self) -> str:
        return self.market.upper()

    @property
    def iso3(self) -> str:
        return str(COUNTRIES[self.market].iso3)

    @property
    def postal_code(self) -> str:
        code = self._postal_code
        return f"{int(code) + self.round:0{len(code)}d}" if code.isdecimal() else code

    @property
    def street(self) -> str:
        return self.pick("street", str(COUNTRIES[self.market].streets).split(";"))

    @property
    def house_number(self) -> str:
        return str(self.whole("house number", 1, 256))

    @property
    def phone(self) -> str:
        prefix = str(COUNTRIES[self.market].phone)
        return f"{prefix}{'-' if prefix.startswith('(') else ''}{self.number:03d}{self.whole('phone', 0, 9)}"

    @property
    def site(self) -> str:
        """A host name that is nobody's."""
        return f"{self.market}-{self.id.lower()}.{self.network.oem}.example"

    @property
    def has_stock(self) -> bool:
        return self.number < self.network.stocked(self.market)

    @property
    def point(self) -> Point:
        return self.latitude, self.longitude

    @property
    def miles(self) -> float | None:
        return None if self.origin is None else miles_between(self.origin, self.point)

    @property
    def km(self) -> float | None:
        return None if self.miles is None else self.miles * KILOMETRES_PER_MILE

    def seen_from(self, origin: Point | None) -> Dealer:
        if origin == self.origin:
            return self
        return _seen(self.network, self.seed, self.market, self.number, origin)


class Attributes(dict[str, Any]):
    """What `str.format_map` reads: the attributes of an item."""

    def __init__(self, item: Any) -> None:
        super().__init__()
        self._item = item

    def __missing__(self, name: str) -> Any:
        return getattr(self._item, name)


class Dealers:
    """The dealers of a maker.

    counts: country, as in resources/markets.py -> how many. id: a pattern with attributes of `Dealer`, or a function of
    it; name: a pattern, or several, separated by `;`. without_stock: the share of a country's dealers without cars.
    """

    def __init__(
        self,
        oem: str,
        counts: Mapping[str, int],
        *,
        name: str,
        id: str | Callable[[Dealer], str] = "{digits5}",
        without_stock: float = 0.0,
    ) -> None:
        self.oem, self.counts, self.name, self.id = oem, counts, name, id
        self._without_stock = without_stock

    def stocked(self, market: str) -> int:
        """How many of a market's dealers have cars."""
        return max(1, round(self.counts[market] * (1 - self._without_stock)))

    @staticmethod
    def stride(cities: int) -> int:
        return next(step for step in (7, 5, 3, 2, 1) if cities % step)

    def dealer(self, seed: int, market: str, number: int) -> Dealer:
        return _seen(self, seed, market, number, None)

    def all(self, seed: int, market: str) -> list[Dealer]:
        return [self.dealer(seed, market, number) for number in range(self.counts[market])]

    def listing(self, world: World, market: str) -> Listing:
        """Every dealer of a market, by number. Raises KeyError."""
        return Listing(range(self.counts[market]), lambda number: self.dealer(world.seed, market, number))


@lru_cache(maxsize=8192)
def _seen(network: Dealers, seed: int, market: str, number: int, origin: Point | None) -> Dealer:
    return Dealer(network, seed, market, number, origin)
