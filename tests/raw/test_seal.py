"""The seal of a day: which attempt of a market counts, and how a seal is read that is damaged or of another version."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from raw.archive.responses import day_folder
from raw.archive.seal import Manifest, read_seal, seal, sealed_days_before
from raw.archive.swap import as_json
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.hand_sealed import DAY, attempt_at, manifest, market_seal

pytestmark = pytest.mark.slow


def test_what_is_swapped_in_is_written_as_any_json_of_the_lake(lake: Lake) -> None:
    lake.write_json("value.json", {"b": "Zoë", "a": 1})
    assert as_json({"b": "Zoë", "a": 1}) == lake.read_bytes("value.json") == '{\n "a": 1,\n "b": "Zoë"\n}'.encode()


def test_a_later_whole_attempt_counts(lake: Lake) -> None:
    seal(lake, manifest(market_seal()), DAY)
    later = market_seal(attempt="20261120T070000.000000Z")
    assert seal(lake, manifest(later), DAY).markets["es"] == later
    assert read_seal(lake, "oem", "search", DAY).markets["es"] == later


def test_a_market_that_landed_whole_keeps_its_seal_while_it_is_asked_alike(lake: Lake) -> None:
    whole = market_seal()
    seal(lake, manifest(whole), DAY)
    refused = market_seal(attempt="20261120T070000.000000Z", complete=False, cause="blocked")
    assert seal(lake, manifest(refused), DAY).markets["es"].attempt == whole.attempt
    otherwise = replace(refused, attempt="20261120T080000.000000Z", coverage="d" * 16)
    assert seal(lake, manifest(otherwise), DAY).markets["es"] == otherwise


def test_a_market_that_was_never_whole_is_sealed_by_the_latest_attempt(lake: Lake) -> None:
    seal(lake, manifest(market_seal(complete=False, cause="blocked")), DAY)
    later = market_seal(attempt="20261120T070000.000000Z", complete=False, cause="timeout")
    assert seal(lake, manifest(later), DAY).markets["es"].cause == "timeout"


def test_a_market_that_is_not_asked_any_more_keeps_its_seal(lake: Lake) -> None:
    seal(lake, manifest(market_seal("es"), market_seal("gb")), DAY)
    later = market_seal("gb", attempt="20261120T070000.000000Z")
    sealed = seal(lake, manifest(later), DAY)
    assert sealed.markets["es"].attempt < sealed.markets["gb"].attempt


OUTCOMES = [
    attempt_at(6),
    attempt_at(7, complete=False, cause="blocked", message="blocked: no"),
    attempt_at(8, coverage="d" * 16, complete=False, cause="timeout", message="timeout: no"),
    attempt_at(9, coverage="d" * 16),
    attempt_at(10, coverage="d" * 16, complete=False, cause="shortfall", message="shortfall: no"),
]


def test_a_seal_is_the_same_in_whatever_order_its_attempts_are_sealed(tmp_path: Path) -> None:
    seen = set()
    for number, order in enumerate(itertools.permutations(OUTCOMES)):
        if number % 7:
            continue
        of_order = Lake((tmp_path / str(number)).as_uri())
        for outcome in order:
            seal(of_order, manifest(outcome), DAY)
        seen.add(json.dumps(read_seal(of_order, "oem", "search", DAY).to_json(), sort_keys=True))
    assert len(seen) == 1
    market = Manifest.from_json(json.loads(seen.pop())).markets["es"]
    assert market.attempt == OUTCOMES[3].attempt
    assert market.last_refusal == f"attempt {OUTCOMES[4].attempt}: shortfall: no"


def test_a_refused_rerun_is_told_until_another_attempt_lands(lake: Lake) -> None:
    seal(lake, manifest(attempt_at(6)), DAY)
    sealed = seal(lake, manifest(attempt_at(7, complete=False, message="blocked: no")), DAY)
    assert sealed.markets["es"].last_refusal == "attempt 20261120T070000.000000Z: blocked: no"
    assert seal(lake, manifest(attempt_at(8)), DAY).markets["es"].last_refusal is None


@pytest.mark.parametrize("content", [b"", b'{"oem": "oem", "mark', b"null", b"[]", b'{"markets": {"es": {}}}', b"\xff"])
def test_a_seal_that_cannot_be_read_is_made_again_from_its_attempts(lake: Lake, content: bytes) -> None:
    seal(lake, manifest(attempt_at(6)), DAY)
    sealed = seal(lake, manifest(attempt_at(7, complete=False, message="no")), DAY)
    path = f"{day_folder('oem', 'search', DAY)}/manifest.json"
    lake.write_atomic(path, content)
    assert read_seal(lake, "oem", "search", DAY) == sealed
    # and the next attempt's seal replaces it
    assert seal(lake, manifest(attempt_at(8)), DAY).markets["es"].attempt == attempt_at(8).attempt
    assert read_seal(lake, "oem", "search", DAY).markets["es"].attempt == attempt_at(8).attempt


def test_a_seal_that_cannot_be_read_and_has_no_attempts_is_damage(lake: Lake) -> None:
    lake.write_atomic(f"{day_folder('oem', 'search', DAY)}/manifest.json", b"{")
    with pytest.raises(PlatformError, match=r"raw/oem/search/2026-11-20/manifest\.json: the manifest is not") as error:
        read_seal(lake, "oem", "search", DAY)
    assert error.value.cause is Cause.ARCHIVE_DAMAGED


@pytest.mark.parametrize("version", [3, 4, 1000])
def test_a_seal_of_a_newer_version_is_named_and_left_alone(lake: Lake, version: int) -> None:
    path = f"{day_folder('oem', 'search', DAY)}/manifest.json"
    content = json.dumps({"version": version, "shelves": {}}).encode()
    lake.write_atomic(path, content)
    with pytest.raises(PlatformError, match=f"version {version}") as error:
        read_seal(lake, "oem", "search", DAY)
    assert error.value.cause is Cause.FORMAT_UNKNOWN
    with pytest.raises(PlatformError, match=f"version {version}") as error:
        seal(lake, manifest(market_seal()), DAY)
    assert error.value.cause is Cause.FORMAT_UNKNOWN
    assert lake.read_bytes(path) == content


OF_VERSION_1 = (
    "market",
    "attempt",
    "coverage",
    "parts",
    "responses",
    "pages",
    "body_bytes",
    "collected",
    "unique",
    "reported_total",
    "shortfall",
    "complete",
    "cause",
    "message",
    "started_at",
    "seconds",
)


def test_a_seal_of_version_1_still_reads_and_is_taken_over(lake: Lake) -> None:
    """As the project wrote it on 2026-11-25."""
    fields = market_seal(collected=300, unique=299, reported_total=300, shortfall=1)
    of_version_1 = {
        "oem": "oem",
        "endpoint": "search",
        "date": "2026-11-20",
        "source": "sandbox",
        "drift": [],
        "version": 1,
        "markets": {"es": {name: getattr(fields, name) for name in OF_VERSION_1}},
    }
    folder = day_folder("oem", "search", DAY)
    lake.write_json(f"{folder}/manifest.json", of_version_1)
    lake.write_json(f"{folder}/{fields.attempt}/manifest.json", of_version_1)
    assert read_seal(lake, "oem", "search", DAY).markets["es"] == fields
    sealed = seal(lake, manifest(attempt_at(7, complete=False, message="no")), DAY)
    assert sealed.markets["es"].attempt == fields.attempt
    assert sealed.markets["es"].last_refusal is not None


def test_folders_that_are_no_days_and_damaged_seals_are_passed_over(lake: Lake) -> None:
    for number in (1, 2, 3):
        seal(lake, manifest(market_seal()), DAY - timedelta(days=number))
    lake.write_atomic("raw/oem/search/2026-11-19-copy/manifest.json", b"{}")
    lake.write_atomic("raw/oem/search/2026-11-18/manifest.json", b"{")
    lake.write_atomic("raw/oem/search/2026-11-18/20261120T060000.000000Z/manifest.json", b"{")
    found = sealed_days_before(lake, "oem", "search", DAY, 5)
    assert len(found) == 2
    assert len(sealed_days_before(lake, "oem", "search", DAY, 1)) == 1
