"""What the commands take from a person, and the sentence that refuses it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from raw.wiring.arguments import day_argument, maker_argument, number_argument, one_of
from resources.failures import Cause, PlatformError
from resources.lake.days import FIRST_DAY, last_day, today


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-W48-1", "is not a date"), ("20261125", "is not a date"), ("2026-02-30", "is not a date"),
        ("2026-11-25 ", "is not a date"), ("2022-12-31", "is before the first day"),
        ("0001-01-01", "is before the first day"),
        ("9999-12-31", "is in the future"),
    ],
)  # fmt: skip
def test_a_day_that_nobody_can_have_is_refused(text: str, says: str) -> None:
    with pytest.raises(PlatformError, match=f"SINCE={text} {says}"):
        day_argument(text, "SINCE")


def test_the_day_after_tomorrow_is_in_the_future() -> None:
    with pytest.raises(PlatformError, match="is in the future"):
        day_argument(str(today() + timedelta(days=2)))


def test_a_night_of_tomorrow_can_be_tried_and_a_number_is_one_from_1_on() -> None:
    assert day_argument(last_day().isoformat()) == last_day() == today() + timedelta(days=1)
    assert number_argument("12", "PAGES") == 12
    for text in ("0", "-3", "1.5", "two", "", "٣"):
        with pytest.raises(PlatformError, match=f"PAGES={text} is no number"):
            number_argument(text, "PAGES")


def test_the_first_day_can_be_named() -> None:
    assert day_argument(FIRST_DAY.isoformat()) == FIRST_DAY


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "MARKET is not given. Name one of es, de."), ("fr", "MARKET=fr is none of es, de. Name one of these.")],
)
def test_a_name_that_is_none_of_the_known_ones_is_refused_with_these(value: str, said: str) -> None:
    with pytest.raises(PlatformError) as failure:
        one_of("MARKET", value, iter(["es", "de"]))
    assert (failure.value.cause, said in str(failure.value)) == (Cause.CONFIGURATION, True)
    assert one_of("MARKET", "de", ["es", "de"]) == "de"


def test_a_maker_is_the_one_of_its_module() -> None:
    assert maker_argument("audi").name == "audi"
    with pytest.raises(PlatformError, match="OEM=Audi is none of audi, bmw"):
        maker_argument("Audi")
