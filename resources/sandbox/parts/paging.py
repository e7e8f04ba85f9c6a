"""How a server cuts what it found into pages: by offset, by page number, by cursor, or not at all.

Where the values stand in a request, how large a page may be, what lies past the end and past a window: each is stated
on its own and combines with every style.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import KW_ONLY, dataclass
from typing import Literal, Protocol
from zlib import crc32

from resources.sandbox.parts.request_values import Place, whole_number
from resources.sandbox.serving.answers import refusal
from resources.sandbox.serving.routes import Answer, Asked, Refusal

_BAD = refusal(400, {"message": "Bad Request"})


@dataclass(frozen=True)
class Cut:
    """What of the found a request gets: from position `start` at most `size`; `number` of the page, from 0."""

    start: int
    size: int
    number: int


class Paging(Protocol):
    @property
    def is_paged(self) -> bool: ...

    def cut(self, asked: Asked, found: int) -> Cut:
        """Which part of so many found items is asked for. Raises Refusal."""

    def number(self, asked: Asked) -> int:
        """The page that is asked for, from 0. Never raises."""


@dataclass(frozen=True)
class _Sized:
    """What every style of pages has.

    size: of a page that the request gives no size for, and of every page where sizes are no matter of requests;
    largest: the largest size that is served, smallest: the smallest; too_large: the answer to a larger size, where
    absent `largest` is served without a word. bad: the answer to a value that is no number, or a size below the
    smallest; zero: the answer to a size of 0, where it is another one.
    past_end: what a page past the last one is: "empty", "repeat" (the last page again) or an answer; the first page is
    never past the end. window: how many items can be asked for by paging; past_window: the answer to a page that ends
    beyond, where absent such a page ends at the window.
    wants_whole_pages_above: a larger size than this answers nothing where fewer items than that size remain.
    """

    _: KW_ONLY
    size: int = 20
    largest: int | None = None
    smallest: int = 1
    too_large: Answer | None = None
    bad: Answer = _BAD
    zero: Answer | None = None
    past_end: Answer | Literal["empty", "repeat"] = "empty"
    window: int | None = None
    past_window: Answer | None = None
    wants_whole_pages_above: int | None = None

    is_paged = True

    def _size(self, asked: Asked, place: Place | None) -> int:
        size = whole_number(place, asked, self.size)
        if size == 0 and self.zero is not None:
            raise Refusal(self.zero)
        if size is None or size < self.smallest:
            raise Refusal(self.bad)
        if self.largest is not None and size > self.largest:
            if self.too_large is not None:
                raise Refusal(self.too_large)
            size = self.largest
        return size

    def _cut(self, asked: Asked, start: int, size: int, found: int) -> Cut:
        if asked.repeated:
            start = 0
        number = start // max(size, 1)
        if start >= found and start > 0:
            if isinstance(self.past_end, Answer):
                raise Refusal(self.past_end)
            if self.past_end == "repeat":
                start = max(0, (found - 1) // size * size)
        if self.window is not None and start + size > self.window:
            if self.past_window is not None:
                raise Refusal(self.past_window)
            size = max(0, self.window - start)
        limit = self.wants_whole_pages_above
        if limit is not None and size > limit and found - start < size:
            size = 0
        return Cut(start, size // 2 if asked.capped else size, number)


@dataclass(frozen=True)
class Offsets(_Sized):
    """Pages by the position of their first item, from 0."""

    start: Place
    size_place: Place | None = None

    def cut(self, asked: Asked, found: int) -> Cut:
        start = whole_number(self.start, asked, 0)
        size = self._size(asked, self.size_place)
        if start is None:
            raise Refusal(self.bad)
        return self._cut(asked, start, size, found)

    def number(self, asked: Asked) -> int:
        size = whole_number(self.size_place, asked, self.size) or self.size
        return (whole_number(self.start, asked, 0) or 0) // min(size, self.largest or size)


@dataclass(frozen=True)
class Pages(_Sized):
    """Pages by number. first: the number of the first page; a lower one is bad."""

    index: Place
    size_place: Place | None = None
    _: KW_ONLY
    first: int = 0

    def cut(self, asked: Asked, found: int) -> Cut:
        index = whole_number(self.index, asked, self.first)
        size = self._size(asked, self.size_place)
        if index is None or index < self.first:
            raise Refusal(self.bad)
        return self._cut(asked, (index - self.first) * size, size, found)

    def number(self, asked: Asked) -> int:
        return max(0, (whole_number(self.index, asked, self.first) or 0) - self.first)


@dataclass(frozen=True)
class Cursors(_Sized):
    """Pages by a token that only the answer before holds (`Page.next_token`); a token of the client's own is bad."""

    token: Place
    size_place: Place | None = None

    def cut(self, asked: Asked, found: int) -> Cut:
        start = _position(self.token.read(asked))
        size = self._size(asked, self.size_place)
        if start is None:
            raise Refusal(self.bad)
        return self._cut(asked, start, size, found)

    def number(self, asked: Asked) -> int:
        size = whole_number(self.size_place, asked, self.size) or self.size
        return (_position(self.token.read(asked)) or 0) // min(size, self.largest or size)


@dataclass(frozen=True)
class Whole:
    """Everything in one answer; cap: at most so many, the rest is cut off without a word."""

    cap: int | None = None

    is_paged = False

    def cut(self, asked: Asked, found: int) -> Cut:
        size = found if self.cap is None else min(found, self.cap)
        return Cut(0, size // 2 if asked.capped else size, 0)

    def number(self, asked: Asked) -> int:
        return 0


def token_of(position: int) -> str:
    """An opaque cursor: two parts, separated by a comma, for a client that has to send them apart."""
    text = urlsafe_b64encode(str(position).encode()).decode().rstrip("=")
    return f"{text},{crc32(text.encode()):08x}"


def _position(token: object) -> int | None:
    """The position of a cursor, 0 without one, None for one that was not given out here."""
    if token is None or token == "":
        return 0
    text, _, check = str(token).partition(",")
    if f"{crc32(text.encode()):08x}" != check:
        return None
    return int(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
