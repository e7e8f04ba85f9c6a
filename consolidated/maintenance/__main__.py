"""`make maintenance`: the maintenance job on this machine, a line for what each part of it did, and the sum."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.commands.frame import command

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of maintenance did, or would do, at a place: a table or a tier of the lake."""

    name: str
    place: str
    counts: dict[str, int]

    @property
    def fewer(self) -> str | None:
        """What there is less of afterwards, beside what is swept."""
        return {"compaction": "files", "snapshots": "snapshots"}.get(self.name)


@command
def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 where a part of it failed."""
    parser = argparse.ArgumentParser(prog="make maintenance", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done, and announce it")
    options = parser.parse_args(arguments)
    return _run(dry_run=options.dry_run)


def _run(*, dry_run: bool) -> int:
    from resources.lake.lake import lake_from_env

    print(f"maintenance of {lake_from_env().uri}{', only looking' if dry_run else ''}", flush=True)

    import logging

    import dagster as dg

    from consolidated.maintenance.assets import maintenance_assets
    from consolidated.maintenance.settings import MaintenanceSettings
    from resources.graph import checkout_instance
    from resources.lake.resource import LakeResource

    logging.disable(logging.INFO)
    with checkout_instance() as instance:
        result = dg.materialize(
            maintenance_assets(),
            instance=instance,
            resources={"lake": LakeResource(), "maintenance": MaintenanceSettings(dry_run=dry_run)},
            raise_on_error=False,
        )
    parts = list(_parts(result))
    for line in lines(parts, dry_run=dry_run):
        print(line)
    for failure in result.filter_events(lambda one: one.is_step_failure):
        print(f"FAILED {failure.step_key}: {failure.step_failure_data.error_display_string}", file=sys.stderr)
    return 0 if result.success else 1


def _parts(result: dg.ExecuteInProcessResult) -> Iterator[Part]:
    for event in result.get_asset_materialization_events():
        places = event.materialization.metadata["places"].value
        for record in getattr(places, "records", ()):
            counts = {name: value for name, value in record.data.items() if isinstance(value, int)}
            yield Part(event.node_name.removeprefix("lake__maintenance__"), str(record.data["place"]), counts)


def lines(parts: Sequence[Part], *, dry_run: bool) -> Iterator[str]:
    """A line for each place where there is something to do, then the sum of all."""
    total: dict[str, int] = {}
    for part in parts:
        did = deeds(part)
        if did:
            yield f"  {part.name} of {part.place}: {_joined(did)}"
        for what, count in did.items():
            total[what] = total.get(what, 0) + count
    yield f"{'would do' if dry_run else 'did'}, at {len(parts)} places: {_joined(total) or 'nothing'}"
    if dry_run:
        yield "nothing was changed; what is announced goes in a later run without DRY_RUN"


def deeds(part: Part) -> dict[str, int]:
    """What was done, or would be: words that come after a number. Nothing that is zero.

    A dry run of compaction says which partitions, and of how many files they are is known when they are rewritten.
    """
    count = part.counts.get
    fewer = part.counts[f"{part.fewer}_before"] - part.counts[f"{part.fewer}_after"] if part.fewer else 0
    done = {
        "tags set": count("tagged", 0),
        "tags removed": count("removed_tags", 0),
        "partitions compacted": count("partitions", 0),
        "partitions left to other writers": count("gave_up", 0),
        f"{part.fewer} fewer": fewer,
        "files announced": count("announced_files", 0),
        "files removed": count("removed_files", 0),
        "bytes removed": count("removed_bytes", 0),
        "unfinished uploads aborted": count("aborted_uploads", 0),
    }
    return {what: number for what, number in done.items() if number}


def _joined(did: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in did.items())


if __name__ == "__main__":
    sys.exit(main())
