"""The body of a response: its content coding undone, within a bound.

aiohttp would undo codings that were not asked for, call what it cannot read a lost connection, and has no bound; so it
hands on what came over the wire, and the coding is undone here.
"""

from __future__ import annotations

import zlib

from resources.failures import Cause

ACCEPTED = "gzip, deflate"
_GZIP_MAGIC = b"\x1f\x8b"


def decoded(wire: bytes, coding: str, most_bytes: int) -> tuple[bytes, tuple[Cause, str] | None]:
    """The body that came as `wire` in a content coding (RFC 9110, 8.4), and why it cannot be read as such.

    With UNREADABLE_ENCODING the body is what came; with TOO_LARGE its first `most_bytes`; with TRUNCATED as much as
    could be read.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity") or not wire:
        return _bounded(wire, most_bytes)
    if coding not in ("gzip", "deflate"):
        return wire[:most_bytes], (
            Cause.UNREADABLE_ENCODING,
            f"the body is encoded as {coding[:40]!r}, which was not asked for",
        )
    try:
        body, is_whole, tail = _inflated(wire, coding, most_bytes)
    except zlib.error:
        return wire, (Cause.UNREADABLE_ENCODING, f"the body is said to be {coding} and is not")
    if len(body) > most_bytes:
        return _bounded(body, most_bytes)
    if not is_whole:
        return body, (Cause.TRUNCATED, f"the {coding} body ended early, after {len(body)} bytes of text")
    if tail:
        return wire, (Cause.UNREADABLE_ENCODING, f"{tail} bytes follow the {coding} body")
    return body, None


def _inflated(wire: bytes, coding: str, most_bytes: int) -> tuple[bytes, bool, int]:
    """The text, at most one byte more than the bound; whether it is whole; how many bytes follow that are not of it."""
    pieces: list[bytes] = []
    room = most_bytes + 1
    rest = wire
    while rest and room > 0:
        if coding == "gzip" and not rest.startswith(_GZIP_MAGIC) and pieces:
            return b"".join(pieces), True, len(rest)
        inflater = zlib.decompressobj(wbits=_window(coding, rest))
        piece = inflater.decompress(rest, room)
        pieces.append(piece)
        room -= len(piece)
        if not inflater.eof:
            return b"".join(pieces), False, 0
        rest = inflater.unused_data
        if coding == "deflate":
            return b"".join(pieces), True, len(rest)
    return b"".join(pieces), True, 0


def _window(coding: str, wire: bytes) -> int:
    if coding == "gzip":
        return 16 + zlib.MAX_WBITS
    # some hosts send deflate without the zlib header that its definition asks for
    return zlib.MAX_WBITS if wire[0] & 0xF == 8 else -zlib.MAX_WBITS


def _bounded(body: bytes, most_bytes: int) -> tuple[bytes, tuple[Cause, str] | None]:
    if len(body) <= most_bytes:
        return body, None
    return body[:most_bytes], (Cause.TOO_LARGE, f"the body is larger than {most_bytes} bytes")
