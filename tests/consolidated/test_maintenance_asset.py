"""The assets of maintenance tell what their task did; and `make maintenance` prints it, with what failed."""

from __future__ import annotations

import io
import logging
import runpy
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from consolidated.maintenance import __main__ as command
from consolidated.maintenance import assets, tasks
from consolidated.maintenance.__main__ import Part, deeds, lines, main
from consolidated.maintenance.assets import maintenance_assets
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.tasks import Done
from resources.failures import Cause, PlatformError
from resources.lake.days import today
from resources.lake.resource import LakeResource
from resources.sizing.sizes import TIER_SIZES, Size
from tests.support.source import CHECKOUT

TASKS = {
    "tags": "tag_tables",
    "compaction": "compact_tables",
    "snapshots": "expire_snapshots",
    "orphans": "sweep_tables",
    "archive": "sweep_archive",
}
Step = Callable[..., dict[str, Any]]


def asset(name: str) -> dg.AssetsDefinition:
    return {one.key.path[-1]: one for one in maintenance_assets()}[name]


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """Run an asset's step in whose place a task does this; returns the metadata of its materialization."""
    monkeypatch.setattr(LakeResource, "catalog", lambda _: "the catalog")
    monkeypatch.setattr(LakeResource, "lake", lambda _: "the lake")

    def run(name: str, task: Callable[..., list[Done]], **settings: Any) -> dict[str, Any]:
        monkeypatch.setattr(tasks, TASKS[name], task)
        resources = {"lake": LakeResource(uri=tmp_path.as_uri()), "maintenance": MaintenanceSettings(**settings)}
        with dg.build_asset_context() as context:
            told: Any = asset(name)(context, **resources)
        return dict(told.metadata)

    return run


def given(name: str, settings: MaintenanceSettings) -> tuple[Any, ...]:
    of = {"tags": ("the catalog", today()), "orphans": ("the lake", "the catalog"), "archive": ("the lake",)}
    return (*of.get(name, ("the catalog",)), settings)


@pytest.mark.parametrize("name", TASKS)
def test_a_step_does_its_task_on_the_lake_by_its_settings(name: str, step: Step) -> None:
    asked: list[tuple[Any, ...]] = []

    def task(*about: Any) -> list[Done]:
        asked.append(about)
        return [Done("here", {"moved": 3})]

    told = step(name, task, dry_run=True, raw_days=7)
    assert asked == [given(name, MaintenanceSettings(dry_run=True, raw_days=7))]
    assert (told["dry_run"], told["moved"], len(told["places"].records)) == (True, 3, 1)


def test_where_there_is_no_place_yet_nothing_is_told(step: Step) -> None:
    assert step("tags", lambda *_: [])["places"].records == []


def test_what_was_done_is_told_for_each_place_and_summed_up(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(dg.DagsterLogManager, "info", lambda _, text: logged.append(text))
    done = [
        Done("dealers", {"files_before": 4, "removed_files": 2}),
        Done("runs", {"files_before": 3, "removed_files": 0}),
        Done("inventory", {"files_before": 0, "removed_files": 0}),
    ]
    told = step("orphans", lambda *_: done)
    assert (told["dry_run"], told["files_before"], told["removed_files"]) == (False, 7, 2)
    assert [record.data for record in told["places"].records] == [{"place": one.place, **one.counts} for one in done]
    assert [column.name for column in told["places"].schema.columns] == ["place", "files_before", "removed_files"]
    assert logged == [
        "orphans of dealers: 4 files before, 2 removed files",
        "orphans of runs: 3 files before",
        "orphans of inventory: nothing to do",
    ]


@pytest.mark.parametrize(("cause", "is_tried_again"), [(Cause.CONNECTION, True), (Cause.LAKE_DAMAGED, False)])
def test_a_task_that_fails_fails_its_step_and_is_tried_again_where_that_helps(
    cause: Cause, is_tried_again: bool, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> list[Done]:
        raise PlatformError(cause, "what happened")

    with pytest.raises(dg.Failure, match="what happened") as failure:
        step("archive", failing)
    assert failure.value.allow_retries is is_tried_again


def test_what_needs_the_tables_as_another_left_them_comes_after_it() -> None:
    after = {name: [key.path[-1] for key in asset(name).dependency_keys] for name in TASKS}
    assert after == {
        "tags": [], "compaction": ["tags"], "snapshots": ["compaction"], "orphans": ["snapshots"], "archive": [],
    }  # fmt: skip


def test_the_archive_is_shown_as_files_and_what_the_others_keep_as_tables() -> None:
    kinds = {name: next(iter(asset(name).specs)).kinds for name in TASKS}
    assert kinds == {name: {"parquet" if name == "archive" else "iceberg"} for name in TASKS}


def test_compaction_holds_rows_and_grows_by_evidence_and_the_others_cost_an_eighth_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def size_of(name: str) -> dict[str, str]:
        return {tag: value for tag, value in asset(name).op.tags.items() if tag.startswith("ecs/")}

    monkeypatch.setattr(assets, "measured_size", lambda _: None)
    tier = TIER_SIZES["consolidated"]
    assert size_of("compaction") == tier.tags()
    for name in TASKS.keys() - {"compaction"}:
        assert int(size_of(name)["ecs/cpu"]) * 8 <= tier.cpu
        assert int(size_of(name)["ecs/memory"]) * 8 <= tier.memory_mb
    small = size_of("tags")
    grown = Size(4096, 16384)
    monkeypatch.setattr(assets, "measured_size", lambda key: grown if key == "lake/maintenance/compaction" else None)
    assert (size_of("compaction"), size_of("tags")) == (grown.tags(), small)


def materialized(name: str, *done: dict[str, Any]) -> Any:
    records = [dg.TableRecord(one) for one in done]
    schema = dg.TableSchema(columns=[dg.TableColumn("place", "string")])
    places = dg.MetadataValue.table(records, schema=schema)
    return SimpleNamespace(
        node_name=f"lake__maintenance__{name}", materialization=SimpleNamespace(metadata={"places": places})
    )


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """The run of the job that the command sees. asked: the options with which it began it."""
    failure = SimpleNamespace(
        is_step_failure=True, step_key="tags", step_failure_data=SimpleNamespace(error_display_string="no storage")
    )
    run = SimpleNamespace(made=[], events=[], success=True, asked={}, failure=failure)
    run.get_asset_materialization_events = lambda: run.made
    run.filter_events = lambda holds: [one for one in run.events if holds(one)]

    def materialize(these: list[dg.AssetsDefinition], **options: Any) -> Any:
        run.asked = {"assets": [one.key.path[-1] for one in these], **options}
        return run

    monkeypatch.setattr(dg, "materialize", materialize)
    monkeypatch.setattr("resources.graph.checkout_instance", lambda: nullcontext("the instance"))
    monkeypatch.setattr(logging, "disable", lambda level: setattr(run, "silenced", level))
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    return run


def test_the_command_says_what_every_part_did_and_ends_well(
    ran: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.made = [
        materialized("tags", {"place": "runs", "tagged": 1, "removed_tags": 0}),
        materialized("tags", {"place": "dealers", "tagged": 1, "removed_tags": 2}),
        materialized("archive", {"place": "raw", "removed_files": 1200}),
    ]
    assert main([]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"maintenance of {tmp_path.as_uri()}",
        "  tags of runs: 1 tags set",
        "  tags of dealers: 1 tags set, 2 tags removed",
        "  archive of raw: 1,200 files removed",
        "did, at 3 places: 2 tags set, 2 tags removed, 1,200 files removed",
    ]
    assert told.err == ""
    assert (ran.asked["assets"], ran.asked["instance"]) == (list(TASKS), "the instance")
    assert ran.silenced == logging.INFO, "Dagster's own lines of a run would hide these"


def test_a_dry_run_of_the_command_changes_nothing_and_says_so(
    ran: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"maintenance of {tmp_path.as_uri()}, only looking",
        "would do, at 0 places: nothing",
        "nothing was changed; what is announced goes in a later run without DRY_RUN",
    ]
    assert ran.asked["resources"]["maintenance"].dry_run
    main([])
    assert not ran.asked["resources"]["maintenance"].dry_run


def test_where_maintenance_goes_on_is_shown_before_it_begins(
    ran: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()

    def materialize(*_: object, **__: object) -> Any:
        assert shown.getvalue().decode() == f"maintenance of {tmp_path.as_uri()}\n"
        return ran

    monkeypatch.setattr(dg, "materialize", materialize)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown))
    assert main([]) == 0


def test_a_part_that_failed_is_named_beside_what_the_others_did(
    ran: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.made, ran.success = [materialized("orphans", {"place": "runs", "announced_files": 3})], False
    ran.events = [SimpleNamespace(is_step_failure=False), ran.failure]
    assert main([]) == 1
    told = capsys.readouterr()
    assert "  orphans of runs: 3 files announced\n" in told.out
    assert told.err == "FAILED tags: no storage\n"
    assert ran.asked["raise_on_error"] is False


def test_what_was_not_done_is_not_told() -> None:
    assert deeds(Part("orphans", "raw", {})) == {}
    assert list(lines([Part("tags", "runs", {"tagged": 0})], dry_run=False)) == ["did, at 1 places: nothing"]


def test_every_deed_is_told_in_words() -> None:
    assert deeds(Part("compaction", "runs", {"gave_up": 2, "partitions": 1, "files_before": 9, "files_after": 5})) == {
        "partitions compacted": 1, "partitions left to other writers": 2, "files fewer": 4,
    }  # fmt: skip
    swept = {"announced_files": 1, "removed_files": 2, "removed_bytes": 3, "aborted_uploads": 4, "files_before": 9}
    assert deeds(Part("archive", "raw", swept)) == {
        "files announced": 1, "files removed": 2, "bytes removed": 3, "unfinished uploads aborted": 4,
    }  # fmt: skip
    assert deeds(Part("snapshots", "runs", {"snapshots_before": 5, "snapshots_after": 3})) == {"snapshots fewer": 2}


def test_the_module_is_the_command_and_does_nothing_where_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    path = CHECKOUT / "consolidated" / "maintenance" / "__main__.py"
    monkeypatch.setattr("sys.argv", ["maintenance", "--bogus"])
    assert callable(runpy.run_path(str(path), run_name="imported")["main"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    assert (ended.value.code, command.main) == (2, main)
