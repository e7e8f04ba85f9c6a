"""docs/declare.md names every word of `raw.endpoint`, and its examples are sound declarations."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import raw.endpoint
from raw.endpoint import Cursor, Endpoint, Offset, PageIndex, SinglePage
from raw.endpoint.contradictions import contradiction

PAGE = Path("docs/declare.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def examples() -> dict[str, Any]:
    namespace: dict[str, Any] = {name: getattr(raw.endpoint, name) for name in raw.endpoint.__all__}
    namespace["new_nonce"] = str
    for block in BLOCKS:
        exec(block, namespace)  # noqa: S102 - the page is ours
    return namespace


@pytest.mark.parametrize("word", raw.endpoint.__all__)
def test_every_word_is_on_the_page(word: str) -> None:
    assert re.search(rf"\b{word}\b", PAGE), f"docs/declare.md says nothing of {word}"


@pytest.mark.parametrize("kind", [Endpoint, Offset, PageIndex, Cursor, SinglePage], ids=lambda kind: kind.__name__)
def test_every_field_is_on_the_page(kind: Any) -> None:
    missing = [one.name for one in fields(kind) if not re.search(rf"\b{one.name}\b", PAGE)]
    assert not missing, f"docs/declare.md says nothing of {missing}"


def test_the_examples_are_sound() -> None:
    found = examples()
    endpoints = [value for value in found.values() if isinstance(value, Endpoint)]
    assert len(endpoints) == 2
    for one in endpoints:
        assert contradiction(one, endpoints) is None
    used = {type(value).__name__ for value in found.values()}
    assert used >= {name for name in raw.endpoint.__all__ if name[0].isupper()} - {
        # used within other examples
        *("Budget", "Dealers", "Inventory", "PerSecond", "Sign", "Total"),
        *("InBody", "InField", "InHeader", "InJsonParam", "InQuery", "InUrl", "InVariable"),
    }
