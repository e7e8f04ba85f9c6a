"""An answer's JSON: whether it carries a sign, and the values that it lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from raw.archive.json_fields import value_at, without_byte_order_mark
from raw.archive.record_list import RecordList
from raw.endpoint.signs import Sign


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes


def holds(sign: Sign, answer: Answer, look: Callable[[tuple[str, ...]], Any]) -> bool:
    """Whether an answer carries a sign. look: what stands at a path in its body."""
    if sign.status is not None and answer.status != sign.status:
        return False
    if sign.header is not None and answer.headers.get(sign.header[0].lower()) != sign.header[1]:
        return False
    if sign.no_body and answer.body:
        return False
    if not sign.path:
        return True
    found = look(tuple(sign.path.split(".")))
    if sign.any_value:
        return bool(found) or (found == 0 and found is not False)
    return bool(found != sign.value) if sign.is_not else bool(found == sign.value)


def listed_values(body: Any, path: str) -> tuple[str, ...]:
    """The values at a path in a decoded body, without repeats: see `listed_counts`."""
    return tuple(dict.fromkeys(value for value, _ in listed_counts(body, path, None)))


def listed_counts(body: Any, path: str, count: str | None) -> list[tuple[str, int | None]]:
    """The values at a path, each with its count: `facets.models[].code` is a field of each entry of a list,
    `facets.models[]` the entries themselves, `facets.models{}` the keys of an object.

    count: dotted path of the number in the entry; an entry of an object may also be the number itself.
    """
    if path.endswith("{}"):
        found = value_at(body, path[:-2].split("."))
        entries = list(found.items()) if isinstance(found, dict) else []
    else:
        place, field = (path, "") if path.endswith("[]") else path.rpartition(".")[::2]
        listed = RecordList(place).in_page(body) or []
        entries = [(value_at(entry, field.split(".")) if field else entry, entry) for entry in listed]
    return [(str(value), _count(entry, count)) for value, entry in entries if _is_value(value)]


def _is_value(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _count(entry: Any, count: str | None) -> int | None:
    if count is None:
        return None
    number = entry if isinstance(entry, int) else value_at(entry, count.split("."))
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def decoded(body: bytes) -> Any:
    """A JSON body; None where it is no JSON."""
    import msgspec

    try:
        return msgspec.json.decode(without_byte_order_mark(body))
    except (ValueError, RecursionError):
        return None
