"""The hosts that an endpoint's requests name, market by market and slice by slice. Pure functions."""

from __future__ import annotations

from urllib.parse import urlsplit

from raw.endpoint.declaration import Endpoint, following_from, market_parameters, slices_of
from raw.endpoint.slicing import Listed


def hosts_of(endpoint: Endpoint) -> list[str]:
    """The hosts, without repeats, in the order in which they are declared; one that a first answer names is none of
    them."""
    found: list[str] = []
    for market in endpoint.markets:
        listed = {name: ("",) for name, values in endpoint.slices_in(market).items() if isinstance(values, Listed)}
        for parameters in slices_of(endpoint, market, listed):
            filled = {**market_parameters(endpoint, market), **following_from(endpoint, parameters)}
            for request in endpoint.requests():
                try:
                    found.append(urlsplit(request.url).netloc.format_map(filled))
                except KeyError:
                    continue
    return list(dict.fromkeys(host for host in found if host))
