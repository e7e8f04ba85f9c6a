"""A body's content coding is undone exactly up to the bound, and only where the body is coded as it says."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from resources.apis.bodies import decoded
from resources.failures import Cause

TEXT = b'{"total": 3}'
ROOM = len(TEXT)


def cause_of(found: tuple[bytes, tuple[Cause, str] | None]) -> Cause | None:
    return found[1] and found[1][0]


@pytest.mark.parametrize(
    ("wire", "coding"),
    [
        (zlib.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "deflate"),
        (TEXT, "gzip"),
    ],
    ids=["zlib as gzip", "gzip as deflate", "text as gzip"],
)
def test_a_body_in_another_coding_than_it_says_is_handed_on_as_it_came(wire: bytes, coding: str) -> None:
    body, reason = decoded(wire, coding, ROOM)
    assert reason is not None
    assert body == wire
    assert cause_of((body, reason)) is Cause.UNREADABLE_ENCODING


@pytest.mark.parametrize("coding", ["", "identity", " Identity ", "gzip", "deflate"])
def test_the_bound_is_the_last_length_that_is_read(coding: str) -> None:
    wire = {"gzip": gzip.compress(TEXT), "deflate": zlib.compress(TEXT)}.get(coding, TEXT)
    assert decoded(wire, coding, ROOM) == (TEXT, None)
    body, reason = decoded(wire, coding, ROOM - 1)
    assert (body, cause_of((body, reason))) == (TEXT[:-1], Cause.TOO_LARGE)


def test_a_member_that_fills_the_bound_does_not_hide_the_next() -> None:
    assert decoded(gzip.compress(TEXT) + gzip.compress(b""), "gzip", ROOM) == (TEXT, None)
    assert cause_of(decoded(gzip.compress(TEXT) + gzip.compress(b"}"), "gzip", ROOM)) is Cause.TOO_LARGE
    assert cause_of(decoded(gzip.compress(TEXT) + b"tail", "gzip", ROOM)) is Cause.UNREADABLE_ENCODING


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_no_body_is_in_every_coding(coding: str) -> None:
    assert decoded(b"", coding, ROOM) == (b"", None)


def test_a_coding_that_was_not_asked_for_is_bounded_and_named() -> None:
    body, reason = decoded(b"x" * 20, "br" * 40, ROOM)
    assert body == b"x" * ROOM
    assert reason == (Cause.UNREADABLE_ENCODING, f"the body is encoded as {'br' * 20!r}, which was not asked for")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_ends_early_is_truncated_and_what_follows_is_counted(coding: str) -> None:
    packed = gzip.compress(TEXT) if coding == "gzip" else zlib.compress(TEXT)
    body, reason = decoded(packed[:-6], coding, ROOM)
    assert TEXT.startswith(body)
    assert reason == (Cause.TRUNCATED, f"the {coding} body ended early, after {len(body)} bytes of text")
    followed = packed + b"tail"
    assert decoded(followed, coding, ROOM) == (
        followed,
        (Cause.UNREADABLE_ENCODING, f"4 bytes follow the {coding} body"),
    )


def test_nothing_is_inflated_beyond_the_bound() -> None:
    """To zlib a room of 0 bytes is one without a bound."""
    bomb = gzip.compress(bytes(30_000_000), compresslevel=1)
    tracemalloc.start()
    assert cause_of(decoded(gzip.compress(TEXT) + bomb, "gzip", ROOM - 1)) is Cause.TOO_LARGE
    assert cause_of(decoded(gzip.compress(TEXT) + bomb, "gzip", ROOM)) is Cause.TOO_LARGE
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 10_000_000
