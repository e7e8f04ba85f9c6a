"""`make costs`: what a measured night costs on Fargate, at the execution model's sizes, at the tiers', and as measured.

Belongs here: the night's dollars and the table. Does not belong here: prices (`resources.sizing.prices`), a task's
billed time and its cheapest size (`resources.sizing.billing`).

The coordinator lives as long as the longest step of each tier, one tier after another. The document's sizing is priced
as it is: x86, on demand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resources.commands.frame import command
from resources.graph import checkout_instance
from resources.sizing.apply import tier_size
from resources.sizing.billing import Work, cheapest_size, highest_need, longest_work, start_seconds
from resources.sizing.fitting import Need
from resources.sizing.prices import DEFAULT_REGION, PRICES_AS_OF, Architecture, task_cost_usd
from resources.sizing.sizes import BASELINE_SIZE, COORDINATOR_SIZE, REPEATABLE_TIERS, TIER_SIZES, Size
from resources.sizing.uses import StepUse, read_uses

SMALL_NIGHT_STEPS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the night, `<oem>/<tier>/<name>`: what it used and how long it took."""

    name: str
    need: Need
    work: Work

    @property
    def maker(self) -> str:
        return self.name.split("/")[0]

    @property
    def tier(self) -> str:
        return self.name.split("/")[1]


Sizes = Mapping[str, Size]


def steps_of(uses: Iterable[StepUse]) -> list[Step]:
    """The steps of the tiers that succeeded in the latest of the nights, by name."""
    its = [use for use in uses if use.end == "success" and _is_of_a_tier(use.step)]
    latest = max((use.night for use in its), default="")
    by_name: dict[str, list[StepUse]] = {}
    for use in its:
        if use.night == latest:
            by_name.setdefault(use.step, []).append(use)
    return [Step(name, highest_need(attempts), longest_work(attempts)) for name, attempts in sorted(by_name.items())]


def _is_of_a_tier(step: str) -> bool:
    return step.count("/") == 2 and step.split("/")[1] in TIER_SIZES


def of_document(steps: Iterable[Step]) -> Sizes:
    """The execution model's: each step at 4096/16384."""
    return {step.name: BASELINE_SIZE for step in steps}


def of_tiers(steps: Iterable[Step]) -> Sizes:
    return {step.name: tier_size(step.name) for step in steps}


def as_measured(steps: Iterable[Step]) -> Sizes:
    """What `make sizing APPLY=1` makes of nights like this one."""
    tiers = {step.name: tier_size(step.name) for step in steps}
    return {one.name: cheapest_size(one.need, one.work, tiers[one.name]) or tiers[one.name] for one in steps}


def night_usd(
    steps: Sequence[Step], sizes: Sizes, architecture: Architecture = "x86_64", *, spot: bool = False
) -> float:
    """Dollars of the night, coordinator included; with `spot` the tiers that may be interrupted run on it."""
    longest: dict[str, float] = {}
    total = 0.0
    for step in steps:
        size = sizes[step.name]
        longest[step.tier] = max(longest.get(step.tier, 0.0), step.work.billed_seconds(size))
        on_spot = spot and step.tier in REPEATABLE_TIERS
        total += step.work.cost_usd(size, spot=on_spot, architecture=architecture)
    seconds = start_seconds(COORDINATOR_SIZE) + sum(longest.values())
    return total + task_cost_usd(COORDINATOR_SIZE, seconds, DEFAULT_REGION, architecture=architecture)


def small_night(steps: Sequence[Step], count: int = SMALL_NIGHT_STEPS) -> list[Step]:
    """At most `count` steps of whole makers, those with the most steps first that still fit."""
    by_maker: dict[str, list[Step]] = {}
    for step in steps:
        by_maker.setdefault(step.maker, []).append(step)
    found: list[Step] = []
    sizes = sorted({len(its) for its in by_maker.values()}, reverse=True)
    # makers of one size, such as two of six steps, before a mixture
    uniform = next((size for size in sizes if count % size == 0 and size * 2 <= count), None)
    order = sorted(by_maker.values(), key=lambda its: (len(its) != uniform, -len(its), its[0].name))
    for its in order:
        if len(found) + len(its) <= count:
            found += its
    return found


def table(steps: Sequence[Step]) -> str:
    """The table as Markdown: dollars a night, and the measured sizes' share of the document's sizing."""
    lines = [
        "| night | on | document | tiers' sizes | measured sizes | of document |",
        "|---|---|---|---|---|---|",
    ]
    for its in (small_night(steps), steps):
        night = f"{len(its)} steps of {len({step.maker for step in its})} makers"
        document = night_usd(its, of_document(its))
        for architecture in ("x86_64", "arm64"):
            for spot in (False, True):
                tiers = night_usd(its, of_tiers(its), architecture, spot=spot)
                measured = night_usd(its, as_measured(its), architecture, spot=spot)
                machine = f"{'ARM' if architecture == 'arm64' else 'x86'}{', Spot' if spot else ''}"
                lines.append(
                    f"| {night} | {machine} | ${document:.4f} | ${tiers:.4f} | ${measured:.4f} "
                    f"| {measured / document:.0%} |"
                )
    return "\n".join(lines)


def vcpus_at_once(steps: Iterable[Step], sizes: Sizes) -> float:
    """The vCPUs of the tier whose steps, all running at once, take the most: what the account's quota has to allow."""
    found: dict[str, float] = {}
    for step in steps:
        found[step.tier] = found.get(step.tier, 0.0) + sizes[step.name].cpu / 1024
    return max(found.values(), default=0.0)


@command
def main() -> int:
    """Print the table of the latest night. Returns the exit code: 0, or 2 where there was no night."""
    argparse.ArgumentParser(prog="make costs", description=__doc__.splitlines()[0]).parse_args()
    with checkout_instance() as instance:
        steps = steps_of(read_uses(instance, 1))
    print(table(steps))
    vcpus = [f"{vcpus_at_once(steps, rule(steps)):g}" for rule in (of_document, of_tiers, as_measured)]
    print(
        f"\nDollars of a night in {DEFAULT_REGION}, prices of {PRICES_AS_OF}; the document's on x86, on demand.\n"
        f"vCPUs at once, where the steps of a tier all run at the same time: {', '.join(vcpus)}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
