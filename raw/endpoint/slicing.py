"""Slices of a market that are asked one by one, and splits of a slice whose answer is cut off."""

from __future__ import annotations

from dataclasses import dataclass

from raw.endpoint.requests import Request


@dataclass(frozen=True, slots=True)
class Listed:
    """The values of a slice's parameter come from an answer that is asked for first. A request that holds slices
    declared before this one is asked for each of their values.

    values: dotted path of the value in a list (`facets.models[].code`) or of an object's keys (`facets.models{}`).
    count: the name of the number beside the value: how many records the slice has to hold. ignore: values left out.
    known: values that are asked for whether the answer lists them or not, and alone where the host serves no list.
    """

    request: Request
    values: str
    count: str | None = None
    ignore: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A slice that is cut off is asked again for each value of one more parameter.

    values: the values, or the dotted path in the slice's own answer at which they stand, as in `Listed`.
    before: the parameter's value before the split; `()` leaves it out of a query.
    """

    parameter: str
    values: str | tuple[str, ...]
    before: str | tuple[()] = ""


@dataclass(frozen=True, slots=True)
class Quarters:
    """A box on the map that is quartered as long as its answer is cut off.

    north, south, east, west: the names of the parameters; box: their degrees (north, west, south, east) at the start.
    smallest: the height in degrees below which a box is not quartered any more.
    """

    north: str
    south: str
    east: str
    west: str
    box: tuple[float, float, float, float]
    smallest: float = 0.05

    def whole(self) -> dict[str, float]:
        north, west, south, east = self.box
        return {self.north: north, self.west: west, self.south: south, self.east: east}

    def quartered(self, box: dict[str, float]) -> list[dict[str, float]]:
        """The four quarters of a box; none where it is too small for that."""
        north, south, east, west = (box[name] for name in (self.north, self.south, self.east, self.west))
        if north - south < self.smallest:
            return []
        middle, centre = round((north + south) / 2, 6), round((east + west) / 2, 6)
        return [
            {self.north: top, self.south: bottom, self.east: right, self.west: left}
            for top, bottom in ((north, middle), (middle, south))
            for left, right in ((west, centre), (centre, east))
        ]


@dataclass(frozen=True, slots=True)
class First:
    """An answer that is asked for before a market's other requests, whose values fill their templates: a token, the
    host of the day, a key.

    values: parameter -> dotted path in the answer. secrets: the parameters that are never archived. again_after: the
    statuses of a later answer after which it is asked for once more, and the request sent again.
    """

    request: Request
    values: dict[str, str]
    secrets: tuple[str, ...] = ()
    again_after: tuple[int, ...] = ()
