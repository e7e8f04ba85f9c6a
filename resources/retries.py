"""Doing something again after a failure that may pass: the one place that decides how long to wait in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenacity import Retrying


def retrying(
    on: type[BaseException] | tuple[type[BaseException], ...],
    *,
    attempts: int,
    first_wait_seconds: float = 0.25,
    longest_wait_seconds: float = 20.0,
) -> Retrying:
    """A tenacity loop that repeats after the exceptions `on`, at most `attempts` times in all.

    The wait before attempt n+1 is drawn from 0 to `first_wait_seconds` x 2^(n-1), at most `longest_wait_seconds`
    (full jitter: writers that lost against each other do not meet again). Call it with the action, or iterate over it
    and enter each attempt. The exception of the last attempt is raised as it is.
    """
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    return Retrying(
        retry=retry_if_exception_type(on),
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=first_wait_seconds, max=longest_wait_seconds),
        reraise=True,
    )


def pause_after(failures: int, *, first_wait_seconds: float = 0.25, longest_wait_seconds: float = 20.0) -> None:
    """Sleep as `retrying` does after so many failures before this one, for a caller that cannot hand over its loop."""
    import random
    from time import sleep

    sleep(random.uniform(0, min(longest_wait_seconds, first_wait_seconds * 2**failures)))  # noqa: S311
