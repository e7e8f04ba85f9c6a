"""Reading chosen fields out of a JSON body: msgspec types made from keys and dotted paths, and the repair of a body.

Raw reads a page's evidence with it, transformed the records; both skip everything that is not asked for.
msgspec is imported inside the functions, since the definitions load raw.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def without_byte_order_mark(body: bytes) -> bytes:
    """The body without the mark with which some hosts begin it; msgspec does not take it for white space."""
    return body.removeprefix(_BYTE_ORDER_MARK)


@lru_cache(maxsize=4096)
def attribute(key: str) -> str:
    """The attribute under which a struct of `struct_of` holds the JSON key: an identifier, whatever the key is."""
    return f"f{key.encode(errors='surrogatepass').hex()}"


def struct_of(name: str, kinds: Mapping[str, Any]) -> Any:
    """A msgspec struct type that reads only these JSON keys, each as its kind.

    Every key is optional: its attribute (named by `attribute`) is None where the key is missing or null.
    """
    import msgspec

    return msgspec.defstruct(
        name,
        [(attribute(key), kind if kind is Any else kind | None, None) for key, kind in kinds.items()],
        rename={attribute(key): key for key in kinds},
        gc=False,
    )


def struct_at_paths(name: str, kinds: Mapping[str, Any]) -> Any:
    """A msgspec struct type that reads only what stands at these dotted paths, each as its kind.

    Of two paths of which one leads through the other the shorter is read, as it stands; `value_at` finds the longer
    one in it where its kind is Any.
    """
    tree: dict[str, Any] = {}
    for path, kind in sorted(kinds.items(), key=lambda item: item[0].count(".")):
        *parents, last = path.split(".")
        node: Any = tree
        for key in parents:
            node = node.setdefault(key, {}) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.setdefault(last, kind)
    return _struct_of_tree(name, tree)


def _struct_of_tree(name: str, tree: Mapping[str, Any]) -> Any:
    kinds = {key: _struct_of_tree(key, kind) if isinstance(kind, dict) else kind for key, kind in tree.items()}
    return struct_of(name, kinds)


def value_at(body: Any, path: Iterable[str]) -> Any:
    """What stands at a path of keys in a decoded body, be it of structs or of dicts; None where there is nothing."""
    node = body
    for key in path:
        node = node.get(key) if isinstance(node, dict) else getattr(node, attribute(key), None)
    return node


def repaired(body: bytes) -> bytes:
    """A body that strict JSON refuses only for NaN, Infinity, a number too large for a float, a lone surrogate, control
    characters or bytes that are not UTF-8, as strict JSON: the numbers are null, and a replacement character stands
    for the text.

    Elements of lists keep their places. Raises ValueError or RecursionError where the body is no JSON at all.
    """
    value = json.loads(
        without_byte_order_mark(body).decode(errors="replace"),
        parse_constant=lambda _: None,
        parse_float=_finite,
        strict=False,  # line breaks and other control characters in texts
    )
    return json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
