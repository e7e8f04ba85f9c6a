"""`make sizing`: what the steps of the last nights used and cost, and which sizes would do.

Belongs here: the table. Does not belong here: reading the steps' own words back (`resources.sizing.uses`), and the
rules of what fits (`resources.sizing.billing`, `resources.sizing.apply`).

The instance is that of DAGSTER_HOME, so on a machine that reaches production's PostgreSQL it is production's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from resources.commands.frame import command
from resources.failures import Cause, PlatformError
from resources.sizing.apply import NIGHTS_TO_SHRINK, of_live_tasks, sizes_by_evidence
from resources.sizing.billing import cheapest_size, highest_need, longest_work
from resources.sizing.evidence import SIZES_FILE, measured_sizes, write_sizes
from resources.sizing.fitting import Need
from resources.sizing.prices import PRICES_AS_OF
from resources.sizing.sizes import Size
from resources.sizing.uses import COORDINATOR, StepUse, read_uses

_DAYS_A_MONTH = 30
_COLUMNS = 80
_LABEL = 28  # of them for a step's name


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step over the nights: its latest size, its highest need, dollars a night now and at `better`."""

    step: str
    size: Size
    need: Need
    better: Size | None
    cost_now_usd: float
    cost_then_usd: float
    is_task: bool


@command
def main(arguments: list[str] | None = None) -> int:
    """Print the table, and with --apply write the sizes. Returns the exit code: 0, or 2 where there is nothing."""
    parser = argparse.ArgumentParser(prog="make sizing", description=__doc__)
    parser.add_argument("--nights", type=_nights, default=7, help="how many of the last nights; 7 by default")
    parser.add_argument("--apply", action="store_true", help=f"write {SIZES_FILE.name} from live nights on ECS")
    parser.add_argument("--all", action="store_true", help="with --apply: from played nights and laptops too")
    options = parser.parse_args(arguments)
    from resources.graph import checkout_instance

    with checkout_instance() as instance:
        uses = read_uses(instance, options.nights)
    print_report(uses)
    if options.apply:
        apply(uses, any_night=options.all)
    return 0


def _nights(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def apply(uses: list[StepUse], *, any_night: bool) -> None:
    """Write sizes.toml and print what changed.

    Raises PlatformError(CONFIGURATION) where no night may be used.
    """
    usable = uses if any_night else of_live_tasks(uses)
    if not usable:
        raise PlatformError(
            Cause.CONFIGURATION,
            "none of these nights ran on ECS against the live APIs, and only such nights size production",
            advice="Set DAGSTER_HOME to production's instance; ALL=1 takes these nights all the same.",
        )
    known = dict(measured_sizes())
    found = sizes_by_evidence(usable, known)
    changed = sorted(step for step in found if known.get(step) != found[step])
    for step in changed:
        before = _pair(known[step].size) if step in known else "its tier's"
        print(f"{step}: {before} -> {_pair(found[step].size)}, from {len(found[step].nights)} nights")
    if changed:
        write_sizes(found)
    print(
        f"{len(changed)} sizes changed in resources/sizing/{SIZES_FILE.name}; review the diff."
        if changed
        else f"No size changed: all fit, or fewer than {NIGHTS_TO_SHRINK} nights ask for a smaller one."
    )


def rows(uses: Iterable[StepUse]) -> list[StepRow]:
    """A row a step, by name, the coordinator first; the advice is from the highest need of all its attempts."""
    by_step: dict[str, list[StepUse]] = {}
    for use in uses:
        by_step.setdefault(use.step, []).append(use)
    found = []
    for step, its in sorted(by_step.items(), key=lambda item: (item[0] != COORDINATOR, item[0])):
        need = highest_need(its)
        size = its[0].size  # newest run first
        better = None if step == COORDINATOR else cheapest_size(need, longest_work(its), size)
        nights = len({use.night for use in its})
        found.append(
            StepRow(
                step=step,
                size=size,
                need=need,
                better=better,
                cost_now_usd=sum(use.cost_usd() for use in its) / nights,
                cost_then_usd=sum(use.cost_usd(better) for use in its) / nights,
                is_task=all(use.is_task for use in its),
            )
        )
    return found


def print_report(uses: list[StepUse]) -> None:
    """The table of the steps in 80 columns, then a line a night with its total."""
    nights = sorted({use.night for use in uses})
    found = rows(uses)
    better = {row.step: row.better for row in found}
    print(f"steps of {len(nights)} nights, {nights[0]} to {nights[-1]}")
    widths = {"cpu/memory": 10, "peak MB": 7, "of it": 5, "vCPUs": 5, "would do": 10, "now": 4, "then": 4}
    print(f"{'step':{_LABEL}} {' '.join(f'{name:>{width}}' for name, width in widths.items())}")
    maker = ""
    for row in found:
        first, _, rest = row.step.partition("/")
        if rest and first != maker:
            print(maker := first)
        label = f"  {rest}" if rest else row.step
        dollars = f"{_of_a_month(row.cost_now_usd)} {_of_a_month(row.cost_then_usd)}"
        figures = f" {_pair(row.size):>10} {_figures(row)} {dollars}"
        if len(f"{label:{_LABEL}}{figures}") > _COLUMNS:  # its name stands on a line of its own
            print(label)
            label, figures = "", figures.rjust(_COLUMNS - _LABEL)
        print(f"{label:{_COLUMNS - len(figures)}}{figures}")
    for night in nights:
        its = [use for use in uses if use.night == night]
        now = sum(use.cost_usd() for use in its)
        then = sum(use.cost_usd(better[use.step]) for use in its)
        failed = sum(use.end == "failed" for use in its)
        died = sum(use.end in ("died", "out_of_memory") for use in its)
        steps = sum(use.step != COORDINATOR for use in its)
        notes = [f"{failed} failed"] * bool(failed) + [f"{died} died"] * bool(died)
        note = f" ({', '.join(notes)})" if notes else ""
        print(f"night of {night}: {steps} step attempts{note}, ${now:.4f} now, ${then:.4f} then")
    regions = ", ".join(sorted({use.region for use in uses}))
    machines = ", ".join(sorted({use.architecture for use in uses}))
    print(
        f"\nnow, then: dollars of {_DAYS_A_MONTH} nights. Fargate's vCPU, memory and storage on {machines}\n"
        f"in {regions}, prices of {PRICES_AS_OF}, from the image's pull, a minute the least."
    )
    if not all(row.is_task for row in found):
        print(
            "Not all of it ran as ECS tasks: sizes are the declared ones, dollars what such\n"
            "tasks would have cost without their pulls, and peaks may include what earlier\n"
            "steps left in a shared process. Take sizes from nights on ECS."
        )


def _figures(row: StepRow) -> str:
    if row.step == COORDINATOR:
        return f"{'-':>7} {'-':>5} {'-':>5} {'-':>10}"
    share = row.need.peak_memory_mb / row.size.memory_mb
    would_do = _pair(row.better) if row.better else "fits"
    return f"{row.need.peak_memory_mb:7.0f} {share:5.0%} {row.need.busy_vcpus:5.2f} {would_do:>10}"


def _of_a_month(usd_a_night: float) -> str:
    return f"{usd_a_night * _DAYS_A_MONTH:4.2f}"


def _pair(size: Size) -> str:
    return f"{size.cpu}/{size.memory_mb}"


if __name__ == "__main__":
    sys.exit(main())
