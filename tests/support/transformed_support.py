"""What the tests of transformed share: bodies landed as raw lands them, and rows read back."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.archive.record_list import RecordList
from raw.archive.responses import ArchivedResponse
from raw.archive.seal import Manifest, MarketSeal, seal
from raw.archive.writer import ArchiveWriter, new_attempt
from raw.audi import SCS_SEARCH
from raw.endpoint.coverage import coverage
from raw.endpoint.declaration import Endpoint
from raw.fetch.page_reader import PageReader
from resources.lake.lake import Lake
from transformed.day.output import read_quarantine, read_rows
from transformed.day.report import Report
from transformed.day.transform import transform_day

CHECKOUT = Path(__file__).parents[2]
DAY = date(2026, 6, 24)


PERSONS = ("Zephyrine", "Quillfeather")

CAR: dict[str, Any] = {
    "carId": "ESP0534600000001",
    "type": "U",
    "warrantyPlus": True,
    "brand": {"code": "aa"},
    "model": {"code": "aacv", "description": "Audi A1 Sportback 70 kW"},
    "modelYear": 2018,
    "fuel": {"code": "B", "description": "Gasolina"},
    "gearType": {"code": "gear-type.manual", "description": "Cambio manual"},
    "typedPrices": [
        {"amount": 21313.0, "type": "regular", "currencyCode": "EUR"},
        {"amount": 13590, "type": "retail", "currencyCode": "EUR"},
    ],
    "used": {"mileage": 61234, "mileageUnit": "km", "initialRegistration": "2018-05-10", "initialRegistrationDate": 0},
    "dealer": {
        "id": "05346",
        "name": "LEIOA WAGEN",
        "city": "Leioa",
        "email": f"{PERSONS[0]}@dealer.example",
        "dealerPersons": [{"firstname": PERSONS[0], "lastname": PERSONS[1]}],
    },
}


def captures(*path: str) -> Path:
    """A folder or file of the real captures; the test is skipped, saying so, where there are none."""
    root = Path(os.environ.get("OEM_CAPTURES") or CHECKOUT.parent / "shared" / "captures")
    found = root.joinpath(*path)
    if not found.exists():
        pytest.skip(f"no captures at {found}: set OEM_CAPTURES to their folder")
    return found


def lake_at(folder: Path) -> Lake:
    return Lake((folder / "lake").as_uri())


def body_of(endpoint: Endpoint, records: Any) -> bytes:
    """A page with these records where the endpoint has them."""
    return json.dumps(RecordList(endpoint.records).body_of(records), ensure_ascii=False).encode()


def land(
    lake: Lake,
    oem: str,
    endpoint: Endpoint,
    pages: Mapping[str, Iterable[bytes]],
    day: date = DAY,
    *,
    complete: bool = True,
    collected: Mapping[str, int] | None = None,
    slices: Sequence[str] = (),
) -> Manifest:
    """Archive and seal page bodies by market, as a fetch would have. collected: what raw counts, where it lies.
    slices: of the pages, in their order."""
    attempt = new_attempt(datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6))
    reader = PageReader(endpoint)
    counts: dict[str, list[str | None]] = {}
    with ArchiveWriter(lake, oem, endpoint.name, day, attempt) as writer:
        fetched_at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6)
        for market, bodies in pages.items():
            counts[market] = []
            for number, body in enumerate(bodies):
                counts[market].extend(reader.read(body).identities)
                slice_ = slices[number] if slices else ""
                writer.write(_response(market, slice_, number, fetched_at + timedelta(seconds=number), body))
        parts = {market: writer.parts_of(market) for market in pages}
    markets = {
        market: MarketSeal(
            market=market,
            attempt=attempt,
            coverage=coverage(endpoint, market),
            parts=parts[market],
            responses=len(parts[market]),
            pages=len(parts[market]),
            body_bytes=0,
            collected=(collected or {}).get(market, len(identities)),
            unique=len(set(identities)),
            reported_total=None,
            shortfall=0,
            complete=complete,
            cause=None if complete else "shortfall",
            message=None if complete else "a page is missing",
            started_at=attempt,
            seconds=1.5,
        )
        for market, identities in counts.items()
    }
    return seal(lake, Manifest(oem, endpoint.name, day.isoformat(), "sandbox", markets), day)


def car(number: int, **changes: Any) -> dict[str, Any]:
    """A good car with the id `ESP<number>`, but for the changes."""
    return {**copy.deepcopy(CAR), "carId": f"ESP{number:05d}", **changes}


def run(lake: Lake, endpoint: Endpoint = SCS_SEARCH, oem: str = "audi", day: date = DAY) -> Report:
    """Transform a landed day."""
    return transform_day(lake=lake, oem=oem, endpoint=endpoint, day=day)


def landed(folder: Path, pages: dict[str, list[list[Any]]], **how: Any) -> Lake:
    """A new lake in which these pages of Audi's cars have landed, by market."""
    lake = lake_at(folder)
    land(
        lake,
        "audi",
        SCS_SEARCH,
        {name: [body_of(SCS_SEARCH, page) for page in of] for name, of in pages.items()},
        **how,
    )
    return lake


def assert_conserved(report: Report) -> None:
    for market in report.markets.values():
        assert market.received == market.accepted + market.quarantined + market.duplicates


def rows_of(lake: Lake, report: Report) -> list[dict[str, Any]]:
    return read_rows(lake, report).to_dicts()


def quarantine_of(lake: Lake, report: Report) -> list[dict[str, Any]]:
    return read_quarantine(lake, report).to_dicts()


def without_provenance(rows: pl.DataFrame) -> pl.DataFrame:
    """What a row says, whatever page it came on."""
    return (
        rows.drop("archive_address", "fetched_at").sort(pl.exclude("services", "opening_hours")) if len(rows) else rows
    )


def _response(market: str, slice_: str, number: int, fetched_at: datetime, body: bytes) -> ArchivedResponse:
    return ArchivedResponse(
        market=market,
        slice=slice_,
        page=number,
        kind="page",
        cause=None,
        attempt_number=1,
        method="GET",
        url="https://example.invalid/",
        request_headers="{}",
        request_body=None,
        status=200,
        headers="{}",
        fetched_at=fetched_at,
        body=body,
    )


def transform(folder: Path, endpoint: Endpoint, records: list[Any], market: str) -> tuple[Lake, Report]:
    lake = lake_at(folder)
    land(lake, "audi", endpoint, {market: [body_of(endpoint, records)]})
    return lake, transform_day(lake=lake, oem="audi", endpoint=endpoint, day=DAY)
