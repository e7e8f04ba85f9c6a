"""The hosts that an endpoint's requests name, market by market and slice by slice, and those that a first answer names.
Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from string import Formatter
from typing import Any
from urllib.parse import urlsplit

from raw.endpoint.declaration import Endpoint, before_splits, following_from, market_parameters
from raw.endpoint.requests import Secret
from raw.endpoint.slicing import First, Listed

_NAME_OF_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:]{2,39}")


def hosts_of(endpoint: Endpoint) -> list[str]:
    """The hosts, without repeats, in the order in which they are declared; one that a first answer names is none of
    them."""
    found: list[str] = []
    for market in endpoint.markets:
        slices = endpoint.slices_in(market)
        # the values of a list are only known when it is asked for
        known = [("",) if isinstance(values, Listed) else values for values in slices.values()]
        for values in product(*known):
            parameters = {**dict(zip(slices, values, strict=True)), **before_splits(endpoint)}
            filled = {**market_parameters(endpoint, market), **following_from(endpoint, parameters)}
            for request in endpoint.requests():
                try:
                    found.append(urlsplit(request.url).netloc.format_map(filled))
                except KeyError:
                    continue
    return list(dict.fromkeys(host for host in found if host))


def parameters_without_host(endpoint: Endpoint, first: First, values: Mapping[str, Any]) -> list[str]:
    """The parameters of a first answer that begin the URL of a request and name no host there, sorted.

    values: of all first answers so far. A URL is one of https, or of the scheme of the first request itself, with a
    host and nothing of a person before it and no query behind it: else credentials would go anywhere, or in clear.
    """
    schemes = {"https", urlsplit(first.request.url).scheme}
    wrong = set()
    for request in endpoint.requests():
        begin, _, rest = request.url.rpartition("://")
        host = rest.partition("/")[0]
        names = {name for _, name, _, _ in Formatter().parse(host) if name}
        known = {name: values[name] for name in names if name in values and not isinstance(values[name], Secret)}
        if names & first.values.keys() and names == known.keys():
            filled = f"{begin}://{host}" if begin else host
            if not _is_address(filled.format_map(known), schemes):
                wrong |= names & first.values.keys()
    return sorted(wrong)


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and " " not in url and not (parts.query or parts.fragment)
    has_host = _NAME_OF_HOST.fullmatch(parts.hostname or "") is not None and parts.username is None
    return parts.scheme in schemes and has_host and port_is_one and is_plain
