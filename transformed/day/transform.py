"""One day of one endpoint: response archive to typed Parquet, quarantine and report.

Belongs here: the order of the steps, batches, and the counts that must add up. Does not belong here: decoding,
any OEM's fields, rules, files; no Dagster.
"""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from raw.archive.reader import PageBody, read_pages
from raw.archive.seal import MarketSeal, read_seal
from resources.failures import Cause, PlatformError
from transformed.contract.contracts import CONTRACT_VERSION
from transformed.contract.drift import Drift, quoted
from transformed.contract.one_vehicle import one_row_of_each
from transformed.day import quarantine
from transformed.day.duplicates import keys_of, seen_twice
from transformed.day.output import RunOutput
from transformed.day.report import MarketReport, Report, read_report, report_folder, write_report
from transformed.mapping.declaration import TableMapping
from transformed.mapping.decode import RecordDecoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from raw.endpoint.declaration import Endpoint
    from resources.lake.lake import Lake

_BATCH_RECORDS = 25_000  # decoded records in memory at a time
_SAMPLED_PAGES = 128  # every so many pages of a market one is searched for unknown fields: 5 % of the decoding
_IDENTITIES = {"inventory": "listing_id", "dealers": "dealer_id"}
_PROVENANCE = ("archive_address", "fetched_at")
_QUOTED_TEXTS = 3  # of a column's unknown texts, a batch


def transform_day(*, lake: Lake, oem: str, endpoint: Endpoint, day: date) -> Report:
    """Type a sealed day of an endpoint and write its report, which makes the rows visible.

    Every market of raw's seal is transformed, complete or not; the report says which. Rows follow
    `contracts.Vehicle` or `contracts.Dealer`, sorted by (market, identity) within each file. Received = accepted +
    quarantined + duplicates for each market. Run again it gives the same rows.

    Raises PlatformError: NEVER_LANDED where raw sealed nothing, NOT_JSON for an archived page that is not,
    CONSERVATION_BROKEN where records were lost, CONFIGURATION where the OEM's module lacks the mapping,
    LAKE_UNWRITABLE.
    """
    seal = read_seal(lake, oem, endpoint.name, day)
    output = RunOutput(lake, report_folder(oem, endpoint.yields.name, day))
    work = _Day(oem, endpoint, mapping_of(oem, endpoint), output)
    for _, market in sorted(seal.markets.items()):
        work.add_market(lake, market)
    work.finish()
    refused = work.quarantine(day)
    report = Report(
        oem=oem,
        name=endpoint.yields.name,
        endpoint=endpoint.name,
        table=endpoint.yields.table,
        date=day.isoformat(),
        source=seal.source,
        contract_version=CONTRACT_VERSION,
        quarantine_file=output.write_quarantine(refused),
        files=output.files(),
        quarantined_by_rule=quarantine.count_by_rule(refused),
        markets={name: work.market_report(market) for name, market in sorted(seal.markets.items())},
        drift=work.drift.words(),
    )
    replaced = _standing_report(lake, oem, endpoint.yields.name, day)
    write_report(lake, report, day)
    output.remove_superseded(replaced)
    return report


@dataclass
class _Batch:
    """Decoded records that wait to become rows, with what is known of each from its page."""

    records: list[msgspec.Struct] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    pages: list[tuple[str, datetime, int]] = field(default_factory=list)

    def add(self, page: PageBody, records: list[msgspec.Struct], indexes: Sequence[int]) -> None:
        self.records.extend(records)
        self.addresses.extend(f"{page.address}/{index}" for index in indexes)
        self.pages.append((page.market, page.fetched_at, len(records)))

    def provenance(self) -> pl.DataFrame:
        """Columns market, fetched_at and archive_address, one row a record."""
        schema: dict[str, Any] = {"market": pl.String, "fetched_at": pl.Datetime("us", "UTC"), "records": pl.UInt32}
        pages = pl.DataFrame(self.pages, schema=schema, orient="row").filter(pl.col("records") > 0)
        of_records = pages.select(pl.col("market", "fetched_at").repeat_by("records").list.explode())
        return of_records.with_columns(pl.Series("archive_address", self.addresses))


class _Day:
    """The work of one day: batches in, rows out, counts kept."""

    def __init__(self, oem: str, endpoint: Endpoint, mapping: TableMapping, output: RunOutput) -> None:
        self.drift = Drift()
        self._oem = oem
        self._endpoint = endpoint
        self._mapping = mapping
        self._output = output
        self._identity = _IDENTITIES[endpoint.yields.table]
        self._decoder = RecordDecoder(mapping.record, endpoint.records, endpoint.identity, mapping.ignored, self.drift)
        self._batch = _Batch()
        self._keys: list[pl.DataFrame] = []
        self._quarantine: list[pl.DataFrame] = []
        self._received: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._quarantined: Counter[str] = Counter()
        self._duplicates: Counter[str] = Counter()

    def add_market(self, lake: Lake, seal: MarketSeal) -> None:
        """Decode a market's pages, turning them into rows batch by batch."""
        for number, page in enumerate(read_pages(lake, seal)):
            try:
                self._add_page(page, sampled=number % _SAMPLED_PAGES == 0)
            except PlatformError as error:
                error.oem, error.market, error.endpoint = self._oem, seal.market, self._endpoint.name
                raise
        if self._received[seal.market] != seal.collected:
            raise self._lost(seal.market, f"raw collected {seal.collected} records, {self._received[seal.market]} came")

    def finish(self) -> None:
        """Turn the last records into rows and take the duplicates out."""
        self._flush()
        if self._keys:
            twice = seen_twice(pl.concat(self._keys))
            if len(twice):
                superfluous = self._superfluous(twice)
                self._output.drop(superfluous.select("part", "row"))
                self._duplicates.update(superfluous["market"])
                self._accepted.subtract(superfluous["market"])
        self._decoder.note_fields_never_seen(self._mapping.optional)

    def _superfluous(self, twice: pl.DataFrame) -> pl.DataFrame:
        """Of the rows that share a vehicle (part, row, market, vehicle) all but the one of each that counts."""
        columns = [name for name in self._mapping.contract.column_names() if name not in _PROVENANCE]
        rows = self._output.rows_at(twice.drop("market"))
        counts = one_row_of_each(rows, ["market", "vehicle"], columns=columns, identity=self._identity)
        return twice.join(counts, on=["part", "row"], how="anti")

    def quarantine(self, day: date) -> pl.DataFrame:
        """Every refused record, columns as in QUARANTINE_SCHEMA, in the order of the archive's addresses."""
        of_records = (
            pl.concat(self._quarantine) if self._quarantine else pl.DataFrame(schema=quarantine.QUARANTINE_SCHEMA)
        )
        return (
            of_records.with_columns(
                pl.lit(self._oem).alias("oem"),
                pl.lit(self._endpoint.name).alias("endpoint"),
                pl.lit(day).alias("date"),
                pl.lit(CONTRACT_VERSION, pl.Int32).alias("contract_version"),
            )
            .select(quarantine.QUARANTINE_SCHEMA.names())
            .sort("market", "archive_address")
        )

    def market_report(self, seal: MarketSeal) -> MarketReport:
        """The counts of a market. Raises PlatformError(CONSERVATION_BROKEN) where they do not add up."""
        name = seal.market
        report = MarketReport(
            market=name,
            received=self._received[name],
            accepted=self._accepted[name],
            quarantined=self._quarantined[name],
            duplicates=self._duplicates[name],
            complete=seal.complete,
            cause=seal.cause,
            message=seal.message,
            coverage=seal.coverage,
            attempt=seal.attempt,
            reported_total=seal.reported_total,
            shortfall=seal.shortfall,
            fetch_seconds=seal.seconds,
        )
        accounted_for = report.accepted + report.quarantined + report.duplicates
        if report.received != accounted_for:
            raise self._lost(name, f"{report.received} records received, {accounted_for} accounted for")
        return report

    def _add_page(self, page: PageBody, *, sampled: bool) -> None:
        decoded = self._decoder.decode(page.body, page.address)
        self._received[page.market] += decoded.received
        if decoded.broken:
            broken = [(f"{page.address}/{record.index}", record.identity, record.message) for record in decoded.broken]
            self._refuse(quarantine.unreadable(page.market, broken))
        if sampled:
            self._decoder.look_for_unknown_fields(page.body, page.address)
        self._batch.add(page, decoded.records, decoded.indexes)
        if len(self._batch.records) >= _BATCH_RECORDS:
            self._flush()

    def _flush(self) -> None:
        batch, self._batch = self._batch, _Batch()
        if not batch.records:
            return
        records = self._decoder.to_frame(batch.records).with_columns(
            *batch.provenance(), pl.lit(self._oem).alias("oem")
        )
        del batch
        records = self._exclude(records)
        rows = self._accept(records)
        if len(rows):
            self._accepted.update(dict(rows.group_by("market").len().iter_rows()))
            self._keys.append(keys_of(rows, self._identity, self._output.next_part))
            self._output.write_part(rows)

    def _exclude(self, records: pl.DataFrame) -> pl.DataFrame:
        for rule, predicate in self._mapping.exclusions.items():
            is_excluded = predicate.fill_null(False)
            identity = pl.col(self._endpoint.identity).cast(pl.String)
            self._refuse(quarantine.excluded(records.filter(is_excluded), rule, identity))
            records = records.filter(~is_excluded)
        return records

    def _accept(self, records: pl.DataFrame) -> pl.DataFrame:
        """The rows that keep the contract, sorted; the others are refused."""
        contract = self._mapping.contract
        watched = [expression.alias(_watch(name)) for name, expression in self._mapping.parsed.items()]
        rows = records.select("archive_address", "fetched_at", "oem", "market", *self._mapping.columns, *watched)
        self._note_unreadable_texts(rows)
        accepted, failure = contract.filter(rows, cast=True)
        if len(accepted) != len(rows):
            self._refuse(quarantine.contract_broken(failure, contract, self._identity))
        return accepted.sort("market", self._identity, "archive_address")

    def _note_unreadable_texts(self, rows: pl.DataFrame) -> None:
        """Drift: a source's text from which nothing could be read, be it a code or a number."""
        twins = {name: f"{name}_source" for name in rows.columns if f"{name}_source" in rows.columns}
        for column, source in (twins | {name: _watch(name) for name in self._mapping.parsed}).items():
            unread = rows.filter(pl.col(column).is_null() & pl.col(source).is_not_null())
            if len(unread):
                texts = unread.group_by(source).agg(pl.len(), pl.col("archive_address").first())
                for text, count, address in (
                    texts.sort("len", source, descending=[True, False]).head(_QUOTED_TEXTS).rows()
                ):
                    self.drift.note(f"{column}: nothing can be read from {quoted(text)}", address, count)

    def _refuse(self, rows: pl.DataFrame) -> None:
        self._quarantined.update(dict(rows.group_by("market").len().iter_rows()))
        self._quarantine.append(rows)

    def _lost(self, market: str, detail: str) -> PlatformError:
        return PlatformError(
            Cause.CONSERVATION_BROKEN, detail, oem=self._oem, market=market, endpoint=self._endpoint.name
        )


def mapping_of(oem: str, endpoint: Endpoint) -> TableMapping:
    """What `transformed/<oem>.py` declares for an endpoint. Raises PlatformError(CONFIGURATION)."""
    name = endpoint.yields.name.upper()
    try:
        mapping = getattr(importlib.import_module(f"transformed.{oem}"), name)
    except (ImportError, AttributeError) as error:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"transformed/{oem}.py does not declare {name} ({error})",
            oem=oem,
            endpoint=endpoint.name,
        ) from error
    assert isinstance(mapping, TableMapping)
    return mapping


def _standing_report(lake: Lake, oem: str, name: str, day: date) -> Report | None:
    try:
        return read_report(lake, oem, name, day)
    except PlatformError:
        return None


def _watch(column: str) -> str:
    return f"source of {column}"
