"""The survivors that were looked at are of lines that the code still has."""

from __future__ import annotations

import pytest

from tests.support.explained import EXPLANATIONS, Explanation


@pytest.mark.parametrize("explanation", EXPLANATIONS, ids=lambda one: f"{one.path} {one.line}")
def test_an_explanation_is_of_a_line_that_stands(explanation: Explanation) -> None:
    assert explanation.stands()
