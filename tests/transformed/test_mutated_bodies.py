"""Bodies with changed bytes and values: what raw takes for a page, transformed types without losing a record.

Raw's reader decides what is archived as a page; everything else it refuses by a named cause. A day of such pages is
then transformed, and received = accepted + quarantined + duplicates has to hold in every market.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from raw.endpoint.declaration import Endpoint
from raw.fetch.page_reader import PageReader
from raw.wiring.discovery import Oem
from resources.failures import PlatformError
from tests.support.counts import count
from tests.support.declared import ASKED
from tests.support.lies import change_bytes
from tests.support.mutator import honest_host, records_of
from tests.support.representatives import of_every_endpoint
from tests.support.transformed_support import assert_conserved, body_of, lake_at, land
from transformed.day.transform import transform_day

pytestmark = pytest.mark.slow

VEHICLES = 700
BODIES_A_DAY = 50
BODIES = count(1000, 100_000)
DAYS = math.ceil(BODIES / (BODIES_A_DAY * len(ASKED)))
RECORDS = 6
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 2**63, -(2**70), 10**400, "", " ", "\x00", "null", "0001-01-01", "1,020 hp", "13.590",
    "\ud7ff", "9" * 500, [], {}, [[]], [None], {"": {}}, "A" * 17,
)  # fmt: skip


def changed_value(value: Any, draw: random.Random) -> Any:
    """The value with one value somewhere within it replaced by junk, removed, or doubled."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(sorted(value))
        if draw.random() < 0.1:
            return {other: item for other, item in value.items() if other != name}
        return {**value, name: changed_value(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.9:
        at = draw.randrange(len(value))
        if draw.random() < 0.1:
            return [*value, value[at]]
        return [*value[:at], changed_value(value[at], draw), *value[at + 1 :]]
    return draw.choice(JUNK)


def mutated(body: bytes, draw: random.Random) -> bytes:
    if draw.random() < 0.4:
        return change_bytes(body, draw)
    value = msgspec.json.decode(body)
    for _ in range(draw.randint(1, 4)):
        value = changed_value(value, draw)
    # the standard library's JSON writes numbers of any size
    return json.dumps(value, ensure_ascii=draw.random() < 0.5).encode()


@pytest.mark.parametrize("number", range(DAYS))
@of_every_endpoint
def test_a_day_of_mutated_pages_is_conserved(oem: Oem, endpoint: Endpoint, number: int, tmp_path: Path) -> None:
    draw = random.Random(f"{oem.name} {endpoint.name} {number}")  # noqa: S311 - repeatable
    host = honest_host(oem.name, endpoint.name, VEHICLES)
    reader = PageReader(endpoint)
    pages: dict[str, list[bytes]] = {market: [] for market in endpoint.markets}
    keys = sorted(key for key in host.pages if key[0] in endpoint.markets)
    for _ in range(BODIES_A_DAY):
        key = draw.choice(keys)
        records = records_of(endpoint, host.pages[key])
        few = draw.sample(records, k=min(RECORDS, len(records)))
        body = mutated(_with_signs(endpoint, body_of(endpoint, few)), draw)
        with contextlib.suppress(PlatformError):
            reader.read(body)
            pages[key[0]].append(body)
    lake = lake_at(tmp_path)
    manifest = land(lake, oem.name, endpoint, pages)
    report = transform_day(lake=lake, oem=oem.name, endpoint=endpoint, day=date.fromisoformat(manifest.date))
    assert_conserved(report)
    for name, market in report.markets.items():
        assert market.received == manifest.markets[name].collected


def _with_signs(endpoint: Endpoint, body: bytes) -> bytes:
    """With the sign of success that the endpoint asks for."""
    if endpoint.succeeds_when is None:
        return body
    path, wanted = endpoint.succeeds_when
    return msgspec.json.encode({**msgspec.json.decode(body), path: wanted})
