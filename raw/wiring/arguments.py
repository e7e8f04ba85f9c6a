"""What the commands take from a person: a day, a maker, a market. A wrong one is refused before anything heavy loads.

Belongs here: reading a word of the command line, and the sentence that refuses it. Does not belong here: what is done
with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources.failures import Cause, PlatformError
from resources.lake.days import FIRST_DAY, day_of, last_day, today

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from raw.wiring.discovery import Oem


def day_argument(text: str, variable: str = "DATE") -> date:
    """A day written as 2026-11-23 that the platform can have, from its first one to tomorrow.

    Raises PlatformError, naming the variable: CONFIGURATION, FUTURE_DATE.
    """
    day = day_of(text)
    if day is None:
        detail = f"{variable}={text} is not a date"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Write it as 2026-11-23.")
    if day < FIRST_DAY:
        detail = f"{variable}={text} is before the first day, {FIRST_DAY}"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Choose a later day.")
    if day > last_day():
        raise PlatformError(Cause.FUTURE_DATE, f"{variable}={text} is in the future: today is {today()} UTC")
    return day


def number_argument(text: str, variable: str) -> int:
    """A whole number from 1 on. Raises PlatformError(CONFIGURATION), naming the variable."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise PlatformError(Cause.CONFIGURATION, f"{variable}={text} is no number from 1 on", advice="Write it as 3.")
    return int(text)


def maker_argument(name: str) -> Oem:
    """The maker of a module's name. Raises PlatformError(CONFIGURATION), naming those that there are."""
    from raw.wiring.discovery import discover

    makers = {maker.name: maker for maker in discover()}
    return makers[one_of("OEM", name, makers)]


def one_of(variable: str, value: str, known: Iterable[str]) -> str:
    """The value, if it is one of the known ones. Raises PlatformError(CONFIGURATION), naming them."""
    names = list(known)
    if not value:
        raise PlatformError(Cause.CONFIGURATION, f"{variable} is not given", advice=f"Name one of {', '.join(names)}.")
    if value not in names:
        detail = f"{variable}={value} is none of {', '.join(names)}"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Name one of these.")
    return value
