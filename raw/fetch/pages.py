"""The evidence in a page: how many records it holds, which, and what total it reports.

Belongs here: reading only what paging and completeness need out of a body, and counting identities in bounded
memory. Does not belong here: the status (`raw.fetch.answers`), asking for the next page (`raw.fetch.day`), and what a
record means.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from raw.endpoint.declaration import Endpoint, GraphQL
from resources.failures import Cause, PlatformError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Path = tuple[str, ...]
Look = Callable[[Path], Any]
"""What stands at a path in a body, `None` where there is nothing."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """identities: one entry a record, None for a record without a usable identity; every element of the list is
    a record, whatever its type. total: what the page reports, None where it does not."""

    identities: list[str | None]
    total: int | None

    @property
    def count(self) -> int:
        return len(self.identities)


class PageReader:
    """Reads an endpoint's pages. Only the identities, the total and the signs of refusal are built; a page's
    other fields are skipped, so a page costs little more than its bytes."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._records = _path(endpoint.records)
        self._total = _path(endpoint.pages.total) if endpoint.pages.total else None
        self._success = _path(endpoint.succeeds_when[0]) if endpoint.succeeds_when else None
        self._decode = self._fast_decoder()

    def read(self, body: bytes) -> PageContent:
        """The evidence in a body of status 2xx.

        Raises PlatformError: NOT_JSON, TRUNCATED (JSON that ends too early), BAD_REQUEST (GraphQL errors, or
        `succeeds_when` not met), SCHEMA_DRIFT (no list of records where it is declared).
        """
        import msgspec

        text = body.removeprefix(_BYTE_ORDER_MARK)
        try:
            try:
                return self._examine(self._decode(text))
            except msgspec.ValidationError:
                # some value is not of the kind declared; look at the whole to say which, or to count it anyway
                return self._examine(_looker(msgspec.json.decode(text)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if text.lstrip()[:1] in (b"{", b"[") and "truncated" in str(error):
                raise PlatformError(Cause.TRUNCATED, f"the JSON ends early, after {len(body)} bytes") from error
            raise PlatformError(Cause.NOT_JSON, f"the body is not JSON ({error}); it begins {excerpt(body)}") from error

    def _examine(self, look: Look) -> PageContent:
        endpoint = self._endpoint
        if isinstance(endpoint.request, GraphQL) and (errors := look(("errors",))):
            raise PlatformError(Cause.BAD_REQUEST, f"GraphQL error: {_first_message(errors)}")
        if endpoint.succeeds_when and self._success and look(self._success) != endpoint.succeeds_when[1]:
            path, wanted = endpoint.succeeds_when
            raise PlatformError(Cause.BAD_REQUEST, f"{path} is {look(self._success)!r}, not {wanted!r}")
        records = look(self._records)
        if not isinstance(records, list):
            seen = "missing" if records is None else f"of type {type(records).__name__}, not a list"
            raise PlatformError(Cause.SCHEMA_DRIFT, f"{endpoint.records} is {seen}")
        total = look(self._total) if self._total else None
        return PageContent([_identity(_identity_of(record, endpoint.identity)) for record in records], _count(total))

    def _fast_decoder(self) -> Callable[[bytes], Look]:
        import msgspec

        record = _struct("Record", {self._endpoint.identity: Any})
        tree: dict[str, Any] = {}
        for path, kind in ((self._records, list[record]), (self._total, Any), (self._success, Any), (("errors",), Any)):  # type: ignore[valid-type]
            if path:
                node = tree
                for key in path[:-1]:
                    node = node.setdefault(key, {})
                node[path[-1]] = kind
        decoder = msgspec.json.Decoder(_struct("Body", tree))
        return lambda body: _looker(decoder.decode(body))


def _path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def _field(key: str) -> str:
    """A name for a JSON key that is an identifier whatever the key is."""
    return f"f{key.encode().hex()}"


def _struct(name: str, tree: dict[str, Any]) -> Any:
    """A msgspec type with only these keys, all of them optional."""
    import msgspec

    fields = []
    for key, kind in tree.items():
        inner = _struct(key, kind) if isinstance(kind, dict) else kind
        fields.append((_field(key), inner if inner is Any else inner | None, None))
    return msgspec.defstruct(name, fields, rename={_field(key): key for key in tree}, gc=False)


def _looker(body: Any) -> Look:
    def look(path: Path) -> Any:
        node = body
        for key in path:
            node = node.get(key) if isinstance(node, dict) else getattr(node, _field(key), None)
        return node

    return look


def _identity_of(record: Any, key: str) -> Any:
    return record.get(key) if isinstance(record, dict) else getattr(record, _field(key), None)


def _identity(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    """A total that some OEMs send as text or as a float."""
    if isinstance(value, bool):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number >= 0 else None


def _first_message(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) else errors
    message = first.get("message") if isinstance(first, dict) else first
    return str(message)[:300]


def excerpt(body: bytes) -> str:
    """The beginning of a body, for a message."""
    text = body[:240].decode("utf-8", errors="replace")
    return repr(" ".join(text.split())[:120])


def fingerprint(content: PageContent, body: bytes) -> bytes:
    """What tells a page from another: its identities in their order, or its bytes where it has none."""
    known = any(content.identities)
    text = (
        "\0".join(identity or "" for identity in content.identities).encode(errors="surrogatepass") if known else body
    )
    return hashlib.blake2b(text, digest_size=8).digest()


class IdentityCounter:
    """Counts distinct identities at 8 bytes a record: 64-bit hashes, compared once at the end.

    Among a million records the chance that two share a hash is below one in ten million.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._without = 0

    def add(self, identities: Iterable[str | None]) -> None:
        for identity in identities:
            if identity is None:
                self._without += 1
            else:
                encoded = identity.encode(errors="surrogatepass")
                self._hashes.append(int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest()))

    def collected(self) -> int:
        return len(self._hashes) + self._without

    def unique(self) -> int:
        """Distinct identities; records without one count each."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self._hashes:
            return self._without
        hashes = pa.Array.from_buffers(pa.uint64(), len(self._hashes), [None, pa.py_buffer(self._hashes)])
        return int(pc.count_distinct(hashes).as_py()) + self._without
