"""The walls between the tiers, makers and tests; the rooms within a tier are in `test_rooms.py`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

import pytest
from pyiceberg.catalog import Catalog

from tests.support.declared import OEMS
from tests.support.source import CHECKOUT, TIERS, imported, modules, texts

# tier -> what its modules may import of the project beside their own tier
ALLOWED = {
    "resources": (),
    "raw": ("resources",),
    "transformed": ("raw", "resources"),
    "consolidated": ("transformed", "raw", "resources"),
}


@pytest.mark.parametrize("tier", TIERS)
def test_tiers_import_downwards_only(tier: str) -> None:
    upper = {*TIERS, "definitions", "tests"} - {tier, *ALLOWED[tier]}
    for module, tree in modules(tier):
        above = {name for name in imported(tree) if name.split(".")[0] in upper}
        assert not above, f"{module} imports {sorted(above)}"


def test_a_maker_is_named_nowhere_but_in_its_own_modules() -> None:
    makers = {oem.name for oem in OEMS}
    for tier in TIERS:
        for module, tree in modules(tier):
            name = module.rpartition(".")[2]
            # a platform's module is a part of the makers' that name it, and knows their hosts
            if ".platforms." in module or any(name == maker or name.startswith(f"{maker}_") for maker in makers):
                continue
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | imported(tree)
            for text in names | {text for text in texts(tree) if " " not in text}:
                assert makers.isdisjoint(text.split(".")), f"{module} names a maker: {text}"
    source = (CHECKOUT / "definitions.py").read_text()
    assert not any(maker in source for maker in makers)


def test_a_catalog_is_asked_in_one_module() -> None:
    """There a catalog that does not answer is told as a PlatformError. Commits are made in `tables/iceberg.py` and what
    it calls."""
    words = re.compile("(list|load|create|drop|rename|register|purge)_|.*_exists$")
    asks = {name for name in vars(Catalog) if words.match(name)}
    assert {"list_tables", "load_table", "table_exists"} <= asks
    for tier in TIERS:
        for module, tree in modules(tier):
            calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
            called = {function.attr for function in calls if isinstance(function, ast.Attribute)}
            assert module == "consolidated.tables.catalog_tables" or called.isdisjoint(asks), f"{module} asks a catalog"


@pytest.mark.slow
def test_no_test_takes_the_day_of_its_collection_for_todays() -> None:
    """A test can run an hour after its module was loaded, on the other side of midnight."""
    clocks = {"now", "today", "last_day", "utcnow", "time"}
    for module, tree in modules("tests"):
        for call in _run_at_import(tree):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            assert name not in clocks, f"{module}, line {call.lineno}: {ast.unparse(call)} when it is loaded"


def _run_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that importing a module makes: also in decorators and defaults, in no function's body."""
    if isinstance(node, ast.Call):
        yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        children: Iterable[ast.AST] = [*node.decorator_list, node.args]
    else:
        children = [] if isinstance(node, ast.Lambda) else ast.iter_child_nodes(node)
    for child in children:
        yield from _run_at_import(child)


@pytest.mark.slow
def test_a_test_module_imports_no_test_module() -> None:
    """What tests share lies in `tests/support`, so that a test module can be moved or run alone."""
    for module, tree in modules("tests"):
        others = {name for name in imported(tree) if any(part.startswith("test_") for part in name.split("."))}
        assert not others, f"{module} imports {sorted(others)}"
