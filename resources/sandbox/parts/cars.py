"""A maker's cars on a day: what each is, and what it costs, has run and where it stands today.

When cars come, go, change their price or dealer is decided in `stock.py`; what a car is follows from the maker's
tables of models and colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from hashlib import blake2b

from resources.markets import Market
from resources.markets import market as market_of
from resources.sandbox.parts.dealers import Dealer, Dealers
from resources.sandbox.parts.drawn import Drawn
from resources.sandbox.parts.facts import COLORS, MONEY, Fact, said
from resources.sandbox.parts.identity import SERIALS, serial_code, with_check_digit, year_code
from resources.sandbox.parts.listing import Listing
from resources.sandbox.parts.places import KILOMETRES_PER_MILE, Point
from resources.sandbox.parts.stock import Churn, Draw, Population, Vehicle, milliseconds, shuffle_digits, spread
from resources.sandbox.serving.routes import World

# which byte of a vehicle's random ones decides what
_MODEL, _COLOR, _AGE, _USE, _NOISE, _DAY, _KIND = range(Draw.FREE, Draw.FREE + 7)
_KEY = slice(Draw.FREE + 8, Draw.FREE + 16)


@dataclass(frozen=True, slots=True)
class Lot:
    """What a stock holds under one key, a market mostly. country: the key of `resources/markets.py`; weight: its share
    of the maker's cars; used: the share of used cars in it."""

    country: str
    weight: float = 1.0
    used: float = 1.0

    @property
    def facts(self) -> Market:
        """The country's language, currency and unit of distance."""
        return market_of(self.country)


class Car(Drawn):
    """One car on one day. origin: the point from which it is seen, where a search has one."""

    def __init__(self, stock: Stock, market: str, vehicle: Vehicle, origin: Point | None = None) -> None:
        self._stock, self.market, self.vehicle, self.origin = stock, market, vehicle, origin
        self._draws = vehicle.draws
        self.draw_key = int.from_bytes(vehicle.draws[_KEY], "big")
        self._lot = stock.lots[market]
        self._population = stock.populations[market]

    def seen_from(self, origin: Point | None) -> Car:
        return self if origin == self.origin else Car(self._stock, self.market, self.vehicle, origin)

    # what it is

    @cached_property
    def country(self) -> Market:
        return market_of(self._lot.country)

    def said(self, word: str) -> str:
        """A word of ours (`petrol`, `sales`, ...) in the market's language."""
        return said(word, self.country.language)

    @property
    def iso2(self) -> str:
        return self._lot.country.upper()

    @property
    def iso3(self) -> str:
        return self.dealer.iso3

    @cached_property
    def model(self) -> Fact:
        return self._stock.model_of(self._draws[_MODEL])

    @cached_property
    def color(self) -> Fact:
        return self._stock.color_of(self._draws[_COLOR])

    @cached_property
    def is_new(self) -> bool:
        return self._draws[_KIND] >= self._lot.used * 256

    @cached_property
    def serial(self) -> int:
        """A whole number that no other car of the maker has."""
        return self._population.serial(self.vehicle)

    @property
    def digits5(self) -> str:
        return f"{shuffle_digits(self.serial, 10**5):05d}"

    @property
    def digits7(self) -> str:
        return f"{shuffle_digits(self.serial, 10**7):07d}"

    @cached_property
    def digits9(self) -> str:
        return f"{shuffle_digits(self.serial, 10**9):09d}"

    @cached_property
    def code(self) -> str:
        """The last six characters of the VIN."""
        return serial_code(shuffle_digits(self.serial, SERIALS))

    @cached_property
    def vin(self) -> str:
        """Valid in form, of no real car: the model's first eight characters, check digit, year, a plant, the code."""
        return with_check_digit(f"{self.model.vin}0{year_code(self.year)}A{self.code}")

    @property
    def uuid(self) -> str:
        digits = blake2b(f"{self._stock.oem}/{self.serial}".encode(), digest_size=16).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    # since when

    @property
    def today(self) -> date:
        return date.fromordinal(self.vehicle.day)

    @property
    def listed_on(self) -> date:
        return date.fromordinal(self.vehicle.listed_on)

    @property
    def changed_on(self) -> date:
        return date.fromordinal(self._population.last_change_on(self.vehicle))

    @cached_property
    def registered_on(self) -> date:
        """The day of the first registration; of a new car, the day on which it was listed."""
        age_days = 0 if self.is_new else self.months * 30 + self._draws[_DAY] % 28
        return date.fromordinal(self.vehicle.listed_on - age_days)

    @cached_property
    def months(self) -> int:
        """Months since the first registration when it was listed: many are young, few as old as `oldest_months`."""
        return 0 if self.is_new else 2 + self._draws[_AGE] ** 2 * self._stock.oldest_months // 65_025

    @cached_property
    def year(self) -> int:
        """The model year."""
        return self.registered_on.year + (self.registered_on.month > 6)

    @property
    def listed_ms(self) -> int:
        return milliseconds(self.vehicle.listed_on)

    @property
    def changed_ms(self) -> int:
        return milliseconds(self._population.last_change_on(self.vehicle))

    @property
    def registered_ms(self) -> int:
        return milliseconds(self.registered_on.toordinal())

    # what it costs and has run

    @cached_property
    def price(self) -> int:
        """Today's asking price in the market's currency."""
        kept = 0.985**self.months * (1.0 if self.is_new else 0.9) * (0.92 + self._draws[_NOISE] / 1600)
        return self._money(self.model.price * kept * self._population.price_factor(self.vehicle))

    @property
    def list_price(self) -> int:
        """What it cost when it was new."""
        return self._money(self.model.price * (1 + self._draws[_NOISE] / 1000))

    def _money(self, amount: float) -> int:
        money = MONEY[self.country.currency]
        rounded_to = int(money.rounded_to)
        per_unit: float = money.per_eur / self._stock.per_eur / rounded_to
        return round(amount * per_unit) * rounded_to

    @property
    def mileage(self) -> int:
        """In the market's unit."""
        if self.is_new:
            return self.whole("mileage", 1, 40)
        distance = self.months * (400 + self._draws[_USE] * 7) + self._population.distance_since_listed(self.vehicle)
        return distance * 5 // 8 if self.country.distance_unit == "mi" else distance

    @property
    def mileage_km(self) -> int:
        return round(self.mileage * (KILOMETRES_PER_MILE if self.country.distance_unit == "mi" else 1))

    def chance_today(self, name: str) -> float:
        """A number in [0, 1) that is another every day: what glitches."""
        return self.chance(f"{name} {self.vehicle.day}")

    # where it stands

    @cached_property
    def dealer(self) -> Dealer:
        return self._stock.dealers_of(self._lot, self._population, self.vehicle)[0].seen_from(self.origin)

    @cached_property
    def first_dealer(self) -> Dealer:
        """The dealer that listed it; a car that moves to another dealer keeps it."""
        return self._stock.dealers_of(self._lot, self._population, self.vehicle)[1]

    @property
    def miles(self) -> float | None:
        return self.dealer.miles

    @property
    def km(self) -> float | None:
        return self.dealer.km


class Stock:
    """A maker's stock on the world's day.

    oem: the maker; markets: key -> weight, or a `Lot` where the key is no country. models: rows with `vin` (the first
    eight characters), `price` (new, in `prices_in`) and, where they are not equally common, `weight`; colors: rows with
    `weight`. used: the share of used cars where no lot says it. oldest_months: the age of
    the oldest used cars. churn: how restless the feed is. part, share: tell the
    stocks of one maker apart, where it has several, and say how much of the maker's cars this stock holds.
    """

    def __init__(
        self,
        world: World,
        oem: str,
        markets: Mapping[str, float | Lot],
        *,
        models: Sequence[Fact],
        dealers: Dealers,
        colors: Sequence[Fact] = COLORS,
        used: float = 1.0,
        prices_in: str = "EUR",
        oldest_months: int = 116,
        churn: Churn | None = None,
        part: str = "",
        share: float = 1.0,
    ) -> None:
        self.world, self.oem, self.dealers, self.oldest_months = world, oem, dealers, oldest_months
        self.lots = {key: lot if isinstance(lot, Lot) else Lot(key, lot, used) for key, lot in markets.items()}
        self.per_eur: float = MONEY[prices_in].per_eur
        weights = {key: lot.weight for key, lot in self.lots.items()}
        key = f"{oem}/{part}" if part else oem
        vehicles = round(world.vehicles * share)
        self.populations = Population.share(world.seed, key, vehicles, weights, churn or Churn())
        self._models, self._colors = _spread(models), _spread(colors)
        self.listing_of = lru_cache(maxsize=None)(self._listing)

    def model_of(self, draw: int) -> Fact:
        return self._models[draw]

    def color_of(self, draw: int) -> Fact:
        return self._colors[draw]

    def dealers_of(self, lot: Lot, population: Population, vehicle: Vehicle) -> tuple[Dealer, Dealer]:
        """Today's dealer of a car, and the dealer that listed it."""
        numbers = population.dealers(vehicle, self.dealers.stocked(lot.country))
        now, first = (self.dealers.dealer(self.world.seed, lot.country, number) for number in numbers)
        return now, first

    def listing(self, world: World, market: str) -> Listing:
        """The cars on sale in a market. Raises KeyError."""
        return self.listing_of(market)

    def _listing(self, market: str) -> Listing:
        population, day = self.populations[market], self.world.date.toordinal()

        def car(slot: int) -> Car:
            vehicle = population.vehicle(slot, day)
            assert vehicle is not None
            return Car(self, market, vehicle)

        return Listing((vehicle.slot for vehicle in population.on_sale(day)), car)


def _spread(rows: Sequence[Fact]) -> list[Fact]:
    """256 rows, each as often as its weight says: what a random byte chooses."""
    return [rows[index] for index in spread([getattr(row, "weight", None) or 1 for row in rows])]
