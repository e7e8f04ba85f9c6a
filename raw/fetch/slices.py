"""Slices whose answer is cut off, and the finer slices that are asked in their place. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raw.endpoint.paging import Cursor, Pages
from raw.endpoint.slicing import Quarters, Split
from raw.fetch.page_reader import PageContent
from resources.failures import Cause


def name_of(parameters: Mapping[str, Any]) -> str:
    """The name of a slice in the archive: `class=E&year=2020`; empty values are not told."""
    return "&".join(f"{key}={value}" for key, value in parameters.items() if value not in ("", ()))


def cut_off(pages: Pages, content: PageContent | None) -> tuple[Cause, str] | None:
    """Why a slice's first page says that its answer is cut off; None where it is whole as far as can be seen."""
    if content is None:
        return None
    if pages.window is not None and (content.total or 0) > pages.window:
        return Cause.WINDOW, f"{content.total} records reported, and pages up to row {pages.window} alone"
    # an answer of more than the cap says that the cap is another one by now
    if pages.cap is not None and (
        pages.cap == content.total or (pages.page_size is None and content.count >= pages.cap)
    ):
        return Cause.CAPPED, f"{pages.cap} records, which is all that one answer holds"
    return None


def has_next(pages: Pages, content: PageContent | None, *, lacks_records: bool) -> bool:
    """Whether another page is to be asked for after a page of a slice. lacks_records: as far as its total says."""
    if content is None:
        return False
    if isinstance(pages, Cursor):
        return content.token is not None
    is_full = pages.page_size is not None and content.count >= pages.page_size
    return is_full or (pages.goes_by_what_came and lacks_records)


def is_past_window(pages: Pages, number: int) -> bool:
    """Whether the `number`-th page begins past the rows for which pages can be asked."""
    return pages.window is not None and pages.page_size is not None and number * pages.page_size >= pages.window


def past_window(pages: Pages) -> tuple[Cause, str]:
    return Cause.WINDOW, f"the pages are full up to row {pages.window}, past which none can be asked for"


def finer_slices(
    parameters: Mapping[str, Any], splits: Sequence[Split | Quarters], content: PageContent
) -> tuple[list[dict[str, Any]], Sequence[Split | Quarters]]:
    """The finer slices of a slice that is cut off, none where there is no finer one; and the splits that are left for
    them. content: the slice's first page."""
    if not splits:
        return [], ()
    split, *rest = splits
    if isinstance(split, Quarters):
        # a box is quartered as often as it takes
        quarters = split.quartered({name: parameters[name] for name in split.whole()})
        return [{**parameters, **quarter} for quarter in quarters], splits
    values = split.values if isinstance(split.values, tuple) else content.split_values.get(split.parameter, ())
    return [{**parameters, split.parameter: value} for value in values], rest
