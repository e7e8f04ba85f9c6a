"""The hosts that an endpoint's requests name, market by market and slice by slice. Pure functions."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlsplit

from raw.endpoint.declaration import Endpoint, before_splits, following_from, market_parameters
from raw.endpoint.slicing import Listed


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
