"""The closed list of causes: each has its policy, each is given by some code, and the page of the docs is current."""

from __future__ import annotations

import ast

import pytest

from raw.fetch.redaction import bounded
from resources.failures import POLICIES, Cause, PlatformError, printable
from tests.support.failure_table import PAGE, with_table
from tests.support.source import TIERS, modules
from transformed.contract.drift import Drift


def test_every_cause_has_its_policy() -> None:
    assert set(POLICIES) == set(Cause)
    for policy in POLICIES.values():
        assert policy.runbook.endswith(".")


STEERS = ("\x1b[2J\x1b]0;title\x07", "\u202eetihw", "a\rb", "\x9b31m", "\u2028")


@pytest.mark.parametrize("said", STEERS)
def test_nothing_that_a_host_says_steers_a_terminal(said: str) -> None:
    drift = Drift()
    drift.note(f"unknown field `{said}\nanother line`")
    error = PlatformError(Cause.SCHEMA_DRIFT, f"no total{said}", "audi", "es", "stock", f"0 (model={said})")
    for shown in (*drift.lines(), bounded(said), str(error)):
        assert shown.isprintable(), shown
        assert "\ufffd" in shown


def test_a_text_of_letters_of_any_script_and_of_several_lines_is_shown_as_it_is() -> None:
    for text in ("Málaga, 서울, 🚗", "one\ntwo"):
        assert printable(text) == text


def test_the_page_of_the_docs_is_current() -> None:
    page = PAGE.read_text()
    assert page == with_table(page), "run `python -m tests.support.failure_table`"


@pytest.mark.slow
def test_every_cause_is_given_somewhere() -> None:
    """A cause that code only compares with, or only has a policy for, can never be seen."""
    given: set[str] = set()
    for tier in TIERS:
        for module, tree in modules(tier):
            if module != "resources.failures":
                given |= _given(tree)
    assert {cause.name for cause in Cause} - given == set()


def _given(tree: ast.AST) -> set[str]:
    """The names `X` of all `Cause.X` that are not a side of a comparison or a container that is asked `in`."""
    if isinstance(tree, ast.Compare):
        return set()
    if isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name) and tree.value.id == "Cause":
        return {tree.attr}
    return set().union(*(_given(child) for child in ast.iter_child_nodes(tree)))
