"""The executor of `make nightly`: each step is a process of its own on this machine.

The processes are forked from one that has done beforehand what every step does alike (`step_start`).
"""

from __future__ import annotations

import dagster as dg

from resources.sizing.sizes import TIER_TAG

side_by_side_executor = dg.multiprocess_executor.configured(
    {
        # Steps of raw mostly wait for their hosts, and steps that share a host wait for its pool. A step of another
        # tier computes: two of a tier at once, as a laptop has the memory for.
        "max_concurrent": 24,
        "tag_concurrency_limits": [
            {"key": TIER_TAG, "value": tier, "limit": 2} for tier in ("transformed", "consolidated", "maintenance")
        ],
        "start_method": {"forkserver": {"preload_modules": ["consolidated.night.step_start"]}},
    },
    name="side_by_side",
)
