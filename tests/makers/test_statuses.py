"""The statuses that a maker's declaration names."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.support.declared import ENDPOINTS, OEMS, statuses


@pytest.mark.parametrize("maker", [oem.name for oem in OEMS])
def test_the_statuses_that_a_maker_answers_with_are_those_of_http(maker: str) -> None:
    found = {status for oem, one in ENDPOINTS if oem.name == maker for status in statuses(one)}
    assert found <= set(HTTPStatus)
    good = {status for oem, one in ENDPOINTS if oem.name == maker for status in one.success}
    assert all(status // 100 == 2 for status in good)
