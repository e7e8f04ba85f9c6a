"""How long things are kept, in one place.

Belongs here: the settings with their defaults and reasons. Does not belong here: what they do. Light: the
definitions load it. Annotations are not postponed in this module: Dagster reads them.
"""

import dagster as dg
from pydantic import Field


class MaintenanceSettings(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The settings of the job `maintenance`; a run's config overrides them under `resources: maintenance: config`.

    A default that is to change for good is changed here.
    """

    dry_run: bool = Field(default=False, description="Report and announce what would be done, and change nothing.")
    tag_days: int = Field(
        default=30, ge=1, description="A night's tag, and with it the tables as they were that night, stays this long."
    )
    snapshot_days: float = Field(
        default=7,
        ge=0,
        description="Snapshots younger than this stay; a late day of no more than this many nights ago is cheap.",
    )
    snapshots_at_least: int = Field(
        default=20, ge=1, description="So many of a table's latest snapshots stay whatever their age."
    )
    grace_hours: float = Field(
        default=72,
        ge=0,
        description="What nothing reaches goes only when it is older; far longer than any step runs. 0: no writer.",
    )
    small_file_mb: float = Field(default=32, gt=0, description="A data file under this is small.")
    small_files_at_least: int = Field(
        default=5, ge=2, description="A partition with so many small files is rewritten into few."
    )
    compaction_partition_mb_at_most: float = Field(
        default=256,
        gt=0,
        description="A larger partition is left alone: it is held in memory (5 million rows, 300 MB: 9 GB).",
    )
    raw_days: int | None = Field(
        default=None, ge=1, description="Archived days older than this go; never, because raw is the truth."
    )
    raw_superseded_days: int | None = Field(
        default=None, ge=1, description="Attempts that no seal names, of days older than this, go; never: evidence."
    )
    transformed_days: int | None = Field(
        default=None, ge=1, description="Typed days older than this go; they can be made again from raw."
    )
