"""An answer on its way out of a host: lies change it in place; what it tells a client is read back from its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from raw.archive.json_fields import value_at
from raw.archive.record_list import RecordList
from raw.endpoint.declaration import Endpoint
from raw.fetch.page_reader import PageReader
from raw.fetch.signs import Answer, holds
from resources.failures import PlatformError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Told:
    """What a client can know from one answer. is_read: a page of status 2xx that is JSON with a list of records;
    is_end: the honest host ends its paging here; is_consistent_lie: nothing in the answers can give it away."""

    is_read: bool
    is_end: bool
    identities: frozenset[str]
    without_identity: int
    total: int | None
    is_consistent_lie: bool


@dataclass
class Page:
    """An answer on its way out, which lies change in place. `others` are the honest bodies by page."""

    endpoint: Endpoint
    key: tuple[str, str, int]
    status: int
    body: bytes
    headers: dict[str, str]
    others: Mapping[tuple[str, str, int], bytes]
    is_dropped: bool = False
    is_consistent_lie: bool = False
    is_unreadable: bool = False

    def records(self) -> list[Any] | None:
        """The records as they stand, None where the body holds no list of them."""
        decoded = self._decoded()
        return None if decoded is None else RecordList(self.endpoint.records).in_page(decoded)

    def replace_records(self, records: Any) -> None:
        """Other records, or something else in their place; records that lie in lists in lists or in an object stay."""
        decoded = self._decoded()
        for path in self.endpoint.records.split("|"):
            stands = decoded if not path else value_at(decoded, path.split("."))
            if stands is not None and is_plain(path):
                self._set(path, records)
                return

    def set_total(self, value: Any) -> None:
        """Another total, `...` for none at all."""
        path = self._total_path()
        if path and self.records() is not None:
            self._set(path, value)

    def total(self) -> Any:
        path = self._total_path()
        return self._at(path) if path else None

    def _total_path(self) -> str | None:
        """Where in the body the total stands; None where it does not stand there as a number of records."""
        total = self.endpoint.pages.total
        return total if isinstance(total, str) else None

    def _decoded(self) -> Any:
        try:
            return msgspec.json.decode(self.body.removeprefix(BYTE_ORDER_MARK))
        except (ValueError, RecursionError):
            return None

    def _at(self, path: str) -> Any:
        return value_at(self._decoded(), path.split("."))

    def _set(self, path: str, value: Any) -> None:
        decoded = self._decoded()
        if not path:
            self.body = msgspec.json.encode({} if value is ... else value)
            return
        *parents, last = path.split(".")
        node = decoded
        for name in parents:
            node = node[name]
        if value is ...:
            node.pop(last, None)
        else:
            node[last] = value
        self.body = msgspec.json.encode(decoded)

    def told(self, *, is_end: bool) -> Told:
        arrives = 200 <= self.status < 300 and not self.is_dropped and not self.is_unreadable
        names = names_in(self.endpoint, self.body) if arrives else None
        return Told(
            is_read=names is not None,
            is_end=is_end,
            identities=frozenset(name for name in names or [] if name is not None),
            without_identity=(names or []).count(None),
            total=whole_number(self.total()) if names is not None else None,
            is_consistent_lie=self.is_consistent_lie,
        )


def names_in(endpoint: Endpoint, body: bytes) -> list[str | None] | None:
    """The identity of each record of a page, None for a record without a usable one; None where there is no page.

    A body that is broken within a field which nobody needs is a page for the reader of raw, and so it is here.
    """
    try:
        decoded = msgspec.json.decode(body.removeprefix(BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        try:
            return PageReader(endpoint).read(body).identities
        except PlatformError:
            return None
    records = RecordList(endpoint.records).in_page(decoded)
    nothing = endpoint.nothing
    if records is None and nothing is not None and holds(nothing, Answer(200, {}, body), partial(value_at, decoded)):
        records = []
    return None if records is None else [_name_of(endpoint, record) for record in records]


def _name_of(endpoint: Endpoint, record: Any) -> str | None:
    found = [value_at(record, path.split(".")) if isinstance(record, dict) else None for path in endpoint.identities]
    found = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in found]
    usable = [one for one in found if isinstance(one, (str, int)) and not isinstance(one, bool) and str(one).strip()]
    return str(usable[0]) if usable else None


def is_plain(path: str) -> bool:
    """Whether records lie in one list at a dotted path."""
    return "[" not in path and "{" not in path


def whole_number(value: Any) -> int | None:
    """A total as a number: a whole number, or a text or float that is one."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number < 2**63 else None
