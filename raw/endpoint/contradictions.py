"""Declarations that cannot work, each with the sentence that mends it. They are refused when the definitions load."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from raw.archive.record_list import RecordList
from raw.endpoint.declaration import Endpoint, market_parameters
from raw.endpoint.paging import Cursor, Offset, PageIndex
from raw.endpoint.places import InBody, InField, InHeader, InJsonParam, InQuery, InUrl, InVariable, Place
from raw.endpoint.requests import Form, Get, GraphQL, Post, placeholders
from raw.endpoint.signs import Sign, Total
from raw.endpoint.slicing import Listed, Quarters, Split
from raw.endpoint.trial import requests_in, unrenderable
from resources.failures import Cause

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HOLDS: dict[type, tuple[type[Place], ...]] = {
    Get: (InQuery, InHeader, InUrl, InJsonParam),
    Post: (InBody, InQuery, InHeader, InUrl),
    Form: (InField, InQuery, InHeader, InUrl),
    GraphQL: (InVariable, InHeader, InUrl),
}


def contradiction(endpoint: Endpoint, of_maker: Sequence[Endpoint]) -> tuple[str, str] | None:
    """What of an endpoint's declaration contradicts itself, and what to write instead; None for a sound one.

    of_maker: all endpoints of the maker.
    """
    try:
        return next(_contradictions(endpoint, of_maker), None)
    except ValueError as error:
        return f"a template cannot be read: {error}", "Write a bracket that is no placeholder twice: {{ and }}."


def _contradictions(endpoint: Endpoint, of_maker: Sequence[Endpoint]) -> Iterator[tuple[str, str]]:
    for what, name in (("name", endpoint.name), ("yields", endpoint.yields.name)):
        if not _NAME.fullmatch(name):
            yield f"{what} {name!r} is no name", "Write small letters, digits and underscores: `vehicle_search`."
    if not endpoint.markets:
        yield "it has no market", "Declare `markets`: our market code -> the parameters of the request."
    try:
        RecordList(endpoint.records)
    except ValueError as error:
        yield str(error), "Correct `records`."
    if not all(endpoint.identities):
        yield "an empty identity", "Name in `identity` the record's field that identifies a listing."
    yield from _of_markets(endpoint)
    if endpoint.answers_of:
        yield from _of_answers(endpoint, of_maker)
        return
    if not endpoint.request.url:
        yield "it has no request", "Declare `request`, or `answers_of` another endpoint of the maker."
        return
    yield from _of_pages(endpoint)
    for way in endpoint.ways:
        yield from _of_pages(endpoint.by(way))
    yield from _of_ways(endpoint)
    yield from _of_templates(endpoint)
    yield from _of_signs(endpoint)
    yield from unrenderable(endpoint)


def _of_markets(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    by_market: dict[str, Iterable[str]] = {
        "request_of_market": endpoint.request_of_market,
        "slices_of_market": endpoint.slices_of_market,
        "limits": endpoint.limits,
        "debounce_days_in": endpoint.yields.debounce_days_in,
        "minimum_expected": () if isinstance(endpoint.minimum_expected, int) else endpoint.minimum_expected,
    }
    for name, markets in by_market.items():
        if unknown := sorted({*markets} - endpoint.markets.keys()):
            yield f"{name} names {', '.join(unknown)}, which `markets` does not", f"Correct `{name}`."
    for limit in (endpoint.limit, *endpoint.limits.values()):
        if limit.requests <= 0 or limit.concurrency < 1:
            yield "a limit that lets no request through", "Declare PerSecond(requests), more than 0."
    market_list = endpoint.market_list
    lacking = sorted(name for name, own in endpoint.markets.items() if market_list and market_list.parameter not in own)
    if market_list and lacking:
        yield (
            f"the list of markets is compared with {market_list.parameter}, which {', '.join(lacking)} lacks",
            "Give each market that parameter.",
        )


def _of_answers(endpoint: Endpoint, of_maker: Sequence[Endpoint]) -> Iterator[tuple[str, str]]:
    others = {one.name: one for one in of_maker if one is not endpoint and not one.answers_of}
    if endpoint.answers_of not in others:
        names = ", ".join(sorted(others)) or "no other endpoint"
        yield f"answers_of={endpoint.answers_of!r} is none of {names}", "Name an endpoint in the maker's ENDPOINTS."
    elif unknown := sorted(endpoint.markets.keys() - others[endpoint.answers_of].markets.keys()):
        yield f"{endpoint.answers_of} has no market {', '.join(unknown)}", "Declare the markets of that endpoint."
    if endpoint.request.url:
        yield "it has a request and `answers_of`", "Leave out one of them: with `answers_of` nothing is asked."


def _of_ways(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    sliced = [slices for market in endpoint.markets for slices in endpoint.slices_in(market).items()]
    known = {(name, value) for name, values in sliced if not isinstance(values, Listed) for value in values}
    for name, of_value in endpoint.way_of_slice.items():
        if unknown := sorted(value for value in of_value if (name, value) not in known):
            yield f"way_of_slice of {name} names {', '.join(unknown)}, by which no market is sliced", "Correct it."
    if len({pages.total is None for pages in (endpoint.pages, *(way.pages for way in endpoint.ways))}) > 1:
        # records of slices without a total would make up for those that others lack
        yield "ways of which some have a total and some have none", "Declare the `total` of each, or of none."


def _of_pages(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    pages = endpoint.pages
    requests = [endpoint.request, *endpoint.request_of_market.values()]
    for place in _places(endpoint):
        for request in requests:
            if not isinstance(place, _HOLDS[type(request)]):
                allowed = ", ".join(one.__name__ for one in _HOLDS[type(request)])
                yield (
                    f"a {type(request).__name__} has no {type(place).__name__}",
                    f"Put the paging value in: {allowed}.",
                )
            if isinstance(place, InUrl) and place.name not in placeholders(request):
                yield f"the URL has no {{{place.name}}}", f"Write {{{place.name}}} where the paging value stands."
    if isinstance(pages, (Offset, PageIndex)) and pages.step < 1:
        yield f"pages of {pages.step} records", "Declare `step`, the number of records of a full page."
    if isinstance(pages, Cursor) and bool(pages.size) != bool(pages.step):
        yield "a cursor with `size` and no `step`, or the other way round", "Declare both, or neither."
    if pages.window is not None and pages.page_size is None:
        yield "a `window` without pages", "Declare `cap` for an answer that is cut off, `window` for pages."
    if pages.serves_fewer and pages.total is None:
        yield (
            "serves_fewer without a `total`",
            "Declare where the total stands: without it nothing says that more is there.",
        )
    if isinstance(pages.total, Total):
        if bool(pages.total.path) == bool(pages.total.header):
            yield "a Total in the body and in a header, or in neither", "Declare `path` or `header`."
        if pages.total.counts not in ("records", "pages"):
            yield f"a Total that counts {pages.total.counts!r}", "Write records or pages."
    if pages.ends is not None and pages.ends_with is not None:
        yield "`ends` and `ends_with`", "Declare `ends`; its `status` is what `ends_with` is."
    if pages.end_sign is not None and pages.ends_with is None:
        yield "`end_sign` without `ends_with`", "Declare `ends=Sign(path, value)`."
    if pages.window is not None and pages.page_size is not None and pages.window < pages.page_size:
        yield f"a window of {pages.window} rows for pages of {pages.page_size}", "Correct `window` or `step`."
    if endpoint.splits and pages.window is None and pages.cap is None:
        yield "a `split` and nothing that says when", "Declare `window` or `cap` of the pages."


def _of_templates(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    for market in endpoint.markets:
        known = {*market_parameters(endpoint, market), *endpoint.slices_in(market)}
        known |= {name for first in endpoint.firsts for name in first.values}
        known |= _following(endpoint)
        yield from _of_following(endpoint, market)
        for split in endpoint.splits:
            known |= set(split.whole()) if isinstance(split, Quarters) else {split.parameter}
        for asked in (endpoint, *endpoint.ways_in(market)):
            request = asked.request_in(market)
            in_url = {one.name for one in _places(asked) if isinstance(one, InUrl)}
            if unknown := sorted(placeholders(request) - known - in_url):
                yield (
                    f"the request of {market} has {', '.join(f'{{{name}}}' for name in unknown)}, which nothing fills",
                    "Give the market that parameter, or declare it in `slices`, `split` or `first`.",
                )
            for split in endpoint.splits:
                if isinstance(split, Split) and split.parameter not in placeholders(request):
                    yield (
                        f"split by {split.parameter}, which the request does not hold",
                        f"Write {{{split.parameter}}} in it.",
                    )
            for name in endpoint.slices_in(market).keys() - endpoint.way_of_slice.keys():
                if not placeholders(request) & {name, *_following(endpoint, name)}:
                    yield f"slices by {name}, which the request does not hold", f"Write {{{name}}} where it stands."
        yield from _of_parameters(endpoint, market)
        counted = [one for one in endpoint.slices_in(market).values() if isinstance(one, Listed) and one.count]
        if counted and not _counts_are_of_one_slice(endpoint, market):
            yield (
                "counts of one slice among several",
                "Leave out `count`, slice by one parameter alone, or let the last list's request hold the others.",
            )
        if endpoint.slices_overlap and not endpoint.slices_in(market):
            yield "slices_overlap without slices", "Declare `slices`, or leave `slices_overlap` out."
    for first in endpoint.firsts:
        if unknown_secrets := sorted(set(first.secrets) - first.values.keys()):
            yield f"secrets names {', '.join(unknown_secrets)}, which `values` does not", "Correct `secrets`."


def _following(endpoint: Endpoint, *slices: str) -> set[str]:
    """The parameters that follow from the values of slices, of all where none is named."""
    return {
        parameter
        for name in slices or endpoint.of_slice
        for parameters in endpoint.of_slice.get(name, {}).values()
        for parameter in parameters
    }


def _of_following(endpoint: Endpoint, market: str) -> Iterator[tuple[str, str]]:
    for name, of_value in endpoint.of_slice.items():
        values = endpoint.slices_in(market).get(name)
        if values is None or isinstance(values, Listed) or set(values) != of_value.keys():
            yield f"of_slice of {name}, which is not sliced by these values", "Give each value of the slice an entry."
        elif len({frozenset(parameters) for parameters in of_value.values()}) > 1:
            yield f"of_slice of {name} gives values different parameters", "Give each value the same parameters."


def _counts_are_of_one_slice(endpoint: Endpoint, market: str) -> bool:
    """Whether a count belongs to one set of slices: the counted list is the last, and asked for each of the others."""
    *others, (_, last) = endpoint.slices_in(market).items()
    if any(isinstance(values, Listed) and values.count for _, values in others) or not isinstance(last, Listed):
        return False
    held = placeholders(last.request)
    return all(held & {name, *_following(endpoint, name)} for name, _ in others)


def _of_parameters(endpoint: Endpoint, market: str) -> Iterator[tuple[str, str]]:
    """Parameters that nothing uses, and names that two things fill."""
    first_values = [name for first in endpoint.firsts for name in first.values]
    splits = [
        name for one in endpoint.splits for name in (one.whole() if isinstance(one, Quarters) else [one.parameter])
    ]
    filled = [*endpoint.markets[market], *endpoint.slices_in(market), *first_values, *splits]
    if twice := sorted({name for name in filled if filled.count(name) > 1}):
        yield f"{', '.join(twice)} of {market} is filled in two ways", "Give one of them another name."
    used = {name for request in requests_in(endpoint, market) for name in placeholders(request)}
    used |= {endpoint.market_list.parameter} if endpoint.market_list else set()
    if unused := sorted({*endpoint.markets[market], *first_values, *splits} - used):
        yield (
            f"{', '.join(unused)} of {market}, which no request holds",
            f"Write {{{unused[0]}}} where it stands, or leave it out.",
        )


def _of_signs(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    signs: list[Sign | None] = [endpoint.pages.ends, endpoint.nothing, *(one.sign for one in endpoint.refusals)]
    for sign in signs:
        if sign is not None and not (sign.path or sign.status or sign.header or sign.no_body):
            yield "a Sign that every answer carries", "Name the path, status or header by which it is told."
    for refused in endpoint.refusals:
        if refused.cause not in {cause.value for cause in Cause}:
            yield f"a refusal of cause {refused.cause!r}", "Use a cause of docs/failures.md."


def _places(endpoint: Endpoint) -> list[Place]:
    pages = endpoint.pages
    found: list[str | Place | None] = []
    if isinstance(pages, Offset):
        found = [pages.start, pages.size]
    elif isinstance(pages, PageIndex):
        found = [pages.index, pages.size]
    elif isinstance(pages, Cursor):
        found = [pages.place, pages.size]
    return [one for one in found if isinstance(one, Place)]
