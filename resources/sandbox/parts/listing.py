"""What a search finds: items in an order, narrowed by filters, counted by facets.

A listing keeps numbers of items, four bytes each, and makes an item when it is looked at, so that a market of a
million cars fits.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Protocol

from resources.sandbox.serving.routes import World

Order = str | Callable[[Any], Any]
"""An attribute of the items, `-` before it for the largest first, or a function of an item."""
Trait = str | Callable[[Any], Any]
"""An attribute of the items, or a function of an item."""


class Supply(Protocol):
    """What a feed serves: the cars or the dealers of a maker."""

    def listing(self, world: World, market: str) -> Listing:
        """The items of a market. Raises KeyError for a market that there is none of."""


class Listing:
    """numbers: of the items, in order; item: makes an item of its number."""

    def __init__(self, numbers: Iterable[int], item: Callable[[int], Any], counted: Listing | None = None) -> None:
        self._numbers = array("I", numbers)
        self._item = item
        # what totals and facets count, where this listing shows some items twice
        self._counted = counted
        self._indexes: dict[Trait, dict[str, array[int]]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def distinct(self) -> int:
        """How many different items there are."""
        return len(self if self._counted is None else self._counted)

    def __iter__(self) -> Iterator[Any]:
        return map(self._item, self._numbers)

    def items(self, start: int = 0, stop: int | None = None) -> list[Any]:
        return [self._item(number) for number in self._numbers[start:stop]]

    def halved(self) -> Listing:
        """Every second item."""
        return Listing(self._numbers[::2], self._item)

    def first(self, count: int) -> Listing:
        return Listing(self._numbers[:count], self._item)

    def kept(self, keep: Callable[[Any], bool]) -> Listing:
        return Listing((number for number in self._numbers if keep(self._item(number))), self._item)

    def ordered(self, order: Order) -> Listing:
        """The same items in an order; equal ones stay as they were. A None comes first."""
        is_reversed = isinstance(order, str) and order.startswith("-")
        key = attrgetter(order.lstrip("-")) if isinstance(order, str) else order
        keys = {number: key(self._item(number)) for number in self._numbers}
        ranked = sorted(keys, key=lambda number: (keys[number] is not None, keys[number]), reverse=is_reversed)
        return Listing(ranked, self._item)

    def seen(self, change: Callable[[Any], Any]) -> Listing:
        """The same items, each changed when it is looked at."""
        item = self._item
        return Listing(self._numbers, lambda number: change(item(number)))

    def repeated(self, every: int, is_repeated: Callable[[int, int], bool]) -> Listing:
        """The same items, some twice: the last before a multiple of `every` is the first after it, too. is_repeated: by
        the position and the number of the item after it."""
        numbers = array("I")
        for position, number in enumerate(self._numbers):
            if position and position % every == 0 and is_repeated(position, number):
                numbers.append(numbers[-1])
            numbers.append(number)
        return Listing(numbers, self._item, counted=self)

    def where(self, attribute: Trait, allowed: Collection[str]) -> Listing:
        """The items whose attribute, as text, is one of the allowed."""
        index = self._index(attribute)
        found = [index[value] for value in set(allowed) if value in index]
        if len(found) == 1:
            positions: Sequence[int] = found[0]
        else:
            positions = sorted(position for values in found for position in values)
        return Listing((self._numbers[position] for position in positions), self._item)

    def counts(self, attribute: Trait) -> Counter[str]:
        """How many items have each value of the attribute, as text; items without a value are not counted."""
        if self._counted is not None:
            return self._counted.counts(attribute)
        return Counter({value: len(positions) for value, positions in self._index(attribute).items()})

    def _index(self, attribute: Trait) -> dict[str, array[int]]:
        if attribute not in self._indexes:
            read = attrgetter(attribute) if isinstance(attribute, str) else attribute
            index: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
            for position, item in enumerate(self):
                value = read(item)
                if value is not None:
                    index[text_of(value)].append(position)
            self._indexes[attribute] = dict(index)
        return self._indexes[attribute]


def text_of(value: Any) -> str:
    """A value as requests state it: `true` rather than `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
