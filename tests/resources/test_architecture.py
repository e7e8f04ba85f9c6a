"""The walls between the tiers, makers and tests; the rooms within a tier are in `test_rooms.py`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog

from tests.support.declared import OEMS
from tests.support.source import CHECKOUT, TIERS, imported, modules

# tier -> what its modules may import of the project beside their own tier
ALLOWED = {
    "resources": (),
    "raw": ("resources",),
    "transformed": ("raw", "resources"),
    "consolidated": ("transformed", "raw", "resources"),
}

# a maker's name as a whole word, in any case; an underscore ends a word
MAKER = re.compile(rf"(?<![^\W_])({'|'.join(oem.name for oem in OEMS)})(?![^\W_])", re.IGNORECASE)
GAMBIA = "GMB:GM"  # ISO 3166 has a country whose code is a maker's name


@pytest.mark.parametrize("tier", TIERS)
def test_tiers_import_downwards_only(tier: str) -> None:
    upper = {*TIERS, "definitions", "tests"} - {tier, *ALLOWED[tier]}
    for module, tree in modules(tier):
        above = {name for name in imported(tree) if name.split(".")[0] in upper}
        assert not above, f"{module} imports {sorted(above)}"


def test_a_maker_is_named_nowhere_but_in_its_own_modules() -> None:
    """No line of a shared file names a maker, be it code, a comment, a docstring or a text."""
    named = [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()}"
        for path in _shared_files()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if MAKER.search(line.replace(GAMBIA, ""))
    ]
    assert not named, "\n".join([f"{len(named)} lines name a maker:", *named])


def test_a_maker_is_known_by_its_whole_name_in_any_case() -> None:
    for name in [oem.name for oem in OEMS]:
        for line in (f"`{name}/es`", f"OEM={name}", f"{name.upper()}_URL", f"{name.title()}-Works", f"{name}'s"):
            assert MAKER.search(line), line
    assert not MAKER.search("a dealer in Hartford can afford five seats")


def _shared_files() -> Iterator[Path]:
    """The modules and templates of the tiers that are no maker's own, and the definitions. A platform's module is a
    part of the makers' that name it, and knows their hosts. `sizes.toml` is left out: it holds measurements of assets,
    each by its maker."""
    makers = [oem.name for oem in OEMS]
    for tier in TIERS:
        for path in sorted((CHECKOUT / tier).rglob("*.*")):
            of_maker = any(path.stem == maker or path.stem.startswith(f"{maker}_") for maker in makers)
            of_platform = path.parent.name == "platforms" and path.name != "__init__.py"
            if path.suffix in {".py", ".jinja"} and not of_maker and not of_platform:
                yield path
    yield CHECKOUT / "definitions.py"


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
def test_a_context_that_a_test_builds_is_closed_again() -> None:
    """Or the Dagster instance that it opened stays the one whose state later tests' definitions are loaded with."""
    opens = {"build_schedule_context", "build_sensor_context", "build_asset_context", "build_op_context"}
    for module, tree in modules("tests"):
        closed = {
            item.context_expr
            for node in ast.walk(tree)
            if isinstance(node, ast.With | ast.AsyncWith)
            for item in node.items
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node not in closed):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            assert name not in opens, f"{module}, line {call.lineno}: write `with {ast.unparse(call)} as context`"


@pytest.mark.slow
def test_a_test_module_imports_no_test_module() -> None:
    """What tests share lies in `tests/support`, so that a test module can be moved or run alone."""
    for module, tree in modules("tests"):
        others = {name for name in imported(tree) if any(part.startswith("test_") for part in name.split("."))}
        assert not others, f"{module} imports {sorted(others)}"
