"""How an exception that nobody foresaw is told: its kind and our own line, and never its text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from raw.archive.record_list import RecordList
from raw.fetch.defects import described, innermost
from resources.failures import Cause, PlatformError


def _error_of(action: Callable[[], Any]) -> BaseException:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - of any text: it is the place that is told
        action()
    return raised.value


def test_a_defect_is_told_by_its_kind_and_our_innermost_line() -> None:
    told = described(_error_of(lambda: RecordList("a[b")))
    assert told.startswith("ValueError at raw/archive/record_list.py:")
    assert "a[b" not in told


def test_a_defect_within_a_library_is_told_by_the_line_of_ours_that_called_it() -> None:
    told = described(_error_of(lambda: json.loads("{")))
    assert told.startswith("JSONDecodeError at tests/raw/test_defects.py:")


def test_an_exception_that_was_raised_nowhere_of_ours_is_told_by_its_kind() -> None:
    assert described(ZeroDivisionError("a secret host")) == "ZeroDivisionError"


LAKE, OTHER = PlatformError(Cause.LAKE_UNWRITABLE, "full"), PlatformError(Cause.BLOCKED, "no")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OTHER, OTHER),
        (BaseExceptionGroup("", [OTHER, LAKE]), OTHER),
        (BaseExceptionGroup("", [ZeroDivisionError(), KeyboardInterrupt(), LAKE]), LAKE),
        (BaseExceptionGroup("", [BaseExceptionGroup("", [ZeroDivisionError(), LAKE])]), LAKE),
    ],
)
def test_of_the_errors_of_a_group_the_platforms_own_is_told(error: BaseException, told: BaseException) -> None:
    assert innermost(error) is told


def test_of_other_errors_of_a_group_the_first_is_told() -> None:
    first = ZeroDivisionError()
    assert innermost(BaseExceptionGroup("", [first, KeyError()])) is first
