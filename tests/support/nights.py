"""Nights of the real jobs inside the test process, and what the lake holds afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from pyiceberg.catalog import Catalog

import definitions
from consolidated.tables import definitions as definitions_of_tables
from raw.wiring.discovery import Oem
from resources.apis.apis import Apis, Connection, LoopbackConnection
from resources.apis.resource import ApisResource
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import CHECKOUT, Lake, lake_from_env
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import served

TABLES = tuple(definition.name for definition in definitions_of_tables.TABLES)
_OF_THE_ATTEMPT = ("attempt", "fetch_seconds")


def captures() -> Path:
    """The folder of captured data; skips the test where it is absent."""
    folder = Path(os.environ.get("OEM_CAPTURES") or CHECKOUT.parent / "shared" / "captures")
    if not folder.is_dir():
        pytest.skip(f"no captured data at {folder}; name the folder by OEM_CAPTURES")
    return folder


class _SandboxInProcess(Apis):
    """The sandbox that a step starts, over real HTTP too, but in a thread: its start is half of a small day's time.

    `tests/consolidated/test_nightly.py` runs it as the process that it is.
    """

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        world = World(day, int(os.environ["SANDBOX_VEHICLES"]))
        handler = Sandbox(world, self.captures, os.environ.get("SANDBOX_FAULTS", "")).handler()
        with served(handler) as port:
            yield LoopbackConnection(f"http://127.0.0.1:{port}")


class ApisInProcess(ApisResource):
    """The APIs that `OEM_APIS` names, played in this process."""

    def apis(self) -> Apis:
        chosen = super().apis()
        return _SandboxInProcess(chosen.source, chosen.captures)


class Night:
    """The platform with a lake of its own; `run` runs a day of a job on one Dagster instance. oems: the makers that
    the platform has, by default every one."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance, oems: Sequence[Oem] | None = None) -> None:
        self.folder = folder
        self._instance = instance
        self._defs = definitions.build_defs(oems=oems, resources={"apis": ApisInProcess()})

    @property
    def lake(self) -> Lake:
        return lake_from_env()

    @property
    def catalog(self) -> Catalog:
        return load_lake_catalog(self.lake)

    def run(self, job: str, day: date, selection: list[str] | None = None) -> dg.ExecuteInProcessResult:
        keys = [dg.AssetKey(name.split("/")) for name in selection] if selection else None
        return self._defs.resolve_job_def(job).execute_in_process(
            instance=self._instance,
            partition_key=day.isoformat(),
            asset_selection=keys,
            raise_on_error=False,
        )

    def table(self, name: str) -> pl.DataFrame:
        return pl.scan_iceberg(self.catalog.load_table(f"consolidated.{name}")).collect()

    def content(self) -> dict[str, pl.DataFrame]:
        """Every table, in a fixed order, without the columns that tell one attempt from another."""
        frames = {}
        for name in TABLES:
            frame = self.table(name).drop(_OF_THE_ATTEMPT, strict=False)
            keys = [column for column, dtype in frame.schema.items() if not dtype.is_nested()]
            frames[name] = frame.sort(keys)
        return frames

    def snapshots(self) -> dict[str, int | None]:
        tables = {name: self.catalog.load_table(f"consolidated.{name}") for name in TABLES}
        return {name: table.metadata.current_snapshot_id for name, table in tables.items()}


@contextmanager
def night_in(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    apis: str = "sandbox",
    vehicles: int = 400,
    oems: Sequence[Oem] | None = None,
) -> Iterator[Night]:
    monkeypatch.setenv("LAKE_URI", str(folder / "lake"))
    monkeypatch.setenv("OEM_APIS", apis)
    monkeypatch.setenv("SANDBOX_VEHICLES", str(vehicles))
    monkeypatch.delenv("DAGSTER_EXECUTOR", raising=False)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Night(folder, instance, oems)


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The description of each failed check of severity error, by `<asset> <check>`."""
    return {
        f"{check.asset_key.to_user_string()} {check.check_name}": check.description or ""
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    }


def failed_steps(result: dg.ExecuteInProcessResult) -> set[str]:
    """The assets whose steps failed, `<oem>/<tier>/<name>`."""
    return {event.step_key.replace("__", "/") for event in result.get_step_failure_events() if event.step_key}


def assert_same_content(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> None:
    for name in TABLES:
        assert left[name].equals(right[name]), f"{name} differs: {left[name].height} and {right[name].height} rows"
