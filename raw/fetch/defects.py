"""An exception that nobody foresaw, told by its kind and place."""

from __future__ import annotations

import traceback
from pathlib import Path

from resources.failures import PlatformError

_CHECKOUT = Path(__file__).resolve().parents[2]


def described(error: BaseException) -> str:
    """The kind of an exception and where it was raised, `raw/fetch/market.py:184`; its text may quote a host."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    if not ours:
        return type(error).__name__
    place = f"{Path(ours[-1].filename).relative_to(_CHECKOUT)}:{ours[-1].lineno}"
    return f"{type(error).__name__} at {place}"


def innermost(error: BaseException) -> BaseException:
    """The one error of a task group that is worth telling: the lake's before any other, as the whole step fails by it;
    the rest are tasks which the group cancelled."""
    while isinstance(error, BaseExceptionGroup):
        of_platform = [one for one in error.exceptions if isinstance(one, PlatformError)]
        error = (of_platform or error.exceptions)[0]
    return error


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(_CHECKOUT) and ".venv" not in path.relative_to(_CHECKOUT).parts
