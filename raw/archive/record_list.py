"""Where in a body the records lie: at a path, in lists in lists, or as an object whose keys name them.

Raw counts a page's records with it and transformed decodes them, so that both mean the same records in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from raw.archive.json_fields import attribute, struct_at_paths, value_at

KEY = "key"
"""The field of a record that holds its key, where the records are the values of an object."""
_LIST, _OBJECT = "[]", "{}"
_MARKED = re.compile(r"(?P<name>[^\[\]{}]*)(?P<marks>(\[\]|\{\})*)")


class RecordList:
    """The place of a body's records, by a dotted path with two marks.

    `hits` is the list at `hits`, and the empty path the body itself. `data[].vehicles` are the entries of the list
    `vehicles` of every entry of the list `data`. `vehicles{}` are the values of the object `vehicles`; each of them has
    its key as the field KEY. Where an inner level is missing or null there are no records. `cars|vehicles` is the list
    `cars`, or the list `vehicles` in a body without `cars`: an OEM renames its list now and then.

    head: the dotted path of the outermost list or object, empty where that is the body itself.
    Raises ValueError for a path with anything else in brackets.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        first, *others = path.split("|")
        self._others = [RecordList(other) for other in others]
        self._steps = _steps(first)
        marks = [number for number, step in enumerate(self._steps) if step in (_LIST, _OBJECT)]
        self.head = ".".join(self._steps[: marks[0]])
        self._below = self._steps[marks[0] :]

    def kind(self, record: Any) -> Any:
        """The msgspec type of what stands at `head`, of a body whose records are read as the type `record`."""
        return _kind(self._below, record)

    def kinds(self, record: Any) -> dict[str, Any]:
        """The msgspec type of what stands at each place at which the records may lie, by its dotted path."""
        return {one.head: one.kind(record) for one in (self, *self._others)}

    def page(self, record: Any) -> Any:
        """The msgspec type of a body of which only the records are read, as the type `record`."""
        return struct_at_paths("page", self.kinds(record)) if self.head else self.kind(record)

    def in_page(self, body: Any) -> list[Any] | None:
        """The records of a decoded body, of structs or of dicts: see `of`."""
        for one in (self, *self._others):
            value = value_at(body, one.head.split(".")) if one.head else body
            if value is not None:
                return one.of(value)
        return None

    def of(self, value: Any) -> list[Any] | None:
        """The records in what stands at `head`; None where that, or a level below it, is no list or object as declared.

        Every entry is a record, whatever its type.
        """
        found = [value]
        for number, step in enumerate(self._below):
            if step not in (_LIST, _OBJECT):
                found = [value_at(one, [step]) for one in found]
                continue
            is_last = number == len(self._below) - 1
            entries: list[Any] = []
            for one in found:
                if one is None and number:
                    continue
                if step == _LIST and isinstance(one, list):
                    entries.extend(one)
                elif step == _OBJECT and isinstance(one, dict):
                    entries.extend(_with_key(key, each) if is_last else each for key, each in one.items())
                else:
                    return None
            found = entries
        return found

    def body_of(self, records: list[Any]) -> Any:
        """A body that holds these records and nothing else; an outer level has one entry."""
        body: Any = records
        for number, step in reversed(list(enumerate(self._steps))):
            if step == _OBJECT:
                is_last = number == len(self._steps) - 1
                body = {str(key): one for key, one in enumerate(body)} if is_last else {"0": body}
            elif step == _LIST:
                body = body if number == len(self._steps) - 1 else [body]
            else:
                body = {step: body}
        return body


def _steps(path: str) -> list[str]:
    """The keys and marks of a path, ending with a mark: `data[].cars` is `data`, `[]`, `cars`, `[]`."""
    steps: list[str] = []
    for part in path.split("."):
        match = _MARKED.fullmatch(part)
        if match is None or (not match["name"] and (steps or (path and not match["marks"]))):
            raise ValueError(f"`{path}` is no path of records: write `a.b`, `a[].b` or `a{{}}`")
        steps += [match["name"]] if match["name"] else []
        steps += re.findall(r"\[\]|\{\}", match["marks"])
    return steps if steps and steps[-1] in (_LIST, _OBJECT) else [*steps, _LIST]


def _kind(steps: Iterable[str], record: Any) -> Any:
    mark, *rest = steps
    inner: Any
    if not rest:
        inner = record
    elif rest[0] in (_LIST, _OBJECT):
        inner = _kind(rest, record) | None
    else:
        end = next(number for number, step in enumerate(rest) if step in (_LIST, _OBJECT))
        inner = struct_at_paths("level", {".".join(rest[:end]): _kind(rest[end:], record)}) | None
    return list[inner] if mark == _LIST else dict[str, inner]


def _with_key(key: str, record: Any) -> Any:
    """A record with its key as the field KEY, which hides a field of that name."""
    import msgspec

    if isinstance(record, dict):
        return {**record, KEY: key}
    if isinstance(record, msgspec.Raw):
        body = bytes(record).strip()
        if not body.startswith(b"{"):
            return record
        # of two members of one name the later one is read
        members = body[1:-1].strip()
        named = msgspec.json.encode(KEY) + b":" + msgspec.json.encode(key)
        return msgspec.Raw(b"{" + members + (b"," if members else b"") + named + b"}")
    if hasattr(record, attribute(KEY)):
        setattr(record, attribute(KEY), key)
    return record
