"""The pages that are made from the code are what the code says, and the settings are all of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from resources.shown.settings import SETTINGS
from tests.support.pages import DOCS, PAGES
from tests.support.source import CHECKOUT

_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
# set by ECS, by our own processes for the steps that they start, or by a desktop
NO_SETTINGS = {
    "ECS_CONTAINER_METADATA_URI",
    "ECS_CONTAINER_METADATA_URI_V4",
    "STEP_CAPACITY_PROVIDER",
    "WAYLAND_DISPLAY",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_of_the_code_as_it_stands(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "python -m tests.support.pages writes it anew"


def variables_read() -> Iterator[str]:
    """The environment variables that a module reads: what `os.environ`, or a name for it, is asked for."""
    for tier in ("raw", "transformed", "consolidated", "resources"):
        for path in sorted((CHECKOUT / tier).rglob("*.py")):
            tree = ast.parse(path.read_text())
            constants = {
                target.id: node.value.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(tree):
                keys = _keys_asked_for(node)
                named = [
                    constants.get(key.id) if isinstance(key, ast.Name) else getattr(key, "value", None) for key in keys
                ]
                yield from (name for name in named if isinstance(name, str) and _NAME.fullmatch(name))


def _keys_asked_for(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Subscript) and _is_environment(node.value):
        return [node.slice]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_environment(node.func.value):
        return node.args[:1]
    if isinstance(node, ast.Compare) and any(_is_environment(one) for one in node.comparators):
        return [node.left]
    return []


def _is_environment(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in ("environ", "environment")


@pytest.mark.slow
def test_every_variable_that_is_read_is_a_setting() -> None:
    declared = {one.variable for group in SETTINGS for one in group.settings}
    read = set(variables_read()) - NO_SETTINGS
    assert len(read) > 15
    assert read - declared == set()


def test_every_setting_is_known_to_the_code() -> None:
    """Read by its name, or named in a message of what to set."""
    source = "\n".join(
        path.read_text()
        for tier in ("raw", "transformed", "consolidated", "resources")
        for path in (CHECKOUT / tier).rglob("*.py")
        if path.name != "settings.py"
    )
    names = [one.variable.rstrip("*") for group in SETTINGS for one in group.settings]
    assert [name for name in names if name not in source] == []
