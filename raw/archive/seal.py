"""The seal of a day: what each market's attempt saw, and which attempt of each market counts.

    raw/<oem>/<endpoint>/<date>/<attempt>/manifest.json         what that attempt saw, kept for ever
    raw/<oem>/<endpoint>/<date>/manifest.json                   the seal: for each market the attempt that counts

Readers go through the seal, so a killed step leaves nothing visible. A rerun replaces the seal, never the
evidence; a market that once landed whole is not replaced by a later attempt that did not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from raw.archive.responses import day_folder
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from resources.lake.lake import Lake

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class MarketSeal:
    """What one attempt saw of one market. `attempt` and `parts` say where its responses lie.

    collected: records in the pages; unique: distinct identities among them (records without one count each);
    reported_total: what the OEM said there is, None where it does not say; shortfall: reported_total - unique,
    never below 0. complete: whether absence from this day means absence from the market.
    """

    market: str
    attempt: str
    coverage: str
    parts: list[str]
    responses: int
    pages: int
    body_bytes: int
    collected: int
    unique: int
    reported_total: int | None
    shortfall: int
    complete: bool
    cause: str | None
    message: str | None
    started_at: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The seal of one (oem, endpoint, date): one entry a market. `drift` says in words what was unexpected
    but not fatal."""

    oem: str
    endpoint: str
    date: str
    source: str
    markets: dict[str, MarketSeal]
    drift: list[str] = field(default_factory=list)
    version: int = FORMAT_VERSION

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Manifest:
        markets = {name: MarketSeal(**seal) for name, seal in value["markets"].items()}
        return cls(**{**value, "markets": markets})


def seal(lake: Lake, manifest: Manifest, day: date) -> Manifest:
    """Seal a day with an attempt's manifest; returns the seal as it now stands.

    A market that an earlier attempt landed whole stays with that attempt where this one did not land it whole,
    unless the market is asked differently since (coverage).
    """
    folder = day_folder(manifest.oem, manifest.endpoint, day)
    for attempt in {market.attempt for market in manifest.markets.values()}:
        lake.write_json(f"{folder}/{attempt}/manifest.json", manifest.to_json())
    try:
        standing = read_seal(lake, manifest.oem, manifest.endpoint, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        standing = None
    markets = dict(manifest.markets)
    for name, earlier in (standing.markets if standing else {}).items():
        later = markets.get(name)
        if later is None or (earlier.complete and not later.complete and earlier.coverage == later.coverage):
            markets[name] = earlier
    sealed = replace(manifest, markets=markets)
    lake.write_json(f"{folder}/manifest.json", sealed.to_json())
    return sealed


def read_seal(lake: Lake, oem: str, endpoint: str, day: date) -> Manifest:
    """The seal of a day. Raises PlatformError(NEVER_LANDED)."""
    try:
        return Manifest.from_json(lake.read_json(f"{day_folder(oem, endpoint, day)}/manifest.json"))
    except FileNotFoundError as error:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"nothing is sealed in the archive for {day.isoformat()}",
            oem=oem,
            endpoint=endpoint,
        ) from error
