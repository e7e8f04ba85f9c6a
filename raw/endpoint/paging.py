"""How an endpoint is paged: the kinds of paging that a maker's module can declare, behind one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Pages(Protocol):
    """What the fetch asks of a kind of paging. `total`: the dotted path of the reported total in a page's body."""

    @property
    def total(self) -> str | None: ...

    @property
    def page_size(self) -> int | None:
        """The number of records on a full page; None where one answer holds everything."""

    @property
    def end_status(self) -> int | None:
        """The status with which the OEM answers a page past the end, where that is not a short or an empty page."""

    @property
    def end_sign(self) -> tuple[str, Any] | None:
        """(dotted path, value) in the body that has to come with `end_status`."""

    def parameters(self, number: int) -> dict[str, str]:
        """The paging parameters of the `number`-th page, counted from 0."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Paging by row offset: `start`=0, step, 2*step ... and `size`=step in the query.

    `total` is the dotted path of the reported total in the body; `ends_with` the status with which the OEM
    answers a page past the end, where that is not a short or an empty page. Where a wrong request is answered with
    the same status, `end_sign` is (dotted path, value) in the body by which the end is told.
    """

    start: str
    size: str
    step: int
    total: str | None = None
    ends_with: int | None = None
    end_sign: tuple[str, Any] | None = None

    @property
    def page_size(self) -> int | None:
        return self.step

    @property
    def end_status(self) -> int | None:
        return self.ends_with

    def parameters(self, number: int) -> dict[str, str]:
        return {self.start: str(number * self.step), self.size: str(self.step)}


@dataclass(frozen=True, slots=True)
class PageIndex:
    """Paging by page number from `first`: `index`=first, first+1 ... and `size`=step in the query; the rest as in
    `Offset`."""

    index: str
    size: str
    step: int
    first: int = 0
    total: str | None = None
    ends_with: int | None = None
    end_sign: tuple[str, Any] | None = None

    @property
    def page_size(self) -> int | None:
        return self.step

    @property
    def end_status(self) -> int | None:
        return self.ends_with

    def parameters(self, number: int) -> dict[str, str]:
        return {self.index: str(self.first + number), self.size: str(self.step)}


@dataclass(frozen=True, slots=True)
class SinglePage:
    """No paging: one answer holds everything. `total` as in `Offset`."""

    total: str | None = None

    @property
    def page_size(self) -> int | None:
        return None

    @property
    def end_status(self) -> int | None:
        return None

    @property
    def end_sign(self) -> tuple[str, Any] | None:
        return None

    def parameters(self, number: int) -> dict[str, str]:
        return {}
