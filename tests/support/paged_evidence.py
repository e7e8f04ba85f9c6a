"""Pages of cars as a reader reads them, and what a market of theirs proves so far."""

from __future__ import annotations

from typing import Any

from raw.endpoint import Offset
from raw.fetch.evidence import Evidence
from raw.fetch.page_reader import PageContent
from tests.support.words import endpoint

TENS = Offset("from", "size", 10, total="total")
LOTS: dict[str, Any] = {"slices": {"lot": ("a", "b")}}


def evidence(**words: Any) -> Evidence:
    """Of an endpoint with these words, of pages of ten with a total where they do not say."""
    return Evidence(endpoint(**{"pages": TENS, **words}), "es")


def page(*numbers: int | None, total: int | None = None, **words: Any) -> PageContent:
    """A page of these cars; None for a record without identity."""
    return PageContent([None if number is None else f"car-{number}" for number in numbers], total, **words)


def ended(found: Evidence, **slices: PageContent) -> Evidence:
    """The evidence with a page of each slice, which has ended then."""
    for name, content in slices.items():
        found.add_page(name, 0, content, name.encode())
        found.end_slice(name)
    return found


def is_again(of: Evidence, content: PageContent, number: int = 1, body: bytes = b"new", name: str = "") -> bool:
    return of.brings_nothing_new(name, number, content, body)
