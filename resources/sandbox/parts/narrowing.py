"""What a request narrows and orders: its market, filters, sort, a circle or a box on the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from resources.sandbox.parts.listing import Listing, Order, Trait, text_of
from resources.sandbox.parts.paging import Paging
from resources.sandbox.parts.places import KILOMETRES_PER_MILE, Point, point_of
from resources.sandbox.parts.request_values import Place, value_at
from resources.sandbox.parts.stock import chance
from resources.sandbox.serving.answers import refusal
from resources.sandbox.serving.routes import Answer, Asked, Record, Refusal

_BAD = refusal(400, {"message": "Bad Request: where?"})

Unknown = Answer | Callable[[Asked], Answer]


def refuse(answer: Unknown, asked: Asked) -> Refusal:
    """The refusal that an answer, or a function from the request to an answer, makes."""
    return Refusal(answer if isinstance(answer, Answer) else answer(asked))


@dataclass(frozen=True)
class Choice:
    """The market of a request. codes: what the place holds -> the stock's key of the market; unknown: the answer to
    any other value; default: the code where the place holds nothing."""

    place: Place
    codes: Mapping[str, str]
    unknown: Unknown
    default: str | None = None

    def code(self, asked: Asked) -> str | None:
        """The code as the request states it. Never raises."""
        found = self.place.read(asked)
        return self.default if found is None else text_of(found)

    def read(self, asked: Asked) -> str:
        """The market. Raises Refusal."""
        code = self.code(asked)
        if code is None or code not in self.codes:
            raise refuse(self.unknown, asked)
        return self.codes[code]


class Narrowing(Protocol):
    """Anything that narrows what a request gets."""

    def key(self, asked: Asked) -> Any:
        """What of the request it looks at, hashable: the same key narrows alike. Raises Refusal."""

    def narrow(self, listing: Listing, asked: Asked) -> Listing: ...

    def keeps(self, record: Record, asked: Asked) -> bool:
        """Whether a captured record is left, in a replay. Most captures say too little to be narrowed."""
        return True


@dataclass(frozen=True)
class Filter(Narrowing):
    """Keeps the items of which an attribute, or a function of an item, is one of the values at a place: a text, texts
    separated by commas, or a list. A request without a value is not narrowed, or refused where `required` says how.

    values: what the request calls a value -> the attribute's value, for the values that it may state; unknown: the
    answer to any other, which finds nothing where there is no such answer. everything: texts that narrow nothing.
    captured: the path in a captured record that holds the value.
    """

    place: Place
    attribute: Trait
    values: Mapping[str, str] | None = None
    unknown: Unknown | None = None
    required: Answer | None = None
    everything: tuple[str, ...] = ()
    captured: str | None = None

    def key(self, asked: Asked) -> tuple[str, ...] | None:
        found = self.place.read(asked)
        if found is None or found == [] or found == "":
            if self.required is not None:
                raise Refusal(self.required)
            return None
        if not isinstance(found, list):
            found = found.split(",") if isinstance(found, str) else [found]
        stated = [text_of(value) for value in found]
        if any(value in self.everything for value in stated):
            return None
        if self.unknown is not None and any(value not in (self.values or {}) for value in stated):
            raise refuse(self.unknown, asked)
        return tuple(sorted(stated if self.values is None else (self.values.get(value, "") for value in stated)))

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        allowed = self.key(asked)
        return listing if allowed is None else listing.where(self.attribute, allowed)

    def keeps(self, record: Record, asked: Asked) -> bool:
        allowed = self.key(asked)
        return allowed is None or self.captured is None or text_of(value_at(record, self.captured)) in allowed


@dataclass(frozen=True)
class Terms(Narrowing):
    """Filters of the form `<criterion>.<value>` in one text, separated by commas: values of one criterion are
    alternatives. criteria: criterion -> attribute; unknown: the answer to another criterion."""

    place: Place
    criteria: Mapping[str, str]
    unknown: Answer
    separator: str = "."

    def key(self, asked: Asked) -> str:
        text = str(self.place.read(asked) or "")
        for term in filter(None, text.split(",")):
            criterion, separator, _ = term.partition(self.separator)
            if criterion not in self.criteria or not separator:
                raise Refusal(self.unknown)
        return text

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        asked_for: dict[str, set[str]] = {}
        for term in filter(None, self.key(asked).split(",")):
            criterion, _, value = term.partition(self.separator)
            asked_for.setdefault(self.criteria[criterion], set()).add(value)
        for attribute, allowed in asked_for.items():
            listing = listing.where(attribute, allowed)
        return listing


@dataclass(frozen=True)
class Sort(Narrowing):
    """The order that a request asks for. orders: what the place may hold -> the order, None: as it is served without
    one; unknown: the answer to any other value."""

    place: Place
    orders: Mapping[str, Order | None]
    unknown: Answer

    def key(self, asked: Asked) -> str | None:
        found = self.place.read(asked)
        if found is None:
            return None
        if text_of(found) not in self.orders:
            raise Refusal(self.unknown)
        return text_of(found)

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        order = self.orders.get(self.key(asked) or "")
        return listing if order is None else listing.ordered(order)


@dataclass(frozen=True)
class Near(Narrowing):
    """A circle around where is asked from, nearest first.

    zip, or latitude and longitude: the places of the centre; default_zip: where the request has none; country: of the
    ZIP. radius: the place of the radius, in `unit`; everywhere: values of it that narrow nothing, as without a value.
    nearest: at most so many items, whatever the radius. bad: the answer to a centre or a radius that is none.
    """

    zip: Place | None = None
    latitude: Place | None = None
    longitude: Place | None = None
    radius: Place | None = None
    country: str = "us"
    default_zip: str | None = None
    everywhere: tuple[str, ...] = ()
    unit: str = "mi"
    nearest: int | None = None
    bad: Answer = _BAD

    def key(self, asked: Asked) -> tuple[Point, float | None]:
        centre = self._centre(asked)
        radius = None if self.radius is None else self.radius.read(asked)
        if radius is None or text_of(radius) in self.everywhere:
            return centre, None
        try:
            return centre, float(radius) / (KILOMETRES_PER_MILE if self.unit == "km" else 1)
        except (TypeError, ValueError):
            raise Refusal(self.bad) from None

    def _centre(self, asked: Asked) -> Point:
        if self.zip is not None:
            code = self.zip.read(asked)
            point = point_of(self.country, str(self.default_zip if code is None else code))
            if point is None:
                raise Refusal(self.bad)
            return point
        assert self.latitude is not None
        assert self.longitude is not None
        return _degrees(self.latitude, asked, self.bad), _degrees(self.longitude, asked, self.bad)

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        origin, radius = self.key(asked)
        seen = listing.seen(lambda item: item.seen_from(origin)).ordered("miles")
        if radius is not None:
            seen = seen.kept(lambda item: item.miles <= radius)
        return seen if self.nearest is None else seen.first(self.nearest)


@dataclass(frozen=True)
class Box(Narrowing):
    """A rectangle on the map: the places of its sides, in degrees. cap: at most so many items, without a word."""

    north: Place
    east: Place
    south: Place
    west: Place
    cap: int | None = None
    bad: Answer = _BAD

    def key(self, asked: Asked) -> tuple[float, ...]:
        return tuple(_degrees(side, asked, self.bad) for side in (self.north, self.east, self.south, self.west))

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        north, east, south, west = self.key(asked)

        def is_inside(item: Any) -> bool:
            latitude, longitude = getattr(item, "point", None) or item.dealer.point
            return bool(south <= latitude <= north and west <= longitude <= east)

        inside = listing.kept(is_inside)
        return inside if self.cap is None else inside.first(self.cap)


@dataclass(frozen=True)
class RepeatedAtBoundaries(Narrowing):
    """Narrows nothing: the order shifts while a client pages, so that on a share of the boundaries between pages of
    `every` items the last item of a page is the first of the next, too. No item is lost, the total counts each once."""

    every: int
    share: float

    def key(self, asked: Asked) -> None:
        return None

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        key = f"repeated {len(listing)} {sorted(asked.parameters.items())}"
        return listing.repeated(self.every, lambda *at: chance(f"{key} {at}") < self.share)


@dataclass
class Reshuffled(Narrowing):
    """Narrows nothing: the order is another for each walk through the pages, and only a client that asks for one page
    after the other, the same again where it has to, walks. A page out of its turn is cut from another order, so that
    some items come twice and others never. paging: as the feed's."""

    paging: Paging
    _walk: int = 0
    _last_page: int = -1

    def key(self, asked: Asked) -> int:
        page = self.paging.number(asked)
        if page not in (self._last_page, self._last_page + 1) or (page == 0 and self._last_page > 0):
            self._walk += 1
        self._last_page = page
        return self._walk

    def narrow(self, listing: Listing, asked: Asked) -> Listing:
        walk = self._walk
        return listing.ordered(lambda item: item.chance(f"walk {walk}"))


def _degrees(place: Place, asked: Asked, bad: Answer) -> float:
    try:
        return float(place.read(asked))
    except (TypeError, ValueError):
        raise Refusal(bad) from None
