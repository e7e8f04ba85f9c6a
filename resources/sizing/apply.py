"""Which sizes measured nights ask for: pure functions on what the steps told.

Memory is taken from the highest peak of all nights, with the headroom of `resources.sizing.billing`, so a size is never
below what was seen. A step is made smaller only after several nights, and larger after one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from resources.sizing.billing import cheapest_size, highest_need, longest_work
from resources.sizing.evidence import Measured
from resources.sizing.sizes import BASELINE_SIZE, TIER_SIZES, Size
from resources.sizing.uses import COORDINATOR, StepUse

NIGHTS_TO_SHRINK = 3


def of_live_tasks(uses: Iterable[StepUse]) -> list[StepUse]:
    """What production may be sized by: a played night, or one on a laptop, says nothing of the real stock."""
    return [use for use in uses if use.is_task and use.apis == "live"]


def sizes_by_evidence(
    uses: Iterable[StepUse], known: Mapping[str, Measured], nights_to_shrink: int = NIGHTS_TO_SHRINK
) -> dict[str, Measured]:
    """`known` with the entries that the uses (newest first) change or add.

    An asset that was not measured keeps its entry or its lack of one; so does one whose size fits.
    """
    found = dict(known)
    by_step: dict[str, list[StepUse]] = {}
    for use in uses:
        if use.step != COORDINATOR:
            by_step.setdefault(use.step, []).append(use)
    for step, its in by_step.items():
        need = highest_need(its)
        current = its[0].size
        better = cheapest_size(need, longest_work(its), current)
        nights = tuple(sorted({use.night for use in its}))
        if better is None or (better.memory_mb <= current.memory_mb and len(nights) < nights_to_shrink):
            continue
        if step not in known and better == tier_size(step):
            continue
        deaths = sum(use.end == "out_of_memory" for use in its)
        found[step] = Measured(better, nights, need.peak_memory_mb, need.busy_vcpus, deaths)
    return found


def tier_size(step: str) -> Size:
    """The default of the tier of an asset `<oem>/<tier>/<name>`; of a step of no tier, consolidated's."""
    tier = step.split("/")[1] if "/" in step else ""
    return next((size for name, size in TIER_SIZES.items() if name == tier), BASELINE_SIZE)
