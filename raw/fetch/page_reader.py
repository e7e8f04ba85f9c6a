"""The evidence in a page: how many records it holds, which, and what total it reports.

Only what paging and completeness need is read out of a body.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from raw.archive.json_fields import repaired, struct_at_paths, value_at, without_byte_order_mark
from raw.archive.record_list import RecordList
from raw.endpoint.declaration import Endpoint
from raw.endpoint.paging import Cursor
from raw.endpoint.requests import GraphQL
from raw.endpoint.signs import Total
from raw.endpoint.slicing import Split
from raw.fetch.signs import Answer, holds, listed_values
from resources.failures import Cause, PlatformError

Path = tuple[str, ...]
Look = Callable[[Path], Any]
"""What stands at a path in a body, `None` where there is nothing."""

_LARGEST_TOTAL = 10**12  # no maker has more cars; a larger number is none


@dataclass(frozen=True, slots=True)
class PageContent:
    """identities: one entry a record, None for a record without a usable identity; every element of the list is
    a record, whatever its type. total: what the page reports, None where it does not. total_is_unreadable: the page
    reports something that is no total. exact_duplicates: records that stand twice on the page, byte for byte.
    token: of the next page, None where there is none. is_end: the page says that the pages have ended. split_values: of
    each split that is declared by a path, the values that the page names."""

    identities: list[str | None]
    total: int | None
    total_is_unreadable: bool = False
    exact_duplicates: int = 0
    token: Any = None
    is_end: bool = False
    split_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.identities)


class PageReader:
    """Reads an endpoint's pages. Only the identities, the total and the signs of refusal are built; a page's
    other fields are skipped, so a page costs little more than its bytes."""

    def __init__(self, endpoint: Endpoint, *, is_graphql: bool | None = None) -> None:
        import msgspec

        self._endpoint = endpoint
        self._is_graphql = isinstance(endpoint.request, GraphQL) if is_graphql is None else is_graphql
        self._records = RecordList(endpoint.records)
        declared = endpoint.pages.total
        self._total = Total(declared) if isinstance(declared, str) else declared
        self._identities = [_path(path) for path in endpoint.identities]
        self._splits = {
            split.parameter: split.values
            for split in endpoint.splits
            if isinstance(split, Split) and isinstance(split.values, str)
        }
        self._cursor = endpoint.pages if isinstance(endpoint.pages, Cursor) else None
        in_record = [self._cursor.token] if self._cursor and self._cursor.in_last_record else []
        record = struct_at_paths("Record", dict.fromkeys([*endpoint.identities, *in_record], Any))
        self._decoder = msgspec.json.Decoder(self._body_of(record))
        self._raw_decoder = msgspec.json.Decoder(self._body_of(msgspec.Raw))

    def read(
        self, body: bytes, *, headers: Mapping[str, str] | None = None, status: int | None = 200, number: int = 0
    ) -> PageContent:
        """The evidence in a body of status 2xx, of the `number`-th page. Values that strict JSON does not know (NaN, a
        lone surrogate) cost a record a value, never the page. headers: those of the answer, names in lower case.

        Raises PlatformError: NOT_JSON, TRUNCATED (JSON that ends too early), BAD_REQUEST (GraphQL errors, or
        `succeeds_when` not met), SCHEMA_DRIFT (no list of records where it is declared), the cause of a `Refused`.
        """
        import msgspec

        text = without_byte_order_mark(body)
        answer = Answer(status, headers or {}, body)
        try:
            return self._read(text, answer, number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            try:
                text = repaired(body)
            except (ValueError, RecursionError):
                raise _unreadable(text, error) from error
        return self._read(text, answer, number)

    def _read(self, text: bytes, answer: Answer, number: int) -> PageContent:
        import msgspec

        try:
            return self._examine(text, self._decoder.decode(text), answer, number)
        except msgspec.ValidationError:
            # some value is not of the kind declared; look at the whole to say which, or to count it anyway
            return self._examine(text, msgspec.json.decode(text), answer, number)

    def _examine(self, text: bytes, body: Any, answer: Answer, number: int) -> PageContent:
        endpoint, look = self._endpoint, _looker(body)
        for refused in endpoint.refusals:
            if refused.sign.path and holds(refused.sign, answer, look):
                raise PlatformError(Cause(refused.cause), f"the answer says at {refused.sign.path} that it is none")
        if self._is_graphql and (errors := look(("errors",))):
            many = len(errors) if isinstance(errors, list) else 1
            raise PlatformError(Cause.BAD_REQUEST, f"the answer holds {many} GraphQL errors")
        if endpoint.succeeds_when and look(_path(endpoint.succeeds_when[0])) != endpoint.succeeds_when[1]:
            path, wanted = endpoint.succeeds_when
            raise PlatformError(Cause.BAD_REQUEST, f"{path} is not {wanted!r}")
        records = self._records.in_page(body)
        ends = endpoint.pages.ends
        is_end = ends is not None and bool(ends.path) and holds(ends, answer, look)
        if records is None and (is_end or (endpoint.nothing is not None and holds(endpoint.nothing, answer, look))):
            records = []
        if records is None:
            seen = look(_path(self._records.head)) if self._records.head else body
            kind = "missing" if seen is None else f"of type {type(seen).__name__}, not the declared list"
            if isinstance(seen, (int, float, str)):
                kind = f"of type {type(seen).__name__}, not a list"
            raise PlatformError(Cause.SCHEMA_DRIFT, f"{endpoint.records or 'the body'} is {kind}")
        identities = [self._identity_of(record) for record in records]
        reported = self._reported(look, answer, number)
        total = _total(reported)
        if total is not None and self._total is not None and self._total.counts == "pages":
            total = max(0, (total - 1) * (endpoint.pages.page_size or 1) + 1) if total else 0
        return PageContent(
            identities,
            total,
            total_is_unreadable=reported is not None and total is None,
            exact_duplicates=self._exact_duplicates(text, identities),
            token=self._next_token(look, records),
            is_end=is_end,
            split_values={name: listed_values(body, path) for name, path in self._splits.items()},
        )

    def _reported(self, look: Look, answer: Answer, number: int) -> Any:
        """What the page reports as its total."""
        total = self._total
        if total is None or (total.only_on_first_page and number):
            return None
        return answer.headers.get(total.header.lower()) if total.header else look(_path(total.path))

    def _next_token(self, look: Look, records: Sequence[Any]) -> Any:
        """The token of the next page, None where there is none."""
        if self._cursor is None:
            return None
        path = _path(self._cursor.token)
        if self._cursor.in_last_record:
            return _token(value_at(records[-1], path)) if records else None
        return _token(look(path))

    def _identity_of(self, record: Any) -> str | None:
        for path in self._identities:
            if (identity := _identity(value_at(record, path))) is not None:
                return identity
        return None

    def _exact_duplicates(self, text: bytes, identities: list[str | None]) -> int:
        """How many records of a page are byte for byte a record before them; asked where an identity comes twice."""
        known = [identity for identity in identities if identity is not None]
        if len(set(known)) == len(known):
            return 0
        import msgspec

        try:
            records = self._records.in_page(self._raw_decoder.decode(text))
        except msgspec.ValidationError:
            return 0
        if records is None:
            return 0
        distinct = {(identity, bytes(record)) for identity, record in zip(identities, records, strict=True) if identity}
        return len(known) - len(distinct)

    def _body_of(self, record: Any) -> Any:
        """The msgspec type of a body whose records are read as `record`."""
        endpoint, head = self._endpoint, self._records.head
        if not head:
            return self._records.kind(record)
        paths = [*(["errors"] if self._is_graphql else []), *self._splits.values()]
        paths += [refused.sign.path for refused in endpoint.refusals]
        paths += [sign.path for sign in (endpoint.nothing, endpoint.pages.ends) if sign is not None]
        paths += [self._total.path] if self._total else []
        paths += [endpoint.succeeds_when[0]] if endpoint.succeeds_when else []
        paths += [self._cursor.token] if self._cursor and not self._cursor.in_last_record else []
        plain = {re.split(r"\[\]|\{\}", path)[0] for path in paths if path} - {head}
        # what lies around another path is there as a struct, whose being there is all that is asked of it
        leaves = {path for path in plain if not any(other.startswith(f"{path}.") for other in (*plain, head))}
        return struct_at_paths("Body", {**dict.fromkeys(sorted(leaves), Any), **self._records.kinds(record)})


def _unreadable(text: bytes, error: Exception) -> PlatformError:
    """A body that is no JSON at all. The error's own text names a position in it and quotes nothing."""
    if text.lstrip()[:1] in (b"{", b"[") and "truncated" in str(error):
        return PlatformError(Cause.TRUNCATED, f"the JSON ends early, after {len(text)} bytes")
    return PlatformError(Cause.NOT_JSON, f"the body is not JSON ({error})")


def _path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def _looker(body: Any) -> Look:
    return lambda path: value_at(body, path)


def _identity(value: Any) -> str | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]  # an OEM that sends each value in a list of its own
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 else None


def _token(value: Any) -> Any:
    """A token, None for what says that there is none."""
    return None if value is None or value is False or value in ("", []) else value


def _total(value: Any) -> int | None:
    """A total, which some OEMs send as text or as a float; None for what is no count. `1.000` is a thousand where dots
    group thousands, and is none."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(\.0{0,2})?", value.strip()):
        value = int(value.strip().partition(".")[0])
    elif isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_TOTAL
    return value if is_count else None
