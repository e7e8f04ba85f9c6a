"""A day fetched from a host inside the test process, and what the archive has of it."""

from __future__ import annotations

from collections import Counter
from datetime import date

import msgspec
import pyarrow.parquet as pq

from raw.archive.reader import read_pages
from raw.archive.seal import Manifest
from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from resources.apis.apis import Apis
from resources.lake.lake import Lake

DAY = date(2026, 11, 20)


def fetch(lake: Lake, endpoint: Endpoint, apis: Apis, oem: str = "audi", day: date = DAY) -> Manifest:
    return fetch_day(lake=lake, oem=oem, endpoint=endpoint, day=day, apis=apis, progress=lambda _: None)


def archived(lake: Lake, manifest: Manifest) -> list[dict[str, object]]:
    """Every archived response of the manifest's attempts."""
    parts = sorted({part for market in manifest.markets.values() for part in market.parts})
    return [row for part in parts for row in pq.read_table(lake.url(part)).to_pylist()]


def records_in(lake: Lake, manifest: Manifest, endpoint: Endpoint) -> Counter[str]:
    counts: Counter[str] = Counter()
    for market in manifest.markets.values():
        for page in read_pages(lake, market):
            node = msgspec.json.decode(page.body)
            for key in endpoint.records.split("."):
                node = node[key]
            counts[market.market] += len(node)
    return counts
