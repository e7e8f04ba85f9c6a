"""The typed files of one run: written part by part, freed of duplicates, named by nobody until the report is.

Belongs here: files of `transformed/<oem>/<name>/<date>/<run>/` and their removal. Does not belong here: what is
in a row, and the report that seals them (`transformed.day.report`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from raw.archive.writer import new_attempt

if TYPE_CHECKING:
    from resources.lake.lake import Lake
    from transformed.day.report import Report

_ABANDONED_AFTER = timedelta(days=1)  # far longer than a step runs


class RunOutput:
    """Writes a run's Parquet files (zstd) into a folder of its own: a killed run leaves nothing visible."""

    def __init__(self, lake: Lake, day_folder: str) -> None:
        self._lake = lake
        self._day_folder = day_folder
        self.run = new_attempt()
        self._parts: list[str] = []

    @property
    def next_part(self) -> int:
        return len(self._parts)

    def write_part(self, rows: pl.DataFrame) -> None:
        self._parts.append(self._write(f"part-{len(self._parts):05d}.parquet", rows))

    def write_quarantine(self, rows: pl.DataFrame) -> str | None:
        """The path of the file; None where there is nothing to write."""
        return self._write("quarantine.parquet", rows) if len(rows) else None

    def rows_at(self, places: pl.DataFrame) -> pl.DataFrame:
        """The rows that lie at `places` (part, row and any other columns), with the columns of `places` beside them."""
        found = [
            self._read(part).join(of_part, on="row", how="inner", maintain_order="left")
            for (part,), of_part in places.group_by("part", maintain_order=True)
        ]
        return pl.concat(found)

    def drop(self, superfluous: pl.DataFrame) -> None:
        """Write the parts that hold superfluous rows (columns part, row) anew, without them."""
        for (part,), rows in superfluous.group_by("part", maintain_order=True):
            kept = self._read(part).join(rows, on="row", how="anti", maintain_order="left").drop("row")
            self._write(self._parts[int(str(part))].rsplit("/", 1)[1], kept)

    def _read(self, part: object) -> pl.DataFrame:
        """A part's rows with their number in the part as the column `row`."""
        with self._lake.open_read(self._parts[int(str(part))]) as file:
            return pl.read_parquet(file).with_row_index("row")

    def files(self) -> list[str]:
        return list(self._parts)

    def remove_superseded(self, replaced: Report | None) -> None:
        """Remove the files of the report that this run's has replaced, and what killed runs left behind.

        Typed rows can be made again at any time; only raw is evidence. A run that is still writing is left alone.
        """
        abandoned = new_attempt(datetime.now(UTC) - _ABANDONED_AFTER)
        of_replaced = replaced.runs if replaced else frozenset()
        for run in self._lake.list(self._day_folder):
            if run.endswith("Z") and run != self.run and (run in of_replaced or run < abandoned):
                self._lake.filesystem.rm(self._lake.storage_path(f"{self._day_folder}/{run}"), recursive=True)

    def _write(self, name: str, rows: pl.DataFrame) -> str:
        path = f"{self._day_folder}/{self.run}/{name}"
        with self._lake.open_write(path) as file:
            rows.write_parquet(file, compression="zstd")
        return path


def read_rows(lake: Lake, files: list[str]) -> pl.DataFrame:
    """The rows of a report's files, as written."""
    frames = []
    for path in files:
        with lake.open_read(path) as file:
            frames.append(pl.read_parquet(file))
    return pl.concat(frames) if frames else pl.DataFrame()
