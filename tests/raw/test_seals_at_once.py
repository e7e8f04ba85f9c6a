"""Attempts that seal a day at once: each counts, in a folder and on S3. A swap sees what was written meanwhile."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from raw.archive.seal import Manifest, merged, read_seal, seal
from raw.archive.swap import swap
from resources.lake.lake import Lake
from tests.support.hand_sealed import DAY, attempt_at, manifest, market_seal
from tests.support.servers import S3Server

pytestmark = pytest.mark.slow


def _seal_one(uri: str, environment: dict[str, str], number: int, start: float) -> None:
    os.environ.update(environment)
    time.sleep(max(0, start - time.time()))
    seal(Lake(uri), manifest(market_seal(f"m{number}", attempt_at(number).attempt)), DAY)


def _race(uri: str, environment: dict[str, str]) -> Manifest:
    """Eight processes seal one day at once, each a market of its own; the seal afterwards.

    They are forked from one that has loaded this module and s3fs.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, "s3fs"])
    with ProcessPoolExecutor(8, context) as pool:
        start = time.time() + 3
        list(pool.map(_seal_one, [uri] * 8, [environment] * 8, range(8), [start] * 8))
    return read_seal(Lake(uri), "oem", "search", DAY)


def test_attempts_that_seal_at_once_all_count_in_a_folder(lake: Lake) -> None:
    sealed = _race(lake.uri, {})
    assert sorted(sealed.markets) == [f"m{number}" for number in range(8)]
    assert sealed == merged([manifest(market_seal(f"m{one}", attempt_at(one).attempt)) for one in range(8)])


@pytest.mark.slow
def test_attempts_that_seal_at_once_all_count_on_s3(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    sealed = _race(s3.new_lake_uri(), s3.environment())
    assert sorted(sealed.markets) == [f"m{number}" for number in range(8)]


def test_a_swap_in_a_folder_waits_for_the_swap_under_way(lake: Lake) -> None:
    seen: list[bytes | None] = []

    def second(content: bytes | None) -> bytes:
        seen.append(content)
        return b"second"

    other = threading.Thread(target=swap, args=(lake, "folder/file", second))

    def first(content: bytes | None) -> bytes:
        other.start()
        other.join(0.3)  # time in which it would have come in between
        return b"first"

    swap(lake, "folder/file", first)
    other.join()
    assert seen == [b"first"]
    assert lake.read_bytes("folder/file") == b"second"


def test_a_swap_on_s3_sees_what_another_writer_wrote_in_between(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    lake = Lake(s3.new_lake_uri())
    seen: list[bytes | None] = []

    def renewed(content: bytes | None) -> bytes:
        seen.append(content)
        if len(seen) in (1, 3):
            lake.write_atomic("file", b"another's %d" % len(seen))
        return b"ours %d" % len(seen)

    swap(lake, "file", renewed)
    assert seen == [None, b"another's 1"]
    swap(lake, "file", renewed)
    assert seen[2:] == [b"ours 2", b"another's 3"]
    assert lake.read_bytes("file") == b"ours 4"
