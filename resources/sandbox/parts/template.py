"""A record from an example: what does not vary is the example's, what varies is listed by path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from string import Formatter
from typing import Any

from resources.sandbox.parts.dealers import Dealer
from resources.sandbox.serving.routes import Record

What = str | Callable[[Any], Any]
"""What stands at a path: text with `{attributes}` of the item, the name of an attribute, or a function of the item."""
_Render = Callable[[Any], Any]
_ALONE = re.compile(r"\{([a-z0-9_.]+)\}")
ABSENT = object()
"""What a function of an item gives for a path that the item's record lacks."""


class Template:
    """Makes the record of a car or a dealer.

    example: JSON text of a whole record. A text in it with `{attributes}` of the item varies with the item, and
    `"{price}"`, one attribute alone, keeps the attribute's type. varies: path -> what stands there, for what no such
    text can say; a path goes through objects by name and through lists by number. missing, null: the share of the
    items -> paths, separated by spaces, that these items lack, or hold null at. An item that lacks a path lacks it for
    as long as it lives.
    Raises ValueError for a path that the example does not have.
    """

    def __init__(
        self,
        example: str,
        varies: Mapping[str, What] | None = None,
        missing: Mapping[float, str] | None = None,
        null: Mapping[float, str] | None = None,
    ) -> None:
        self.example: Record = json.loads(example)
        rules = {path: _renderer(what) for path, what in (varies or {}).items()}
        for path, share in _shares(null):
            usual = rules.get(path) or _compiled(_at(self.example, path), path, rules, {})
            rules[path] = _unless(f"null {path}", share, usual or _constant(_at(self.example, path)), None)
        absent = dict(_shares(missing))
        for path in {*rules, *absent}:
            if _at(self.example, path) is ABSENT:
                raise ValueError(f"{path} is not in the example")
        self._render = _compiled(self.example, "", rules, absent) or _constant(self.example)
        self._of_dealer = lru_cache(maxsize=8192)(self._render)

    def render(self, item: Any) -> Record:
        """The record of an item. What does not vary is shared between records: not to be changed."""
        record: Record = self._of_dealer(item) if isinstance(item, Dealer) else self._render(item)
        return record

    def of(self, attribute: str) -> Callable[[Any], Record]:
        """The record of an attribute, for another template: `_DEALER.of("dealer")` in a car's `varies`."""
        read = attrgetter(attribute)
        return lambda item: self.render(read(item))


def _constant(value: Any) -> _Render:
    return lambda item: value


def _renderer(what: What) -> _Render:
    if not isinstance(what, str):
        return what
    if "{" not in what:
        return attrgetter(what)
    alone = _ALONE.fullmatch(what)
    return attrgetter(alone[1]) if alone else _text(what)


def _text(pattern: str) -> _Render:
    """`pattern.format` with an item's attributes, taken apart once."""
    pieces = [
        (literal, attrgetter(name) if name else None, spec or "")
        for literal, name, spec, _ in Formatter().parse(pattern)
    ]

    def render(item: Any) -> str:
        return "".join([
            literal if read is None else literal + format(read(item), spec) for literal, read, spec in pieces
        ])  # fmt: skip

    return render


def _unless(name: str, share: float, render: _Render, other: Any) -> _Render:
    return lambda item: other if item.chance(name) < share else render(item)


def _shares(shares: Mapping[float, str] | None) -> Iterable[tuple[str, float]]:
    return ((path, share) for share, paths in (shares or {}).items() for path in paths.split())


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return ABSENT
    return value


def _compiled(node: Any, path: str, rules: Mapping[str, _Render], absent: Mapping[str, float]) -> _Render | None:
    """What makes a node of the example for an item; None where nothing in it varies."""
    render = rules.get(path)
    if render is None and isinstance(node, str) and "{" in node:
        render = _renderer(node)
    elif render is None and isinstance(node, dict):
        render = _object(node, f"{path}." if path else "", rules, absent)
    elif render is None and isinstance(node, list):
        parts = [_compiled(item, f"{path}.{at}".lstrip("."), rules, absent) for at, item in enumerate(node)]
        if any(parts):
            render = _list([part or _constant(item) for part, item in zip(parts, node, strict=True)])
    if path in absent:
        return _unless(f"missing {path}", absent[path], render or _constant(node), ABSENT)
    return render


def _object(
    node: dict[str, Any], prefix: str, rules: Mapping[str, _Render], absent: Mapping[str, float]
) -> _Render | None:
    varying = [
        (key, part) for key, value in node.items() if (part := _compiled(value, f"{prefix}{key}", rules, absent))
    ]
    if not varying:
        return None

    def render(item: Any) -> Any:
        made = dict(node)  # in the example's order
        for key, part in varying:
            value = part(item)
            if value is ABSENT:
                del made[key]
            else:
                made[key] = value
        return made

    return render


def _list(parts: list[_Render]) -> _Render:
    return lambda item: [value for part in parts if (value := part(item)) is not ABSENT]
