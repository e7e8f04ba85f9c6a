"""What is drawn of an item once and for all: by name, from the item's own random bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

from resources.sandbox.parts.stock import mix

T = TypeVar("T")


@lru_cache(maxsize=4096)
def _salt(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


@lru_cache(maxsize=256)
def _bounds(weights: tuple[float, ...]) -> tuple[float, ...]:
    total = sum(weights)
    return tuple(bound / total for bound in accumulate(weights))


class Drawn:
    """An item with draws of its own. The same name gives the same draw for as long as the item lives."""

    draw_key: int
    """64 random bits of the item."""

    def chance(self, name: str) -> float:
        """A number in [0, 1)."""
        return mix(self.draw_key ^ _salt(name)) / 2**64

    def pick(self, name: str, options: Sequence[T] | Mapping[T, float]) -> T:
        """One of the options; of a mapping, each as often as its weight says."""
        drawn = self.chance(name)
        if isinstance(options, Mapping):
            bounds = _bounds(tuple(options.values()))
            return next(option for option, bound in zip(options, bounds, strict=True) if drawn < bound)
        return options[int(drawn * len(options))]

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.chance(name) * (high - low + 1))
