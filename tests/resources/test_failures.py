"""The closed list of causes: each has its policy, and the page of the docs is current."""

from __future__ import annotations

from resources.failures import POLICIES, Cause
from tests.support.failure_table import PAGE, with_table


def test_every_cause_has_its_policy() -> None:
    assert set(POLICIES) == set(Cause)
    for policy in POLICIES.values():
        assert policy.runbook.endswith(".")


def test_the_page_of_the_docs_is_current() -> None:
    page = PAGE.read_text()
    assert page == with_table(page), "run `python -m tests.support.failure_table`"
