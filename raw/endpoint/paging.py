"""How an endpoint is paged: the kinds of paging that a maker's module can declare, behind one protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from raw.endpoint.places import Place
from raw.endpoint.signs import Sign, Total

NOT_ASKED: Any = {"asked": False}
"""Marks a field of a declaration that does not change what is asked for, so that it is no part of the coverage."""


class Pages(Protocol):
    """What the fetch asks of a kind of paging; the fields are those of `Paged`."""

    @property
    def total(self) -> str | Total | None: ...
    @property
    def ends_with(self) -> int | None: ...
    @property
    def end_sign(self) -> tuple[str, Any] | None: ...
    @property
    def ends(self) -> Sign | None: ...
    @property
    def window(self) -> int | None: ...
    @property
    def cap(self) -> int | None: ...
    @property
    def delay_seconds(self) -> float: ...
    @property
    def repeats_last_page(self) -> bool: ...

    @property
    def page_size(self) -> int | None:
        """The number of records on a full page; None where one answer holds everything."""

    @property
    def is_sequential(self) -> bool:
        """Whether a page may be asked for only when the one before it is there."""

    @property
    def goes_by_what_came(self) -> bool:
        """Whether a page that is not full says nothing about the end."""

    def parameters(self, number: int, received: int = 0, token: Any = None) -> dict[str | Place, Any]:
        """The paging values of the `number`-th page, counted from 0. received: the records of the pages before it.
        token: what the page before it says of the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """What the kinds of paging have in common.

    total: dotted path of the reported total in a page's body, or a `Total`.
    ends: the sign of a page past the end, where that is not a short or an empty page. ends_with: the status of such a
    page; end_sign: (dotted path, value) in the body that has to come with it, where a wrong request is answered with
    the same status.
    window: rows past which no page can be asked for. cap: an answer of exactly as many records, or a total of exactly
    as many, is cut off.
    in_order: pages are asked for one after another, for a feed that changes its order from request to request.
    delay_seconds: between two pages. serves_fewer: the OEM serves pages smaller than asked for; as long as its total
    says that there is more, the next page is asked for, by what came. repeats_last_page: past the end comes the last
    page again, so a page without a new listing is the end.
    """

    total: str | Total | None = None
    ends_with: int | None = None
    end_sign: tuple[str, Any] | None = field(default=None, metadata=NOT_ASKED)
    ends: Sign | None = field(default=None, metadata=NOT_ASKED)
    window: int | None = field(default=None, metadata=NOT_ASKED)
    cap: int | None = field(default=None, metadata=NOT_ASKED)
    in_order: bool = field(default=False, metadata=NOT_ASKED)
    delay_seconds: float = field(default=0.0, metadata=NOT_ASKED)
    serves_fewer: bool = field(default=False, metadata=NOT_ASKED)
    repeats_last_page: bool = field(default=False, metadata=NOT_ASKED)

    @property
    def is_sequential(self) -> bool:
        return self.in_order or self.serves_fewer or self.delay_seconds > 0

    @property
    def goes_by_what_came(self) -> bool:
        return self.serves_fewer


@dataclass(frozen=True, slots=True)
class Offset(Paged):
    """Paging by row offset: `start`=0, step, 2*step ... and `size`=step. size: None where no size is sent."""

    start: str | Place
    size: str | Place | None
    step: int

    @property
    def page_size(self) -> int | None:
        return self.step

    def parameters(self, number: int, received: int = 0, token: Any = None) -> dict[str | Place, Any]:
        start = received if self.serves_fewer else number * self.step
        return {self.start: start, **({self.size: self.step} if self.size else {})}


@dataclass(frozen=True, slots=True)
class PageIndex(Paged):
    """Paging by page number: `index`=first, first+1 ... and `size`=step. size: None where no size is sent."""

    index: str | Place
    size: str | Place | None
    step: int
    first: int = 0

    @property
    def page_size(self) -> int | None:
        return self.step

    def parameters(self, number: int, received: int = 0, token: Any = None) -> dict[str | Place, Any]:
        return {self.index: self.first + number, **({self.size: self.step} if self.size else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor(Paged):
    """Paging by a token: each page names the next one, and the last page names none.

    token: dotted path of the next page's token in the body; null, empty or missing on the last page. place: where it
    stands in the next request. first: the token of the first page, None where that has none. in_last_record: the token
    stands in the page's last record, and `token` is a path there.
    """

    token: str
    place: str | Place
    size: str | Place | None = None
    step: int = 0
    first: Any = None
    in_last_record: bool = field(default=False, metadata=NOT_ASKED)

    @property
    def page_size(self) -> int | None:
        return self.step or None

    @property
    def is_sequential(self) -> bool:
        return True

    @property
    def goes_by_what_came(self) -> bool:
        return True

    def parameters(self, number: int, received: int = 0, token: Any = None) -> dict[str | Place, Any]:
        at = token if number else self.first
        return {**({} if at is None else {self.place: at}), **({self.size: self.step} if self.size else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePage(Paged):
    """No paging: one answer holds everything."""

    @property
    def page_size(self) -> int | None:
        return None

    def parameters(self, number: int, received: int = 0, token: Any = None) -> dict[str | Place, Any]:
        return {}
