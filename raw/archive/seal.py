"""The seal of a day: what each market's attempt saw, and which attempt of each market counts.

    raw/<oem>/<endpoint>/<date>/<attempt>/manifest.json         what that attempt saw, kept for ever
    raw/<oem>/<endpoint>/<date>/manifest.json                   the seal: for each market the attempt that counts

Readers go through the seal, so a killed step leaves nothing visible. A rerun replaces the seal, never the
evidence; a market that once landed whole is not replaced by a later attempt that did not.

The seal is a function of the attempts' manifests and not of the order in which they were sealed: attempts that seal at
once agree, and a seal that was damaged is made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from raw.archive.responses import day_folder
from raw.archive.swap import as_json, swap
from resources.failures import Cause, PlatformError
from resources.lake.days import day_of

if TYPE_CHECKING:
    from resources.lake.lake import Lake

_NAME = "manifest.json"
FORMAT_VERSION = 2
"""1: without what a market's pages prove (identities, duplicates, slices, digest). Such manifests are still read."""


@dataclass(frozen=True, slots=True)
class MarketSeal:
    """What one attempt saw of one market. `attempt` and `parts` say where its responses lie.

    collected: records in the pages; unique: distinct identities among them; without_identity: records that have none
    and so prove nothing; exact_duplicates: records that stand twice on one page, byte for byte.
    reported_total: what the OEM said there is, None where it does not say; shortfall: reported_total less unique and
    the exact duplicates that it can count, never below 0. complete: whether absence from this day means absence from
    the market.
    slices: records by slice. silent_slices: the slices that are empty and held records on the last sealed day.
    content_digest: of the pages' bytes, the same for the same bytes. last_refusal: why a later attempt did not take
    this one's place.
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
    without_identity: int = 0
    exact_duplicates: int = 0
    slices: dict[str, int] = field(default_factory=dict)
    silent_slices: list[str] = field(default_factory=list)
    content_digest: str = ""
    last_refusal: str | None = None


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
    def from_json(cls, value: Any) -> Manifest:
        """Raises PlatformError: FORMAT_UNKNOWN for a manifest of a newer version, ARCHIVE_DAMAGED for none at all."""
        version = value.get("version") if isinstance(value, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise PlatformError(
                Cause.FORMAT_UNKNOWN, f"the manifest is of version {version}, and {FORMAT_VERSION} is the newest known"
            )
        try:
            markets = {name: MarketSeal(**seal) for name, seal in value["markets"].items()}
            # what is made of a manifest of an earlier version is one of this version
            return cls(**{**value, "markets": markets, "version": FORMAT_VERSION})
        except (TypeError, KeyError, AttributeError) as error:
            raise PlatformError(Cause.ARCHIVE_DAMAGED, "the manifest is not of the form of one") from error


def seal(lake: Lake, manifest: Manifest, day: date) -> Manifest:
    """Seal a day with an attempt's manifest; returns the seal as it now stands.

    A market that an earlier attempt landed whole stays with that attempt where this one did not land it whole,
    unless the market is asked differently since (coverage); `last_refusal` says then why.
    Raises PlatformError: LAKE_UNWRITABLE, FORMAT_UNKNOWN where a newer version of the platform has sealed the day.
    """
    folder = day_folder(manifest.oem, manifest.endpoint, day)
    for attempt in {market.attempt for market in manifest.markets.values()}:
        lake.write_json(f"{folder}/{attempt}/{_NAME}", manifest.to_json())
    sealed: list[Manifest] = []

    def renewed(standing: bytes | None) -> bytes:
        try:
            found = [_parsed(standing)] if standing is not None else []
        except PlatformError as error:
            if error.cause is not Cause.ARCHIVE_DAMAGED:
                raise _placed(error, manifest.oem, manifest.endpoint, f"{folder}/{_NAME}") from error
            found = []
        sealed[:] = [merged([*found, *_attempts(lake, folder), manifest])]
        return as_json(sealed[0].to_json())

    swap(lake, f"{folder}/{_NAME}", renewed)
    return sealed[0]


def merged(manifests: Iterable[Manifest]) -> Manifest:
    """The seal that the manifests of a day's attempts make, in whatever order and however often they are given.

    The attempts of a market are taken in the order of their names, which is that of their start: an attempt takes the
    place of the one before, unless that landed whole, this did not, and both asked alike.
    """
    given = list(manifests)
    attempts: dict[str, dict[str, MarketSeal]] = {}
    for manifest in given:
        for name, market in manifest.markets.items():
            attempts.setdefault(name, {})[market.attempt] = replace(market, last_refusal=None)
    markets: dict[str, MarketSeal] = {}
    for name, of_market in sorted(attempts.items()):
        counts, *later = [of_market[attempt] for attempt in sorted(of_market)]
        for attempt in later:
            if counts.complete and not attempt.complete and counts.coverage == attempt.coverage:
                counts = replace(counts, last_refusal=f"attempt {attempt.attempt}: {attempt.message}")
            else:
                counts = attempt
        markets[name] = counts
    latest = max(given, key=lambda one: max((market.attempt for market in one.markets.values()), default=""))
    return replace(latest, markets=markets)


def read_seal(lake: Lake, oem: str, endpoint: str, day: date) -> Manifest:
    """The seal of a day. One that cannot be read is made again from the manifests of the day's attempts.

    Raises PlatformError: NEVER_LANDED, FORMAT_UNKNOWN, ARCHIVE_DAMAGED where no attempt's manifest can be read either.
    """
    folder = day_folder(oem, endpoint, day)
    path = f"{folder}/{_NAME}"
    try:
        return _parsed(lake.read_bytes(path))
    except FileNotFoundError as error:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"nothing is sealed in the archive for {day.isoformat()}",
            oem=oem,
            endpoint=endpoint,
        ) from error
    except PlatformError as error:
        if error.cause is Cause.ARCHIVE_DAMAGED and (attempts := _attempts(lake, folder)):
            return merged(attempts)
        raise _placed(error, oem, endpoint, path) from error


def sealed_days_before(lake: Lake, oem: str, endpoint: str, day: date, most: int) -> list[Manifest]:
    """The seals of the last days before a day, the latest first; folders that are no days and seals that cannot be
    read are passed over."""
    found: list[Manifest] = []
    days = [one for name in lake.list(f"raw/{oem}/{endpoint}") if (one := day_of(name)) and one < day]
    for one in reversed(days):
        if len(found) == most:
            break
        with suppress(PlatformError):
            found.append(read_seal(lake, oem, endpoint, one))
    return found


def _attempts(lake: Lake, folder: str) -> list[Manifest]:
    """The manifests of a day's finished attempts that can be read."""
    found = []
    for name in lake.list(folder):
        with suppress(FileNotFoundError, NotADirectoryError, PlatformError):  # the seal itself lies there too
            found.append(_parsed(lake.read_bytes(f"{folder}/{name}/{_NAME}")))
    return found


def _parsed(content: bytes) -> Manifest:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PlatformError(Cause.ARCHIVE_DAMAGED, "the manifest is not JSON") from error
    return Manifest.from_json(value)


def _placed(error: PlatformError, oem: str, endpoint: str, path: str) -> PlatformError:
    return replace(error, detail=f"{path}: {error.detail}", oem=oem, endpoint=endpoint)
