"""`make maintenance`: the maintenance job on this machine, and a line for what each part of it did."""

from __future__ import annotations

import argparse
import logging
import os
import sys

import dagster as dg

from consolidated.maintenance.assets import maintenance_assets
from consolidated.maintenance.settings import MaintenanceSettings
from resources.lake.lake import CHECKOUT
from resources.lake.resource import LakeResource


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 where a part of it failed."""
    parser = argparse.ArgumentParser(prog="make maintenance", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done, and announce it")
    options = parser.parse_args(arguments)
    logging.disable(logging.INFO)
    os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT / ".dagster"))
    with dg.DagsterInstance.get() as instance:
        result = dg.materialize(
            maintenance_assets(),
            instance=instance,
            resources={"lake": LakeResource(), "maintenance": MaintenanceSettings(dry_run=options.dry_run)},
            raise_on_error=False,
        )
    for event in result.get_asset_materialization_events():
        places = event.materialization.metadata["places"].value
        for record in getattr(places, "records", ()):
            done = ", ".join(
                f"{name} {value:,}" for name, value in record.data.items() if isinstance(value, int) and value
            )
            part = event.node_name.removeprefix("lake__maintenance__")
            print(f"{'(dry run) ' if options.dry_run else ''}{part} {record.data['place']}: {done or 'nothing'}")
    for failure in result.filter_events(lambda one: one.is_step_failure):
        print(f"FAILED {failure.step_key}: {failure.step_failure_data.error_display_string}", file=sys.stderr)
    return 0 if result.success else 1


if __name__ == "__main__":
    sys.exit(main())
