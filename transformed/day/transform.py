"""One day of one endpoint: from the response archive to typed Parquet, quarantine, sightings and report."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from raw.archive.reader import read_pages
from raw.archive.seal import Manifest, MarketSeal, read_seal
from resources.failures import Cause, PlatformError
from transformed.contract.contracts import CONTRACT_VERSION, IDENTITY, PROVENANCE
from transformed.contract.drift import Drift, cut
from transformed.contract.one_vehicle import one_row_of_each
from transformed.day import duplicates, quarantine, sightings
from transformed.day.attributes import Shares
from transformed.day.batches import batches
from transformed.day.interpretation import interpretation
from transformed.day.output import Output, StoredOutput
from transformed.day.report import MarketReport, Report, read_report, report_folder, write_report
from transformed.day.typed_rows import typed_rows
from transformed.mapping.declaration import PROVIDED_COLUMNS, TableMapping
from transformed.mapping.decode import RecordDecoder
from transformed.mapping.loading import mapping_of

if TYPE_CHECKING:
    from datetime import date

    from raw.endpoint.declaration import Endpoint
    from resources.lake.lake import Lake


_OF_ONE_MARKET = (Cause.NOT_JSON, Cause.CONSERVATION_BROKEN, Cause.ARCHIVE_DAMAGED)
"""Causes that lie in one market's archived bytes, or in what was made of them."""


def transform_day(*, lake: Lake, oem: str, endpoint: Endpoint, day: date) -> Report:
    """Type a sealed day of an endpoint and write its report, which makes the rows visible.

    Every market of raw's seal is typed, complete or not; the report says which. Rows follow `contracts.Vehicle` or
    `contracts.Dealer`; a file holds rows of one market, sorted by identity. Received = accepted + quarantined +
    duplicates for each market. Run again it gives the same rows.

    A market whose records cannot be typed is reported as incomplete, without rows, and stops no other.

    Raises PlatformError: NEVER_LANDED where raw sealed nothing, CONFIGURATION where the OEM's module lacks the mapping
    or declares it wrongly, LAKE_UNWRITABLE, and where no market could be typed the first one's: NOT_JSON for an
    archived page that is not JSON, CONSERVATION_BROKEN where records were lost, DEFECT. ARCHIVE_DAMAGED too where the
    archive has lost a market that was typed before: what was typed stays.
    """
    seal = read_seal(lake, oem, endpoint.name, day)
    output = StoredOutput(lake, report_folder(oem, endpoint.yields.name, day))
    report = type_day(lake, seal, endpoint, day, output)
    replaced = _standing_report(lake, report, day)
    _refuse_to_lose_rows(report, replaced)
    write_report(lake, report, day)
    output.remove_superseded(replaced)
    return report


def type_day(lake: Lake, seal: Manifest, endpoint: Endpoint, day: date, output: Output) -> Report:
    """Type every market of a sealed day into `output`; returns the report, which is not written.

    Raises PlatformError as `transform_day` does.
    """
    mapping, drift = mapping_of(seal.oem, endpoint), Drift()
    decoder = RecordDecoder(
        mapping.record,
        endpoint.records,
        endpoint.identities,
        mapping.ignored,
        drift,
        may_lack_records=endpoint.nothing is not None,
    )
    work = _Work(seal.oem, endpoint, mapping, decoder, drift, output)
    markets = {name: _market_or_failure(work, lake, market) for name, market in sorted(seal.markets.items())}
    failures = {name: market.failure for name, market in markets.items() if market.failure}
    if failures and len(failures) == len(markets):
        raise next(iter(failures.values()))
    decoder.note_fields_never_seen(mapping.optional)
    refused = quarantine.of_a_day(
        [market.quarantine for market in markets.values()],
        oem=seal.oem,
        endpoint=endpoint.name,
        day=day,
        contract_version=CONTRACT_VERSION,
    )
    seen = sightings.concat([market.sightings for market in markets.values()])
    quarantine_file, sightings_file = output.write_beside("quarantine", refused), output.write_beside("sightings", seen)
    named = [*output.files(), quarantine_file, sightings_file]
    return Report(
        oem=seal.oem,
        name=endpoint.yields.name,
        endpoint=endpoint.name,
        table=endpoint.yields.table,
        date=day.isoformat(),
        source=seal.source,
        contract_version=CONTRACT_VERSION,
        files=output.files(),
        quarantine_file=quarantine_file,
        sightings_file=sightings_file,
        quarantined_by_rule=quarantine.count_by_rule(refused),
        markets={name: market.report for name, market in markets.items()},
        drift=drift.lines(),
        sha256={path: output.sha256[path] for path in named if path in output.sha256},
        failed={name: str(failure) for name, failure in failures.items()},
        interpretation=interpretation(seal.oem, endpoint),
        fill={name: market.shares.of_filled() for name, market in markets.items()},
        known_codes={name: market.shares.of_known() for name, market in markets.items()},
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """What the markets of a day have in common."""

    oem: str
    endpoint: Endpoint
    mapping: TableMapping
    decoder: RecordDecoder
    drift: Drift
    output: Output

    @property
    def identity(self) -> str:
        return IDENTITY[self.endpoint.yields.table]

    def lost(self, market: str, detail: str) -> PlatformError:
        return PlatformError(
            Cause.CONSERVATION_BROKEN, detail, oem=self.oem, market=market, endpoint=self.endpoint.name
        )


@dataclass(frozen=True, slots=True)
class _TypedMarket:
    """What came of a market: its counts, its refused records and its sightings. Its rows lie in the output."""

    report: MarketReport
    quarantine: pl.DataFrame
    sightings: pl.DataFrame
    shares: Shares
    failure: PlatformError | None = None


def _market_or_failure(work: _Work, lake: Lake, seal: MarketSeal) -> _TypedMarket:
    """A typed market, or one that is not complete, without rows, where its own bytes or a defect stopped the work.

    Whatever is wrong with one market's records, the others are typed. Raises PlatformError where the storage or a
    setting is at fault.
    """
    parts = work.output.parts
    try:
        return _type_market(work, lake, seal)
    except PlatformError as error:
        if error.cause not in _OF_ONE_MARKET:
            raise
        failure = replace(error, oem=work.oem, market=seal.market, endpoint=work.endpoint.name)
    except (OSError, MemoryError):
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {cut(str(error), 200)}"
        failure = PlatformError(Cause.DEFECT, detail, oem=work.oem, market=seal.market, endpoint=work.endpoint.name)
        failure.__cause__ = error
    work.output.discard_parts_from(parts)
    report = _report(seal, complete=False, cause=failure.cause.value, message=str(failure))
    return _TypedMarket(report, quarantine.concat([]), sightings.concat([]), Shares([]), failure)


def _type_market(work: _Work, lake: Lake, seal: MarketSeal) -> _TypedMarket:
    """Decode a market's pages, type them batch by batch, and settle what only the whole market shows."""
    received, excluded = 0, 0
    shares = Shares([name for name in work.mapping.names() if name not in PROVIDED_COLUMNS])
    keys: list[pl.DataFrame] = []
    refused: list[pl.DataFrame] = []
    refused_sightings: list[pl.DataFrame] = []
    for batch in batches(read_pages(lake, seal), work.decoder):
        received += batch.received
        typed = typed_rows(batch.frame(work.decoder, work.oem, seal.market), work.endpoint, work.mapping, work.drift)
        excluded += typed.excluded
        refused += [quarantine.unreadable(seal.market, batch.broken), typed.quarantine]
        refused_sightings += [sightings.of_unreadable(seal.market, batch.broken), typed.refused_sightings]
        if len(typed.rows):
            part = work.output.write_part(typed.rows)
            shares.add(typed.rows)
            keys.append(duplicates.keys_of(typed.rows, work.identity, part))
    if received != seal.collected:
        raise work.lost(seal.market, f"raw collected {seal.collected} records, {received} came")

    accepted, merged, refused_seen = _settle(work, keys, sightings.concat(refused_sightings))
    quarantined = quarantine.concat(refused)
    if received != len(accepted) + len(merged) + len(quarantined):
        accounted_for = f"{len(accepted)} + {len(merged)} + {len(quarantined)}"
        raise work.lost(seal.market, f"{received} records received, {accounted_for} accounted for")
    seen = sightings.best_of_each(
        [sightings.of_keys(accepted, sightings.ACCEPTED), sightings.of_keys(merged, sightings.MERGED), refused_seen]
    )
    report = _report(
        seal,
        received=received,
        accepted=len(accepted),
        quarantined=len(quarantined),
        duplicates=len(merged),
        sightings=len(seen),
        without_identity=len(quarantined) - excluded - len(refused_seen),
    )
    shares.filled["vin"] = int(pl.concat([accepted, merged])["vin"].count())
    return _TypedMarket(report, quarantined, seen, shares)


def _report(seal: MarketSeal, **found: Any) -> MarketReport:
    """The report of a market: what raw's seal says of it, but for what is `found` to be otherwise."""
    of_raw = {
        "market": seal.market,
        "complete": seal.complete,
        "cause": seal.cause,
        "message": seal.message,
        "coverage": seal.coverage,
        "attempt": seal.attempt,
        "reported_total": seal.reported_total,
        "shortfall": seal.shortfall,
        "fetch_seconds": seal.seconds,
    }
    nothing = {"received": 0, "accepted": 0, "quarantined": 0, "duplicates": 0}
    return MarketReport(**{**of_raw, **nothing, **found})


def _settle(
    work: _Work, keys: list[pl.DataFrame], refused: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Take VINs that identify no listing, and rows of vehicles that came twice, out of a market's output.

    keys: of the market's rows, as from `duplicates.keys_of`. refused: sightings of its refused records. Returns the
    keys of the rows that stay, the keys of those that were merged into another row, and the refused sightings.
    """
    rows = duplicates.concat(keys)
    shared = duplicates.shared_vins(pl.concat([rows.select(refused.columns[:3]), refused.select(refused.columns[:3])]))
    if len(shared):
        for market, vin, listings in shared.rows():
            what = f"vin: `{vin}` stands on {listings} listings of {market} and identifies none"
            work.drift.note(what, records=listings)
        work.output.forget_vins(rows.join(shared, on=["market", "vin"], how="semi").select("part", "row"))
        rows, refused = (duplicates.without_vins(found, shared) for found in (rows, refused))
    twice = duplicates.seen_twice(rows)
    if twice.is_empty():
        return rows, rows.clear(), refused
    columns = [name for name in work.mapping.contract.column_names() if name not in PROVENANCE]
    candidates = work.output.rows_at(twice.drop("market"))
    counting = one_row_of_each(candidates, ["market", "vehicle"], columns=columns, identity=work.identity)
    superfluous = twice.join(counting, on=["part", "row"], how="anti")
    work.output.drop(superfluous.select("part", "row"))
    places = ["part", "row"]
    return rows.join(superfluous, on=places, how="anti"), rows.join(superfluous, on=places, how="semi"), refused


def _refuse_to_lose_rows(report: Report, standing: Report | None) -> None:
    """Raise ARCHIVE_DAMAGED where the rows of a market that the archive has lost since would be replaced by none."""
    for name, market in report.markets.items():
        before = standing.markets.get(name) if standing else None
        if market.cause == Cause.ARCHIVE_DAMAGED and name in report.failed and before and before.accepted:
            raise PlatformError(
                Cause.ARCHIVE_DAMAGED,
                f"the market can no longer be typed, and what was typed before stays ({market.message})",
                oem=report.oem,
                market=name,
                endpoint=report.endpoint,
            )


def _standing_report(lake: Lake, report: Report, day: date) -> Report | None:
    """The report that the new one replaces, None where there is none that can be read."""
    try:
        return read_report(lake, report.oem, report.name, day)
    except PlatformError:
        return None
