"""The evidence in a page: how many records it holds, which, and what total it reports.

Only what paging and completeness need is read out of a body.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from raw.archive.json_fields import (
    attribute,
    repaired,
    struct_at_paths,
    struct_of,
    value_at,
    without_byte_order_mark,
)
from raw.endpoint.declaration import Endpoint
from raw.endpoint.requests import GraphQL
from resources.failures import Cause, PlatformError

Path = tuple[str, ...]
Look = Callable[[Path], Any]
"""What stands at a path in a body, `None` where there is nothing."""

_LARGEST_TOTAL = 10**12  # no maker has more cars; a larger number is none


@dataclass(frozen=True, slots=True)
class PageContent:
    """identities: one entry a record, None for a record without a usable identity; every element of the list is
    a record, whatever its type. total: what the page reports, None where it does not. total_is_unreadable: the page
    reports something that is no total. exact_duplicates: records that stand twice on the page, byte for byte."""

    identities: list[str | None]
    total: int | None
    total_is_unreadable: bool = False
    exact_duplicates: int = 0

    @property
    def count(self) -> int:
        return len(self.identities)


class PageReader:
    """Reads an endpoint's pages. Only the identities, the total and the signs of refusal are built; a page's
    other fields are skipped, so a page costs little more than its bytes."""

    def __init__(self, endpoint: Endpoint) -> None:
        import msgspec

        self._endpoint = endpoint
        self._records = _path(endpoint.records)
        self._total = _path(endpoint.pages.total) if endpoint.pages.total else None
        self._success = _path(endpoint.succeeds_when[0]) if endpoint.succeeds_when else None
        self._decoder = msgspec.json.Decoder(self._body_of(struct_of("Record", {endpoint.identity: Any})))
        self._raw_decoder = msgspec.json.Decoder(self._body_of(msgspec.Raw))

    def read(self, body: bytes) -> PageContent:
        """The evidence in a body of status 2xx. Values that strict JSON does not know (NaN, a lone surrogate) cost a
        record a value, never the page.

        Raises PlatformError: NOT_JSON, TRUNCATED (JSON that ends too early), BAD_REQUEST (GraphQL errors, or
        `succeeds_when` not met), SCHEMA_DRIFT (no list of records where it is declared).
        """
        import msgspec

        text = without_byte_order_mark(body)
        try:
            return self._read(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            try:
                text = repaired(body)
            except (ValueError, RecursionError):
                raise _unreadable(text, error) from error
        return self._read(text)

    def _read(self, text: bytes) -> PageContent:
        import msgspec

        try:
            return self._examine(text, _looker(self._decoder.decode(text)))
        except msgspec.ValidationError:
            # some value is not of the kind declared; look at the whole to say which, or to count it anyway
            return self._examine(text, _looker(msgspec.json.decode(text)))

    def _examine(self, text: bytes, look: Look) -> PageContent:
        endpoint = self._endpoint
        if isinstance(endpoint.request, GraphQL) and (errors := look(("errors",))):
            number = len(errors) if isinstance(errors, list) else 1
            raise PlatformError(Cause.BAD_REQUEST, f"the answer holds {number} GraphQL errors")
        if endpoint.succeeds_when and self._success and look(self._success) != endpoint.succeeds_when[1]:
            path, wanted = endpoint.succeeds_when
            raise PlatformError(Cause.BAD_REQUEST, f"{path} is not {wanted!r}")
        records = look(self._records)
        if not isinstance(records, list):
            seen = "missing" if records is None else f"of type {type(records).__name__}, not a list"
            raise PlatformError(Cause.SCHEMA_DRIFT, f"{endpoint.records} is {seen}")
        identities = [_identity(_identity_of(record, endpoint.identity)) for record in records]
        reported = look(self._total) if self._total else None
        total = _total(reported)
        return PageContent(
            identities,
            total,
            total_is_unreadable=reported is not None and total is None,
            exact_duplicates=self._exact_duplicates(text, identities),
        )

    def _exact_duplicates(self, text: bytes, identities: list[str | None]) -> int:
        """How many records of a page are byte for byte a record before them; asked where an identity comes twice."""
        known = [identity for identity in identities if identity is not None]
        if len(set(known)) == len(known):
            return 0
        import msgspec

        try:
            records: list[Any] = value_at(self._raw_decoder.decode(text), self._records)
        except msgspec.ValidationError:
            return 0
        distinct = {(identity, bytes(record)) for identity, record in zip(identities, records, strict=True) if identity}
        return len(known) - len(distinct)

    def _body_of(self, record: Any) -> Any:
        """The msgspec type of a body whose records are read as `record`."""
        endpoint = self._endpoint
        kinds: dict[str, Any] = {"errors": Any, endpoint.records: list[record]}
        kinds |= {endpoint.pages.total: Any} if endpoint.pages.total else {}
        kinds |= {endpoint.succeeds_when[0]: Any} if endpoint.succeeds_when else {}
        return struct_at_paths("Body", kinds)


def _unreadable(text: bytes, error: Exception) -> PlatformError:
    """A body that is no JSON at all. The error's own text names a position in it and quotes nothing."""
    if text.lstrip()[:1] in (b"{", b"[") and "truncated" in str(error):
        return PlatformError(Cause.TRUNCATED, f"the JSON ends early, after {len(text)} bytes")
    return PlatformError(Cause.NOT_JSON, f"the body is not JSON ({error})")


def _path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def _looker(body: Any) -> Look:
    return lambda path: value_at(body, path)


def _identity_of(record: Any, key: str) -> Any:
    return record.get(key) if isinstance(record, dict) else getattr(record, attribute(key), None)


def _identity(value: Any) -> str | None:
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 else None


def _total(value: Any) -> int | None:
    """A total, which some OEMs send as text or as a float; None for what is no count."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(\.0*)?", value.strip()):
        value = int(value.strip().partition(".")[0])
    elif isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_TOTAL
    return value if is_count else None
