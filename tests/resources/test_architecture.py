"""The walls of the house: tiers import downwards only, and the definitions load nothing heavy (law 8)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TIERS = ("raw", "transformed", "consolidated")
HEAVY = ("polars", "pyarrow", "pyiceberg", "s3fs", "aiohttp", "msgspec")
ALLOWED = {
    "resources": {"resources", "raw.wiring.discovery"},  # nightly.py asks which OEMs there are
    "raw": {"raw", "resources"},
    "transformed": {"transformed", "raw", "resources"},
    "consolidated": {"consolidated", "transformed", "raw", "resources"},
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_tiers_import_downwards_only(package: str) -> None:
    ours = {*TIERS, "resources", "definitions", "tests"}
    for path in (CHECKOUT / package).rglob("*.py"):
        for name in imports(path):
            if name.split(".")[0] not in ours:
                continue
            assert any(
                name == allowed or name.startswith(f"{allowed}.") or allowed.startswith(f"{name}.")
                for allowed in ALLOWED[package]
            ), f"{path.relative_to(CHECKOUT)} imports {name}"


def test_law_8_loading_the_definitions_imports_nothing_heavy() -> None:
    program = f"import definitions, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_an_oem_is_named_nowhere_but_in_its_own_modules() -> None:
    oems = (
        {path.stem for path in (CHECKOUT / "transformed").glob("*.py")}
        & {path.stem for path in (CHECKOUT / "raw").glob("*.py")}
        & {path.stem for path in (CHECKOUT / "resources" / "sandbox").glob("*.py")}
    )
    oems -= {"__init__", "assets"}
    assert oems >= {"audi", "mercedes"}
    for package in (*TIERS, "resources"):
        for path in (CHECKOUT / package).rglob("*.py"):
            if path.stem.split("_")[0] in oems:
                continue
            code = ast.parse(path.read_text())
            names = {node.id for node in ast.walk(code) if isinstance(node, ast.Name)} | imports(path)
            texts = {
                node.value
                for node in ast.walk(code)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value
            }
            for oem in oems:
                assert not any(oem in text.split(".") for text in names | texts), (
                    f"{path.relative_to(CHECKOUT)} names {oem}"
                )
    source = (CHECKOUT / "definitions.py").read_text()
    assert not any(oem in source for oem in oems)
