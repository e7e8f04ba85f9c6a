"""What a few records become by a maker's mapping, without archive, lake or files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from raw.archive.reader import PageBody
from raw.endpoint.declaration import Endpoint
from tests.support.transformed_support import body_of
from transformed.contract.drift import Drift
from transformed.day.batches import batches
from transformed.day.typed_rows import typed_rows
from transformed.mapping.decode import RecordDecoder
from transformed.mapping.loading import mapping_of

FETCHED_ON = date(2026, 6, 24)


@dataclass(frozen=True)
class Typed:
    """rows and quarantine: as dicts. drift: its lines."""

    rows: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    drift: list[str]

    @property
    def row(self) -> dict[str, Any]:
        """The only row."""
        assert not self.quarantine, self.quarantine
        (only,) = self.rows
        return only

    def drift_of(self, column: str) -> list[str]:
        """The lines about a column of the contract."""
        return [line for line in self.drift if line.startswith(f"{column}: ")]


def typed(oem: str, endpoint: Endpoint, records: list[Any], market: str) -> Typed:
    """Decode the records as one page of a market, and type them."""
    return typed_body(oem, endpoint, body_of(endpoint, records), market)


def typed_body(oem: str, endpoint: Endpoint, body: bytes, market: str) -> Typed:
    """The same for a page's body."""
    mapping, drift = mapping_of(oem, endpoint), Drift()
    decoder = RecordDecoder(mapping.record, endpoint.records, endpoint.identities, mapping.ignored, drift)
    fetched_at = datetime.combine(FETCHED_ON, datetime.min.time(), UTC)
    rows, refused = [], []
    for batch in batches([PageBody(market, "part#0", fetched_at, body)], decoder):
        result = typed_rows(batch.frame(decoder, oem, market), endpoint, mapping, drift)
        rows += result.rows.to_dicts()
        refused += result.quarantine.to_dicts()
        refused += [{"rule": "schema_drift", "message": record.message} for _, record in batch.broken]
    return Typed(rows, refused, drift.lines())
