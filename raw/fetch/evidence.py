"""What a market's pages prove: how many records came, how many distinct listings, and what the OEM says there is.

Absence needs proof: a market is complete only where its pages reach what the OEM says there is, agree with each other
and name every record. Identities are kept as 64-bit hashes; among a million records the chance that two share a hash
is below one in ten million. No page is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from raw.endpoint.declaration import Endpoint, of_market
from raw.endpoint.paging import Pages
from raw.endpoint.signs import Total
from raw.fetch.page_reader import PageContent
from resources.failures import Cause

_NEW_SHARE = 10  # a full page of which less than one in ten records is new is the page before once more


@dataclass
class _Slice:
    """What the pages of one slice say so far. pages: how it is paged."""

    seen: set[int]
    pages: Pages
    records: int = 0
    held: int = 0
    """Of a slice that has ended: distinct listings and records that stand twice on a page, with those of finer ones."""
    exact_duplicates: int = 0
    smallest: int | None = None
    largest: int | None = None
    """The smallest and the largest total of its pages."""
    unreadable_totals: int = 0
    promised: int = 0
    """Records that pages do not hold although their own total says that they are there."""
    expected: int | None = None
    """How many records the slice has to hold by the list that names it."""
    finer: tuple[str, ...] = ()
    """The slices that were asked in its place, since its answer was cut off."""
    is_capped: bool = False
    """Its answer was cut off at a number that is no total."""
    overfull: tuple[int, int] | None = None
    """Of a page that holds more distinct listings than its own total says that there are: both numbers."""
    begins_empty: bool = False
    """The first page holds nothing although its own total says that there is something."""

    def add_total(self, total: int) -> None:
        self.smallest = total if self.smallest is None else min(self.smallest, total)
        self.largest = total if self.largest is None else max(self.largest, total)

    @property
    def counted_twice(self) -> int:
        """The exact duplicates that the slice's total may count. Records that came beyond the total are counted by
        none: pages that overlap, or hold more than was asked for, have passed over others."""
        total = self.expected if self.largest is None else self.largest
        beyond = 0 if total is None else max(0, self.records - total)
        return max(0, self.exact_duplicates - beyond)


class Evidence:
    """The counts of one attempt at a market. Whatever is archived as a page is in the counts, and nothing else."""

    def __init__(self, endpoint: Endpoint, market: str = "") -> None:
        self._endpoint = endpoint
        self._minimum_expected = of_market(endpoint.minimum_expected, market, 1)
        self._has_slices = bool(endpoint.slices_in(market) or endpoint.splits)
        self._slices: dict[str, _Slice] = {}
        self._bodies: list[bytes] = []  # sha256 of each page
        self.identities: set[int] = set()
        """The hashes of all identities of the market, 64 bits each; they mean nothing to another process."""
        self.collected = 0
        """Records in the pages."""
        self.without_identity = 0
        self.exact_duplicates = 0
        """Records that stand twice on one page, byte for byte. The same record on two pages is none of these: pages
        that overlap have passed over another record."""
        self.responses = 0
        self.body_bytes = 0
        self.refusals = 0
        self.pages = 0

    def add_response(self, body_bytes: int, *, refused: bool) -> None:
        self.responses += 1
        self.body_bytes += body_bytes
        self.refusals += refused

    def brings_nothing_new(self, slice_name: str, number: int, content: PageContent, body: bytes) -> bool:
        """Whether a full page is one that came before, though perhaps in another order or with a record exchanged."""
        pages = self._slice(slice_name).pages
        is_full = pages.page_size is not None and content.count >= pages.page_size
        if number == 0 or not content.count or not (is_full or pages.goes_by_what_came):
            return False
        seen = self._slice(slice_name).seen
        if not any(content.identities):
            return hashlib.sha256(body).digest() in self._bodies
        known = sum(identity is not None and hash(identity) in seen for identity in content.identities)
        if not is_full:
            return known == content.count
        return (content.count - known) * _NEW_SHARE < content.count

    def is_reached(self, slice_name: str) -> bool:
        """Whether a slice holds all that a total worth trusting says."""
        of_slice = self._slice(slice_name)
        if not self._endpoint.trusted_total or of_slice.largest is None:
            return False
        return len(of_slice.seen) + of_slice.counted_twice >= of_slice.largest

    def note_pages(self, slice_name: str, pages: Pages) -> None:
        """Note how a slice is paged."""
        self._slice(slice_name).pages = pages

    def received(self, slice_name: str) -> int:
        """The records of a slice's pages so far."""
        return self._slice(slice_name).records

    def lacks_records(self, slice_name: str) -> bool:
        """Whether a slice's pages hold less than its total says."""
        of_slice = self._slice(slice_name)
        return of_slice.records < (of_slice.largest or 0)

    def expect(self, slice_name: str, records: int) -> None:
        """Hold a slice against the count that the list of slices gives it."""
        self._slice(slice_name).expected = records

    def split(self, slice_name: str, finer: Sequence[str], *, is_capped: bool) -> None:
        """A slice's answer is cut off, and the finer slices are asked in its place. is_capped: its total is none."""
        of_slice = self._slice(slice_name)
        of_slice.finer, of_slice.is_capped = tuple(finer), is_capped

    def add_page(self, slice_name: str, number: int, content: PageContent, body: bytes) -> None:
        of_slice = self._slice(slice_name)
        hashes = set(map(hash, filter(None, content.identities)))
        of_slice.seen |= hashes
        self.identities |= hashes
        of_slice.records += content.count
        self.pages += 1
        self.collected += content.count
        self.without_identity += content.identities.count(None)
        self.exact_duplicates += content.exact_duplicates
        of_slice.exact_duplicates += content.exact_duplicates
        self._bodies.append(hashlib.sha256(body).digest())
        of_slice.unreadable_totals += content.total_is_unreadable
        if content.total is not None:
            of_slice.add_total(content.total)
            if len(hashes) > content.total and not _counts_pages(of_slice.pages):
                of_slice.overfull = len(hashes), content.total
            of_slice.begins_empty |= number == 0 and not content.count and content.total > 0
            of_slice.promised += max(0, _expected_on_page(of_slice.pages, number, content.total) - content.count)

    def end_slice(self, slice_name: str, within: str | None = None) -> None:
        """Forget which identities a slice held; its counts stay. within: the slice in whose place it was asked, which
        holds them from now on."""
        of_slice = self._slice(slice_name)
        of_slice.held = len(of_slice.seen) + self._twice(of_slice)
        if within is not None:
            self._slice(within).seen |= of_slice.seen
        if self._has_slices:
            of_slice.seen = set()

    def promises(self, slice_name: str, number: int) -> bool:
        """Whether a total worth trusting says that the `number`-th page holds something."""
        of_slice = self._slice(slice_name)
        pages = of_slice.pages
        if not self._endpoint.trusted_total or pages.page_size is None or of_slice.largest is None:
            return False
        before = of_slice.records if pages.goes_by_what_came else number * pages.page_size
        return of_slice.largest - self._tolerated(of_slice.largest) > before

    @property
    def unique(self) -> int:
        """Distinct listings; a record without identity proves none."""
        return len(self.identities)

    @property
    def reported_total(self) -> int | None:
        """What the OEM said there is, the most that it said of each slice; None where it did not say."""
        totals = [one.largest for one in self._slices.values() if one.largest is not None and not one.finer]
        if not totals:
            return None
        return max(totals) if self._endpoint.slices_overlap else sum(totals)

    @property
    def shortfall(self) -> int:
        twice = [one.counted_twice for one in self._slices.values() if not one.finer]
        known_twice = max([0, *twice]) if self._endpoint.slices_overlap else sum(twice)
        return max(0, (self.reported_total or 0) - self.unique - known_twice)

    def records_by_slice(self) -> dict[str, int]:
        return {name: one.records for name, one in self._slices.items()}

    def content_digest(self) -> str:
        """A fingerprint of the pages' bytes, in whatever order they came; empty where there is no page."""
        return hashlib.sha256(b"".join(sorted(self._bodies))).hexdigest() if self._bodies else ""

    def incompleteness(self) -> tuple[Cause, str] | None:
        """Why the pages, each of them good, do not prove what the market holds."""
        endpoint, unique = self._endpoint, self.unique
        if self.collected and not unique:
            return (
                Cause.SCHEMA_DRIFT,
                f"none of {self.collected} records has an identity at {' or '.join(endpoint.identities)}",
            )
        if unique < self._minimum_expected:
            return Cause.EMPTY_FEED, f"{unique} records, expected at least {self._minimum_expected}"
        return self._unmet() or (self._distrust() if endpoint.trusted_total else None) or self._contradiction()

    def _unmet(self) -> tuple[Cause, str] | None:
        """Slices that hold less than the list that names them says, or than the slice that they were asked in place
        of."""
        for name, one in self._slices.items():
            where = f" of {name}" if name else ""
            if one.expected is not None and one.expected - one.held > self._tolerated(one.expected):
                return Cause.SHORTFALL, f"{one.held} records{where}, {one.expected} by the list that names it"
            total = one.largest or 0
            if one.finer and not one.is_capped and total - one.held > max(self._tolerated(total), self._slack):
                return Cause.SHORTFALL, f"the finer slices{where} hold {one.held} records of {total} reported"
        return None

    def _twice(self, of_slice: _Slice) -> int:
        """The records that a slice's total may count twice, of finer slices where it was split."""
        if of_slice.finer:
            return sum(self._twice(self._slice(name)) for name in of_slice.finer)
        return of_slice.counted_twice

    def _distrust(self) -> tuple[Cause, str] | None:
        """What is wrong with totals that the endpoint trusts."""
        # an empty finer slice may state no total: all of them together were held against the slice that was cut off
        proved = {
            name for one in self._slices.values() if one.largest and not one.is_capped for name in one.finer
            if not self._slice(name).records and self._slice(name).largest is None
        }  # fmt: skip
        slices = {name: one for name, one in self._slices.items() if not one.finer and name not in proved}
        for name, one in slices.items():
            where = f" of {name}" if name else ""
            path = _place_of_total(one.pages)
            if path and (one.unreadable_totals or one.largest is None):
                return Cause.SCHEMA_DRIFT, f"no total that can be read at {path}{where}"
            if one.overfull:
                held, told = one.overfull
                return Cause.CONTRADICTION, f"a page{where} holds {held} listings and its own total, {told}, is less"
        if self.shortfall > self._tolerated(self.reported_total or 0):
            return Cause.SHORTFALL, f"{self.unique} distinct records of {self.reported_total} reported"
        for name, one in slices.items():
            where = f" of {name}" if name else ""
            smallest, largest = one.smallest or 0, one.largest or 0
            if largest - smallest > self._tolerated(largest):
                return Cause.CONTRADICTION, f"the pages{where} report totals from {smallest} to {largest}"
        return None

    def _contradiction(self) -> tuple[Cause, str] | None:
        """Where pages hold less than they themselves say, or records that cannot be told from each other."""
        for name, one in self._slices.items():
            where = f" of {name}" if name else ""
            if one.finer:
                continue
            if one.begins_empty or one.promised > max(self._tolerated(one.largest or 0), self._slack):
                detail = f"pages{where} lack {one.promised} records that their own total, {one.largest}, promises"
                return Cause.CONTRADICTION, detail
        if self.without_identity > self._tolerated(self.collected):
            of = f"{self.without_identity} of {self.collected}"
            return Cause.SCHEMA_DRIFT, f"{of} records have no identity at {' or '.join(self._endpoint.identities)}"
        return None

    def _tolerated(self, total: int) -> float:
        return self._endpoint.total_tolerance * total

    @property
    def _slack(self) -> int:
        """By how many records a total may be off that is not trusted."""
        return 0 if self._endpoint.trusted_total else self._endpoint.total_slack

    def _slice(self, name: str) -> _Slice:
        if name not in self._slices:
            # without slices the market's identities are the slice's; a second set would double the memory
            self._slices[name] = _Slice(set() if self._has_slices else self.identities, self._endpoint.pages)
        return self._slices[name]


def _place_of_total(pages: Pages) -> str | None:
    """Where a page's total stands, None where none is declared."""
    total = pages.total
    return total if isinstance(total, str) or total is None else total.path or f"the header {total.header}"


def _counts_pages(pages: Pages) -> bool:
    return isinstance(pages.total, Total) and pages.total.counts == "pages"


def _expected_on_page(pages: Pages, number: int, total: int) -> int:
    """How many records the `number`-th page holds if its total is right."""
    if pages.goes_by_what_came or _counts_pages(pages):
        return 0  # a page that is not full is held against the slice's total alone
    page_size = pages.page_size
    return total if page_size is None else min(page_size, max(0, total - number * page_size))
