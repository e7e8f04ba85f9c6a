"""The report of one transformed day: what it holds and what became of every record.

Written last, so that it is also the day's seal: readers go through it, and a killed step leaves nothing visible.
This module loads no Polars.

    transformed/<oem>/<name>/<date>/report.json     names the files of the run that counts (`output.py`)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from resources.failures import Cause, PlatformError

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
    (16 hex digits) is the fingerprint of the contract and the mapping that made the rows, empty where unknown."""

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
        return cls(**{**value, "markets": markets})


def report_folder(oem: str, name: str, day: date) -> str:
    return f"transformed/{oem}/{name}/{day.isoformat()}"


def write_report(lake: Lake, report: Report, day: date) -> None:
    lake.write_json(f"{report_folder(report.oem, report.name, day)}/report.json", report.to_json())


def read_report(lake: Lake, oem: str, name: str, day: date) -> Report:
    """Raises PlatformError(NEVER_LANDED)."""
    try:
        return Report.from_json(lake.read_json(f"{report_folder(oem, name, day)}/report.json"))
    except FileNotFoundError as error:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"nothing is transformed for {day.isoformat()}",
            oem=oem,
            endpoint=name,
            advice="Run the transformed step of that day first.",
        ) from error
