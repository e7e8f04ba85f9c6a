"""A day's markets held against each other and against the days before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import replace
from itertools import combinations

from raw.archive.seal import Manifest, MarketSeal
from raw.endpoint.declaration import Endpoint, Inventory, before_splits
from raw.endpoint.slicing import Listed
from raw.fetch.market import MarketFetch
from raw.fetch.redaction import bounded
from resources.failures import Cause, PlatformError

_STALE_DAYS = 2  # a day that is like the two before it; two like days happen in a quiet feed
LOOKED_BACK_DAYS = 7  # sealed days among which a market's last ones are looked for


def tell_mixed_up_markets(endpoint: Endpoint, markets: Sequence[MarketFetch]) -> None:
    """Fail each two markets of which one holds half or more of the other's listings: one of them was answered with
    the other's, and which one cannot be known. An identity names a listing within its endpoint."""
    if endpoint.markets_share_listings:
        return
    for one, other in combinations(markets, 2):
        fewer, more = sorted((one, other), key=lambda market: market.evidence.unique)
        shared = len(fewer.evidence.identities & more.evidence.identities)
        if shared and 2 * shared >= fewer.evidence.unique:
            for market, company in ((one, other), (other, one)):
                market.fail(
                    Cause.MARKET_MIXUP,
                    f"{shared} of its {market.evidence.unique} listings are among the {company.evidence.unique} "
                    f"of {company.market}",
                )


def compared_with_days_before(
    endpoint: Endpoint,
    markets: Mapping[str, MarketSeal],
    days_before: Sequence[Manifest],
    without_list: Set[str] = frozenset(),
) -> tuple[dict[str, MarketSeal], list[str]]:
    """The seals with their silent slices, and in words what is worth a look and no failure.

    days_before: the latest first. Only a market's own sealed days count, asked as it is asked now. without_list: the
    markets whose slices were not listed: where one that held records was not asked for, such a market is not complete.
    """
    told: list[str] = []
    compared = {}
    for name, market in markets.items():
        earlier = [
            day.markets[name]
            for day in days_before
            if name in day.markets and day.markets[name].complete and day.markets[name].coverage == market.coverage
        ]
        silent = _silent_slices(market, earlier[0]) if earlier else []
        compared[name] = replace(market, silent_slices=silent)
        if silent:
            slices = bounded(", ".join(silent))
            told.append(f"{name}: silent_slice: {slices} held records on the last sealed day and is empty")
        if unlisted := _unlisted_slices(endpoint, market, earlier[0]) if earlier else []:
            slices = bounded(", ".join(unlisted))
            told.append(f"{name}: unlisted_slice: {slices} held records on the last sealed day and is not listed now")
            if name in without_list:
                detail = f"{slices} held records on the last sealed day and was not asked for: its list is not served"
                error = PlatformError(Cause.SHORTFALL, detail, days_before[0].oem, name, endpoint.name)
                compared[name] = replace(compared[name], complete=False, cause=error.cause.value, message=str(error))
        if isinstance(endpoint.yields, Inventory) and _is_stale(market, earlier):
            told.append(
                f"{name}: stale: its pages are byte for byte those of the last {_STALE_DAYS} sealed days: "
                "a cache may be answering"
            )
    return compared, told


def _silent_slices(market: MarketSeal, before: MarketSeal) -> list[str]:
    """Slices that were asked and are empty; a slice that was not reached, as the market failed, is no silent one."""
    return sorted(
        name for name, records in market.slices.items() if name and not records and before.slices.get(name, 0)
    )


def _unlisted_slices(endpoint: Endpoint, market: MarketSeal, before: MarketSeal) -> list[str]:
    """Slices that held records and were not asked, since the list that names them leaves them out: sold out, or not.

    Finer slices count for the slice in whose place they were asked: which there are follows from what is in stock."""
    if not market.complete or not any(isinstance(one, Listed) for one in endpoint.slices_in(market.market).values()):
        return []
    splits = before_splits(endpoint)
    asked = {_before_split(name, splits) for name in market.slices}
    held = {_before_split(name, splits) for name, records in before.slices.items() if records}
    return sorted(held - asked)


def _before_split(name: str, splits: Collection[str]) -> str:
    """The name of a slice without the parameters by which it was split."""
    return "&".join(part for part in name.split("&") if part.partition("=")[0] not in splits)


def _is_stale(market: MarketSeal, earlier: Sequence[MarketSeal]) -> bool:
    """A list of dealers may stay the same for weeks; a stock of cars does not."""
    digests = [before.content_digest for before in earlier[:_STALE_DAYS]]
    return bool(market.content_digest) and digests == [market.content_digest] * _STALE_DAYS
