"""The deterministic world: which vehicles are on sale on a day, and what happened to each until then.

A market is a number of slots. A slot is a renewal process of its own: vehicle after vehicle, each on sale for a
while, with a gap of a few days between two. Everything is computed by hashing (seed, OEM, market, slot,
generation), so any day is reached without walking through the days before it.

The module decides arrival, departure, flaps, price, dealer and mileage over time. What the vehicles are is decided by
the makers' parts, how they are served by the makers' modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate, pairwise
from math import exp, gcd
from statistics import NormalDist, fmean
from typing import NamedTuple

_EPOCH = date(2015, 1, 1).toordinal()
_UNIX_EPOCH = date(1970, 1, 1).toordinal()
MILLISECONDS_A_DAY = 86_400_000
_MASK = (1 << 64) - 1
_MAXIMUM_GAP_DAYS = 6
_MEAN_GAP_DAYS = (1 + _MAXIMUM_GAP_DAYS) / 2


def _cycles() -> tuple[int, ...]:
    """256 equally likely lengths of a slot's cycle (a vehicle's time on sale and the gap after it), in days.

    Lives between 5 and 120 days whose median is about 40: log-normal. A slot with long lives shows fewer
    vehicles, so slots are drawn with a larger median than their vehicles (by exp(sigma squared)).
    """
    sigma = 0.6
    median = 40 * exp(sigma * sigma)
    normal = NormalDist()
    return tuple(
        round(min(max(median * exp(sigma * normal.inv_cdf((step + 0.5) / 256)), 5 + _MAXIMUM_GAP_DAYS), 121))
        for step in range(256)
    )


_CYCLES = _cycles()
# a byte of the vehicle's hash -> factor of one price change: mostly drops of 1 to 5 %, one in eight up by 1 to 3 %
_PRICE_STEPS = tuple(1.01 + 0.02 * step / 32 if step < 32 else 0.99 - 0.04 * (step - 32) / 224 for step in range(256))


class Draw:
    """Which bytes of a vehicle's 64 decide what. A maker's modules may use the bytes from `FREE` on."""

    GAP, START, FLAPS, FLAP_DAYS = 0, 1, 2, 3
    FLAP_START = 4
    PRICE_INTERVAL, PRICE_PHASE, PRICE_STEPS = 6, 7, 8
    MOVES, MOVE_DAY, DEALER, SECOND_DEALER = 16, 17, 18, 20
    MILEAGE_INTERVAL = 22
    FREE = 24


@dataclass(frozen=True, slots=True)
class Churn:
    """How restless a feed is. flap_chance: of a vehicle's being absent once in its life for 1 to
    `flap_days` days and returning; price_days: a vehicle's price changes every so many days, evenly spread."""

    flap_chance: float = 0.11
    flap_days: int = 3
    price_days: tuple[int, int] = (16, 64)
    move_chance: float = 0.044
    mileage_days: tuple[int, int] = (20, 80)


class Vehicle(NamedTuple):
    """One vehicle on one day. `day`, `listed_on` are ordinals of `datetime.date`; draws: 64 random bytes."""

    slot: int
    generation: int
    day: int
    listed_on: int
    draws: bytes


def milliseconds(ordinal: int) -> int:
    """A day as the OEMs write it: milliseconds since 1970, midnight UTC."""
    return (ordinal - _UNIX_EPOCH) * MILLISECONDS_A_DAY


def mix(value: int) -> int:
    """splitmix64: an even 64-bit hash of a whole number."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def chance(key: str) -> float:
    """A fixed number in [0, 1) for a key."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") / 2**64


def word(draws: bytes, at: int) -> int:
    """Two bytes as a number below 65,536."""
    return draws[at] << 8 | draws[at + 1]


def spread(weights: Sequence[float]) -> list[int]:
    """256 indexes of `weights`, each as often as its weight says: what a random byte chooses."""
    return [index for index, count in enumerate(apportion(256, weights)) for _ in range(count)]


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total`."""
    scale = total / sum(weights)
    bounds = [0, *(round(bound * scale) for bound in accumulate(weights))]
    return [upper - lower for lower, upper in pairwise(bounds)]


def shuffle_digits(serial: int, modulus: int) -> int:
    """A permutation of 0..modulus-1, so that consecutive serials do not look consecutive."""
    multiplier = 0x9E3779B1
    while gcd(multiplier, modulus) != 1:
        multiplier += 2
    return (serial * multiplier + 0x7F4A7C15) % modulus


@dataclass(frozen=True)
class Population:
    """The vehicles of one (OEM, market or class). `vehicles` are on sale on an average day.

    first_serial, serial_step: make `serial` unique over the populations of an OEM, which hold `serial_step`
    slots together (`Population.share`).
    """

    key: str
    slots: int
    churn: Churn
    first_serial: int
    serial_step: int

    @classmethod
    def share(
        cls, seed: int, oem: str, vehicles: int, weights: dict[str, float], churn: Churn
    ) -> dict[str, Population]:
        """An OEM's populations, market or class -> Population, that together hold `vehicles` on an average day."""
        slots = round(vehicles / cls._availability(churn))
        counts = apportion(slots, list(weights.values()))
        populations = {}
        first = 0
        for name, count in zip(weights, counts, strict=True):
            populations[name] = cls(f"{seed}/{oem}/{name}", count, churn, first, slots)
            first += count
        return populations

    @staticmethod
    def _availability(churn: Churn) -> float:
        """The share of slots with a vehicle on sale on an average day."""
        absent_days = churn.flap_chance * (1 + churn.flap_days) / 2
        return fmean((cycle - _MEAN_GAP_DAYS - absent_days) / cycle for cycle in _CYCLES)

    @cached_property
    def _key(self) -> bytes:
        return blake2b(self.key.encode(), digest_size=32).digest()

    @cached_property
    def _base(self) -> int:
        return int.from_bytes(self._key[:8], "big")

    @cached_property
    def _flap_limit(self) -> int:
        return round(self.churn.flap_chance * 256)

    def on_sale(self, day: int) -> Iterator[Vehicle]:
        """The vehicles on sale on `day` (an ordinal), by slot."""
        for slot in range(self.slots):
            vehicle = self.vehicle(slot, day)
            if vehicle is not None:
                yield vehicle

    def vehicle(self, slot: int, day: int) -> Vehicle | None:
        """The vehicle in a slot on `day`, None where there is none or it is absent for a while."""
        slot_hash = mix(self._base + slot)
        cycle = _CYCLES[slot_hash & 0xFF]
        generation, position = divmod(day - _EPOCH + (slot_hash >> 8) % cycle, cycle)
        draws = blake2b(slot.to_bytes(8, "big") + generation.to_bytes(8, "big", signed=True), key=self._key).digest()
        gap_days = 1 + draws[0] % _MAXIMUM_GAP_DAYS
        age = position - draws[1] % (gap_days + 1)
        life = cycle - gap_days
        if not 0 <= age < life:
            return None
        if draws[2] < self._flap_limit:
            days = 1 + draws[3] % self.churn.flap_days
            first = 1 + word(draws, Draw.FLAP_START) % max(1, life - days - 1)
            # it returns: its last day is never one of absence
            if first <= age < first + days and first + days < life:
                return None
        return Vehicle(slot, generation, day, day - age, draws)

    def serial(self, vehicle: Vehicle) -> int:
        """A whole number that no other vehicle of the OEM has."""
        return vehicle.generation * self.serial_step + self.first_serial + vehicle.slot

    def price_factor(self, vehicle: Vehicle) -> float:
        """What the price of today is of the first one."""
        factor = 1.0
        for step in range(self._price_changes(vehicle)):
            factor *= _PRICE_STEPS[vehicle.draws[Draw.PRICE_STEPS + step % 8]]
        return factor

    def last_change_on(self, vehicle: Vehicle) -> int:
        """The ordinal of the last price change, or of the first day on sale."""
        interval, phase = self._price_rhythm(vehicle)
        changes = self._price_changes(vehicle)
        return vehicle.listed_on + changes * interval - phase if changes else vehicle.listed_on

    def _price_rhythm(self, vehicle: Vehicle) -> tuple[int, int]:
        low, high = self.churn.price_days
        interval = low + vehicle.draws[Draw.PRICE_INTERVAL] % (high - low)
        return interval, vehicle.draws[Draw.PRICE_PHASE] % interval

    def _price_changes(self, vehicle: Vehicle) -> int:
        interval, phase = self._price_rhythm(vehicle)
        return (vehicle.day - vehicle.listed_on + phase) // interval

    def dealers(self, vehicle: Vehicle, dealers: int) -> tuple[int, int]:
        """Indexes below `dealers`: of today's dealer, and of the dealer that listed the vehicle; rarely they differ."""
        first = word(vehicle.draws, Draw.DEALER) % dealers
        if vehicle.draws[Draw.MOVES] >= self.churn.move_chance * 256:
            return first, first
        moved_on = vehicle.listed_on + 5 + vehicle.draws[Draw.MOVE_DAY] % 40
        return (word(vehicle.draws, Draw.SECOND_DEALER) % dealers if vehicle.day >= moved_on else first), first

    def distance_since_listed(self, vehicle: Vehicle) -> int:
        """What test drives added to the mileage since it was listed, in the market's unit."""
        low, high = self.churn.mileage_days
        interval = low + vehicle.draws[Draw.MILEAGE_INTERVAL] % (high - low)
        return (vehicle.day - vehicle.listed_on) // interval * (3 + vehicle.draws[Draw.MILEAGE_INTERVAL] % 17)
