"""The report of one transformed day: what it holds and what became of every record.

Written last, so that it is also the day's seal: readers go through it, and a killed step leaves nothing visible.
This module loads no Polars.

    transformed/<oem>/<name>/<date>/report.json     names the files of the run that counts (`output.py`)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from resources.failures import Cause, PlatformError
from resources.lake.days import day_of

if TYPE_CHECKING:
    from datetime import date

    from resources.lake.lake import Lake

FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class MarketReport:
    """What became of a market's records: received = accepted + quarantined + duplicates, always.

    sightings: distinct identities among them. without_identity: records that have none and so prove nothing.
    complete, cause, message, coverage, attempt, reported_total, shortfall, fetch_seconds are raw's, carried over.
    """

    market: str
    received: int
    accepted: int
    quarantined: int
    duplicates: int
    complete: bool
    cause: str | None
    message: str | None
    coverage: str
    attempt: str
    reported_total: int | None
    shortfall: int
    fetch_seconds: float
    sightings: int = 0
    without_identity: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """One (oem, transformed name, date). `table` is `inventory` or `dealers`; `files`, `quarantine_file` and
    `sightings_file` are paths in the lake; `drift` says in words what was unexpected but not fatal; `interpretation`
    (16 hex digits) is the fingerprint of the contract and the mapping that made the rows, empty where unknown.
    `fill`: market -> column -> the share of accepted rows in which it is filled. `known_codes`: market -> column of
    codes -> the share of known codes among those that the source states. `sha256`: of each file that is named.
    `failed`: market -> why none of its records could be typed; it has no rows, and is not complete."""

    oem: str
    name: str
    endpoint: str
    table: str
    date: str
    source: str
    contract_version: int
    files: list[str]
    quarantine_file: str | None
    quarantined_by_rule: dict[str, int]
    markets: dict[str, MarketReport]
    drift: list[str] = field(default_factory=list)
    sightings_file: str | None = None
    interpretation: str = ""
    fill: dict[str, dict[str, float]] = field(default_factory=dict)
    known_codes: dict[str, dict[str, float]] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    version: int = FORMAT_VERSION

    @property
    def runs(self) -> frozenset[str]:
        """The runs whose files the report names."""
        paths = [*self.files, self.quarantine_file, self.sightings_file]
        return frozenset(path.split("/")[-2] for path in paths if path)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Report:
        """A report of this version, or of version 1: there each accepted or quarantined record counts as a sighting."""
        markets = {}
        for name, counts in value["markets"].items():
            of_version_1 = {} if "sightings" in counts else {"sightings": counts["accepted"] + counts["quarantined"]}
            markets[name] = MarketReport(**counts, **of_version_1)
        known = {one.name for one in fields(cls)}
        return cls(**{name: part for name, part in value.items() if name in known} | {"markets": markets})


def report_folder(oem: str, name: str, day: date) -> str:
    return f"transformed/{oem}/{name}/{day.isoformat()}"


def write_report(lake: Lake, report: Report, day: date) -> None:
    lake.write_json(f"{report_folder(report.oem, report.name, day)}/report.json", report.to_json())


def read_report(lake: Lake, oem: str, name: str, day: date) -> Report:
    """The report of a day, of this version or an earlier one.

    Raises PlatformError: NEVER_LANDED where there is none, TRANSFORMED_DAMAGED where it cannot be read,
    FORMAT_UNKNOWN where a newer version of the platform wrote it.
    """
    path = f"{report_folder(oem, name, day)}/report.json"
    try:
        value = lake.read_json(path)
        version = value["version"]
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise PlatformError(
                Cause.FORMAT_UNKNOWN,
                f"{path} has version {version}, and this platform knows versions up to {FORMAT_VERSION}",
                oem=oem,
                endpoint=name,
                advice="Upgrade the platform, or run the transformed step of the day again with this one.",
            )
        return Report.from_json(value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        detail = f"{path} is no report ({type(error).__name__}: {str(error)[:200]})"
        raise PlatformError(Cause.TRANSFORMED_DAMAGED, detail, oem=oem, endpoint=name) from error
    except FileNotFoundError as error:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"nothing is transformed for {day.isoformat()}",
            oem=oem,
            endpoint=name,
            advice="Run the transformed step of that day first.",
        ) from error


def typed_days(lake: Lake, oem: str, name: str) -> list[date]:
    """The days of a table that have a report, in order; one that cannot be read is told when its day's turn comes.

    A stray folder is no day, nor is one without a report: a step was killed there, or maintenance took the day away.
    """
    found = []
    for folder in lake.list(f"transformed/{oem}/{name}"):
        if (day := day_of(folder)) is None:
            continue
        try:
            read_report(lake, oem, name, day)
        except PlatformError as error:
            if error.cause is Cause.NEVER_LANDED:
                continue
            if error.policy.retry:
                raise  # the storage does not answer: that is no answer about a day
        found.append(day)
    return found
