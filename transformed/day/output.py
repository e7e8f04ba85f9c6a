"""The typed rows of one run: written part by part, freed of duplicates, visible to nobody until the report names them.

transformed/<oem>/<name>/<date>/<run>/part-00000.parquet ...   rows that keep the contract
transformed/<oem>/<name>/<date>/<run>/quarantine.parquet       records that do not
transformed/<oem>/<name>/<date>/<run>/sightings.parquet        every listing that the day proves to be there
"""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from raw.archive.writer import new_attempt
from resources.failures import Cause, PlatformError
from resources.lake.storage_failures import storage_errors
from transformed.contract.contracts import IDENTITY
from transformed.day import sightings
from transformed.day.quarantine import QUARANTINE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resources.lake.lake import Lake
    from transformed.day.report import Report

_ABANDONED_AFTER = timedelta(days=1)  # far longer than a step runs


class Output(ABC):
    """Takes the parts of a day's rows, and changes them once the whole day is known."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def write_part(self, rows: pl.DataFrame) -> int:
        """The number of the new part."""
        self._names.append(f"part-{len(self._names):05d}")
        self._put(self._names[-1], rows)
        return len(self._names) - 1

    @property
    def parts(self) -> int:
        """How many parts have been written."""
        return len(self._names)

    def discard_parts_from(self, part: int) -> None:
        """Name the parts from number `part` on no more."""
        del self._names[part:]

    def write_beside(self, name: str, rows: pl.DataFrame) -> str | None:
        """Keep rows that belong to no part; returns their path in the lake, None where there is nothing to keep."""
        return self._put(name, rows) if len(rows) else None

    def rows_at(self, places: pl.DataFrame) -> pl.DataFrame:
        """The rows that lie at `places` (part, row and any other columns), with the columns of `places` beside them."""
        found = [
            self._numbered(int(str(part))).join(of_part, on="row", how="inner", maintain_order="left")
            for (part,), of_part in places.group_by("part", maintain_order=True)
        ]
        return pl.concat(found)

    def drop(self, places: pl.DataFrame) -> None:
        """Take the rows at `places` (part, row) out of their parts."""
        for (part,), of_part in places.group_by("part"):
            number = int(str(part))
            kept = self._numbered(number).join(of_part, on="row", how="anti", maintain_order="left")
            self._put(self._names[number], kept.drop("row"))

    def forget_vins(self, places: pl.DataFrame) -> None:
        """Set the VIN of the rows at `places` (part, row) to null."""
        for (part,), of_part in places.group_by("part"):
            number = int(str(part))
            is_named = pl.col("row").is_in(of_part["row"].implode())
            rows = self._numbered(number).with_columns(vin=pl.when(~is_named).then("vin"))
            self._put(self._names[number], rows.drop("row"))

    sha256: dict[str, str]
    """Of each file of the output; empty where there are none."""

    @abstractmethod
    def files(self) -> list[str]:
        """The paths in the lake of the parts, in their order."""

    @abstractmethod
    def _put(self, name: str, rows: pl.DataFrame) -> str:
        """Keep rows under a name, in place of those that it had; returns their path in the lake."""

    @abstractmethod
    def _get(self, name: str) -> pl.DataFrame: ...

    def _numbered(self, part: int) -> pl.DataFrame:
        """A part's rows with their number in the part as the column `row`."""
        return self._get(self._names[part]).with_row_index("row")


class StoredOutput(Output):
    """Keeps a run's rows as Parquet files (zstd) in a folder of its own: a killed run leaves nothing visible."""

    def __init__(self, lake: Lake, day_folder: str) -> None:
        super().__init__()
        self._lake = lake
        self._day_folder = day_folder
        self.run = new_attempt()
        self.sha256 = {}

    def files(self) -> list[str]:
        return [self._path(name) for name in self._names]

    def remove_superseded(self, replaced: Report | None) -> None:
        """Remove the files of the report that this run's has replaced, and what killed runs left behind.

        Typed rows can be made again at any time; only raw is evidence. A run that is still writing is left alone.
        """
        abandoned = new_attempt(datetime.now(UTC) - _ABANDONED_AFTER)
        of_replaced = replaced.runs if replaced else frozenset()
        for run in self._lake.list(self._day_folder):
            if run.endswith("Z") and run != self.run and (run in of_replaced or run < abandoned):
                # another run of the day may be removing it at this moment
                with suppress(FileNotFoundError), storage_errors(self._lake.place):
                    self._lake.filesystem.rm(self._lake.storage_path(f"{self._day_folder}/{run}"), recursive=True)

    def _path(self, name: str) -> str:
        return f"{self._day_folder}/{self.run}/{name}.parquet"

    def _put(self, name: str, rows: pl.DataFrame) -> str:
        path = self._path(name)
        content = io.BytesIO()
        rows.write_parquet(content, compression="zstd")
        try:
            with storage_errors(self._lake.place), self._lake.open_write(path) as file:
                file.write(content.getbuffer())
        except OSError as error:
            detail = f"cannot write {path} to the lake at {self._lake.uri}: {error}"
            raise PlatformError(Cause.LAKE_UNWRITABLE, detail) from error
        self.sha256[path] = hashlib.sha256(content.getbuffer()).hexdigest()
        return path

    def _get(self, name: str) -> pl.DataFrame:
        return _read(self._lake, self._path(name), self.sha256)


class MemoryOutput(Output):
    """Keeps a run's rows in memory, for a day that is only looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.sha256 = {}
        self._kept: dict[str, pl.DataFrame] = {}

    def files(self) -> list[str]:
        return list(self._names)

    def rows(self) -> pl.DataFrame:
        """The rows of all parts; no columns where there are no parts."""
        return pl.concat([self._kept[name] for name in self._names]) if self._names else pl.DataFrame()

    def beside(self, name: str) -> pl.DataFrame | None:
        """What was kept beside the parts under a name, None where that was nothing."""
        return self._kept.get(name)

    def _put(self, name: str, rows: pl.DataFrame) -> str:
        self._kept[name] = rows
        return name

    def _get(self, name: str) -> pl.DataFrame:
        return self._kept[name]


def read_rows(lake: Lake, report: Report) -> pl.DataFrame:
    """The rows of a report's files, as written; no columns where there are no files. Raises as `read_file` does."""
    frames = [read_file(lake, report, path) for path in report.files]
    return pl.concat(frames) if frames else pl.DataFrame()


def read_file(lake: Lake, report: Report, path: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of one of a report's files, which are of one market. columns: all by default.

    Raises PlatformError(TRANSFORMED_DAMAGED), naming the file, where it is gone or is not what was written.
    """
    return _read(lake, path, report.sha256, columns)


def read_quarantine(lake: Lake, report: Report) -> pl.DataFrame:
    """The quarantine of a report, columns as in `quarantine.QUARANTINE_SCHEMA`. Raises as `read_rows` does."""
    if not report.quarantine_file:
        return pl.DataFrame(schema=QUARANTINE_SCHEMA)
    return _read(lake, report.quarantine_file, report.sha256)


def read_sightings(lake: Lake, report: Report) -> pl.DataFrame:
    """The sightings of a report, columns as in `sightings.SCHEMA`, one row a (market, identity), sorted by both.

    A report without a file of sightings (of version 1, or of an empty day) has them from its rows, each accepted, and
    from the identities in its quarantine. Raises as `read_rows` does.
    """
    if report.sightings_file:
        return _read(lake, report.sightings_file, report.sha256)
    parts = []
    if report.files:
        parts.append(sightings.of_rows(read_rows(lake, report), IDENTITY[report.table], sightings.ACCEPTED))
    parts.append(sightings.of_quarantine(read_quarantine(lake, report)))
    return sightings.best_of_each(parts)


def _read(lake: Lake, path: str, sha256: Mapping[str, str], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A file of rows, verified where the SHA-256 of what was written is known."""
    try:
        content = lake.read_bytes(path)
        if sha256.get(path) not in (None, hashlib.sha256(content).hexdigest()):
            raise PlatformError(Cause.TRANSFORMED_DAMAGED, f"{path} does not hold the bytes that were written")
        return pl.read_parquet(io.BytesIO(content), columns=list(columns) if columns is not None else None)
    except FileNotFoundError as error:
        raise PlatformError(Cause.TRANSFORMED_DAMAGED, f"{path} is gone") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise PlatformError(Cause.TRANSFORMED_DAMAGED, f"{path} is no Parquet file: {str(error)[:200]}") from error
