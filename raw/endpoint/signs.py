"""Signs in an answer by which a maker says something: that the pages end, that there is nothing, that it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sign:
    """Holds where all that it names holds.

    path: dotted path in the body; value: what stands there, None also where nothing does. is_not: anything but the
    value stands there. any_value: something stands there that is not null, empty or false; the value does not matter.
    status: of the answer. header: (name, value) of the answer. no_body: the body is empty.
    """

    path: str = ""
    value: Any = None
    status: int | None = None
    header: tuple[str, str] | None = None
    is_not: bool = False
    any_value: bool = False
    no_body: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer with the sign is a refusal, whatever its status. cause: its name in `resources.failures.Cause`; the
    cause says whether the request is sent again."""

    sign: Sign
    cause: str


@dataclass(frozen=True, slots=True)
class Total:
    """Where the reported total stands, if not as a number of records in the body. path: dotted, in the body. header: of
    the answer. counts: `pages` for the number of pages. only_on_first_page: totals of later pages mean nothing."""

    path: str = ""
    header: str = ""
    counts: str = "records"
    only_on_first_page: bool = False
