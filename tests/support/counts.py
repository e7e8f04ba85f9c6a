"""How much of a test's work is done: the usual share under `make test`, all of it under `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

IS_SOAK = os.environ.get("SOAK") == "1"


def count(usual: int, soak: int) -> int:
    """How many rounds, kills or rows: `usual`, or `soak` under `make soak`."""
    return soak if IS_SOAK else usual


def load_hypothesis_profile() -> None:
    """No deadline: these machines are shared. Examples are drawn anew under `make soak`, repeatable otherwise."""
    settings.register_profile(
        "oem-stock",
        max_examples=count(25, 3000),
        deadline=None,
        derandomize=not IS_SOAK,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("oem-stock")
