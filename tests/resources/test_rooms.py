"""The rooms of the house: within each tier imports run down, no string names what lies above, `resources/` is small."""

import ast
import re

import pytest

from tests.support.source import CHECKOUT, TIERS, imported, modules, texts

# from the lowest to the highest: a room imports the rooms of its own line and of the lines before it
ROOMS = {
    "resources": [
        {"commands", "failures", "markets", "retries", "source"},
        {"lake"},
        {"sandbox"},
        {"apis", "ecs", "executor", "graph", "shown", "sizing"},
    ],
    "raw": [{"archive"}, {"endpoint"}, {"platforms"}, {"<maker>"}, {"fetch"}, {"wiring"}],
    "transformed": [{"contract"}, {"mapping"}, {"platforms"}, {"<maker>"}, {"day"}, {"probe"}],
    "consolidated": [{"tables"}, {"history", "maintenance"}, {"day"}, {"change", "night", "query"}],
}
# a dotted name of a module or table: `consolidated.runs`, `transformed.audi`
DOTTED = re.compile(r"^(raw|transformed|consolidated|definitions)(\.\w+)+$")


def room_of(module: str) -> str:
    tier, _, rest = module.partition(".")
    name = rest.split(".")[0]
    is_maker = tier in ("raw", "transformed") and (CHECKOUT / tier / f"{name}.py").exists()
    return "<maker>" if is_maker else name


@pytest.mark.parametrize("tier", TIERS)
def test_within_a_tier_imports_run_down_only(tier: str) -> None:
    level = {room: number for number, rooms in enumerate(ROOMS[tier]) for room in rooms}
    for module, tree in modules(tier):
        for name in imported(tree):
            if module == tier or not name.startswith(f"{tier}."):
                continue
            here, there = room_of(module), room_of(name)
            assert level[there] <= level[here], f"{module} imports {name}, which lies above it"


@pytest.mark.parametrize("tier", TIERS)
def test_no_string_names_a_module_or_table_of_a_tier_above(tier: str) -> None:
    above = TIERS[TIERS.index(tier) + 1 :]
    for module, tree in modules(tier):
        for text in texts(tree):
            match = DOTTED.match(text)
            assert match is None or match[1] not in above, f"{module} names {text!r}"


@pytest.mark.parametrize("tier", TIERS)
def test_each_room_says_what_it_is_for(tier: str) -> None:
    for folder in (CHECKOUT / tier).iterdir():
        if (folder / "__init__.py").exists():
            text = (folder / "__init__.py").read_text()
            assert ast.get_docstring(ast.parse(text)), f"{folder.name}/__init__.py has no docstring"


def test_the_top_of_resources_stays_small() -> None:
    assert len(list((CHECKOUT / "resources").glob("*.py"))) <= 6
