"""The evidence in a page: how many records it holds, which, and what total it reports.

Only what paging and completeness need is read out of a body, and identities are counted in bounded memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from raw.archive.json_fields import attribute, struct_at_paths, struct_of, value_at, without_byte_order_mark
from raw.endpoint.declaration import Endpoint
from raw.endpoint.requests import GraphQL
from resources.failures import Cause, PlatformError

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

        text = without_byte_order_mark(body)
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

        endpoint = self._endpoint
        record = struct_of("Record", {endpoint.identity: Any})
        kinds: dict[str, Any] = {"errors": Any, endpoint.records: list[record]}  # type: ignore[valid-type]
        kinds |= {endpoint.pages.total: Any} if endpoint.pages.total else {}
        kinds |= {endpoint.succeeds_when[0]: Any} if endpoint.succeeds_when else {}
        decoder = msgspec.json.Decoder(struct_at_paths("Body", kinds))
        return lambda body: _looker(decoder.decode(body))


def _path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def _looker(body: Any) -> Look:
    return lambda path: value_at(body, path)


def _identity_of(record: Any, key: str) -> Any:
    return record.get(key) if isinstance(record, dict) else getattr(record, attribute(key), None)


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
