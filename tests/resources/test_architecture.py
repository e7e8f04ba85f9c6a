"""The walls of the house: imports go down only, and no maker is named outside its own modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.lake.lake import CHECKOUT
from tests.support.declared import OEMS

TIERS = ("raw", "transformed", "consolidated")
# package -> what its modules may import of the project, beside themselves and `resources`; a maker's module counts as
# the package `<tier>.<maker>`
ALLOWED: dict[str, tuple[str, ...]] = {
    "resources": (),
    "raw.endpoint": (),
    "raw.archive": (),
    "raw.<maker>": ("raw.endpoint", "raw.platforms"),
    "raw.platforms": ("raw.endpoint",),
    "raw.fetch": ("raw.endpoint", "raw.archive"),
    "raw.wiring": ("raw",),
    "transformed.contract": (),
    "transformed.mapping": ("transformed.contract",),
    "transformed.<maker>": ("transformed.mapping", "transformed.contract"),
    "transformed.day": ("transformed", "raw"),
    "consolidated.tables": ("transformed.contract",),
    "consolidated.maintenance": ("consolidated.tables", "transformed", "raw"),
    "consolidated.history": ("consolidated.tables", "transformed.contract"),
    "consolidated.day": ("consolidated.history", "consolidated.tables", "transformed", "raw"),
    "consolidated.night": ("consolidated", "transformed", "raw"),
}


def package_of(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    if parts[0] not in TIERS or len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        return parts[0] if parts[1] == "__init__" else f"{parts[0]}.<maker>"
    return f"{parts[0]}.{parts[1]}"


def modules() -> Iterator[Path]:
    for package in (*TIERS, "resources"):
        yield from sorted((CHECKOUT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The project's modules that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in found if name.split(".")[0] in (*TIERS, "resources", "definitions", "tests")}


def texts(path: Path) -> set[str]:
    """The string constants of a module, without its docstrings."""
    tree = ast.parse(path.read_text())
    scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, scopes) and node.body
             and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    }


def is_below(name: str, package: str) -> bool:
    """Whether the module is the package or in it, or is a package around it that its import line names too."""
    return name == package or name.startswith(f"{package}.") or package.startswith(f"{name}.")


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_imports_go_down_only(path: Path) -> None:
    package = package_of(path)
    if package in TIERS:
        assert not imports(path)
        return
    own = path.parent if package.endswith("<maker>") else CHECKOUT.joinpath(*package.split("."))
    if package.endswith("<maker>"):
        allowed = ("resources", *ALLOWED[package])
    else:
        allowed = ("resources", ".".join(own.relative_to(CHECKOUT).parts), *ALLOWED[package])
    for name in imports(path):
        assert any(is_below(name, one) for one in allowed), f"{path.relative_to(CHECKOUT)} imports {name}"


def test_no_module_names_an_upper_tier_in_a_text() -> None:
    """An import by name or a table's name in a text is an import that the test above cannot see."""
    above = {
        "resources": ("raw.", "transformed.", "consolidated."),
        "raw": ("transformed.", "consolidated."),
        "transformed": ("consolidated.",),
    }
    tables = ("inventory_daily", "inventory_events", "dealers_daily")
    for path in modules():
        tier = path.relative_to(CHECKOUT).parts[0]
        for text in texts(path):
            if " " in text or tier not in above:
                continue
            assert not text.startswith(above[tier]), f"{path.relative_to(CHECKOUT)} names {text}"
            assert text not in tables, f"{path.relative_to(CHECKOUT)} names the table {text}"


def test_a_maker_is_named_nowhere_but_in_its_own_modules() -> None:
    makers = {oem.name for oem in OEMS}
    for path in modules():
        if path.stem.split("_")[0] in makers:
            continue
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        for text in names | imports(path) | {text for text in texts(path) if " " not in text}:
            assert makers.isdisjoint(text.split(".")), f"{path.relative_to(CHECKOUT)} names a maker: {text}"
    source = (CHECKOUT / "definitions.py").read_text()
    assert not any(maker in source for maker in makers)


def test_a_test_module_imports_no_test_module() -> None:
    """What tests share lies in `tests/support`, so that a test module can be moved or run alone."""
    for path in (CHECKOUT / "tests").rglob("*.py"):
        tests = {name for name in imports(path) if any(part.startswith("test_") for part in name.split(".")[:-1])}
        tests |= {name for name in imports(path) if (CHECKOUT / f"{name.replace('.', '/')}.py").name.startswith("test_")
                  and (CHECKOUT / f"{name.replace('.', '/')}.py").exists()}  # fmt: skip
        assert not tests, f"{path.relative_to(CHECKOUT)} imports {sorted(tests)}"


def test_resources_shows_its_wings() -> None:
    assert len([path for path in (CHECKOUT / "resources").glob("*.py") if path.stem != "__init__"]) <= 6
