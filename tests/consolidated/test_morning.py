"""The place of the morning report and the alerts in the graph, and what starts them."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

import definitions
from consolidated.night.assets import ALERTS, JOB, REPORT, morning_job, morning_sensor, silence_schedule
from consolidated.night.report.__main__ import main
from consolidated.night.report.write import path_of, reported_days
from resources.executor import ECS_EXECUTOR, VARIABLE
from resources.lake.lake import lake_from_env
from tests.support.declared import SMALL
from tests.support.lakes import s3_and_postgres
from tests.support.nights import night_in
from tests.support.servers import PostgresServer, S3Server

JOBS = ("nightly", "maker_nightly")


def test_the_report_stands_after_every_maker_and_in_no_nights_run() -> None:
    """In a night's own run Dagster would skip it as soon as one step before it failed."""
    defs = definitions.build_defs(oems=SMALL)
    graph = defs.resolve_asset_graph()
    merged = {key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "consolidated"}
    for closing in (REPORT, ALERTS):
        assert graph.get(closing).parent_keys == merged
    assert {oem.name for oem in SMALL} == {key.path[0] for key in merged}
    assert defs.resolve_job_def(JOB).asset_layer.executable_asset_keys == {REPORT, ALERTS}
    for job in ("nightly", *(f"{oem.name}_nightly" for oem in SMALL)):
        assert {REPORT, ALERTS}.isdisjoint(defs.resolve_job_def(job).asset_layer.executable_asset_keys)


def test_the_morning_is_one_task_of_its_own_size_whatever_runs_the_nights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, ECS_EXECUTOR)
    defs = definitions.build_defs(oems=SMALL[:1])
    morning = defs.resolve_job_def(JOB)
    assert morning.executor_def.name == "in_process"
    assert defs.resolve_job_def("nightly").executor_def.name != "in_process"
    sizes = {(node.tags["ecs/cpu"], node.tags["ecs/memory"]) for node in morning.nodes}
    assert sizes == {(morning.run_tags["ecs/cpu"], morning.run_tags["ecs/memory"])}


@dg.op(config_schema={"fails": bool})
def step(context: dg.OpExecutionContext) -> None:
    if context.op_config["fails"]:
        raise ValueError


def run(instance: dg.DagsterInstance, job: str, day: str | None, *, fails: bool) -> str:
    tags = {"dagster/partition": day} if day else {}
    config = {"ops": {"step": {"config": {"fails": fails}}}, "loggers": {}}
    made = dg.GraphDefinition(name=job, node_defs=[step]).to_job()
    return made.execute_in_process(run_config=config, instance=instance, tags=tags, raise_on_error=False).run_id


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.slow
def test_a_night_that_ended_well_or_badly_has_its_report(instance: dg.DagsterInstance) -> None:
    sensor = morning_sensor(morning_job(), JOBS)

    def look(cursor: str | None) -> tuple[dict[str | None, str | None], str | None]:
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            found = sensor(context)
            assert isinstance(found, Iterator)
            asked = [one for one in found if isinstance(one, dg.RunRequest)]
            return {one.partition_key: one.run_key for one in asked}, context.cursor

    run(instance, "nightly", "2026-11-20", fails=False)
    nothing, cursor = look(None)
    assert nothing == {}, "what was there before the sensor began to look"
    run(instance, "nightly", "2026-11-24", fails=False)
    bad = run(instance, "nightly", "2026-11-25", fails=True)
    run(instance, "maker_nightly", "2026-11-24", fails=False)
    again = run(instance, "maker_nightly", "2026-11-24", fails=False)
    run(instance, "maintenance", "2026-11-23", fails=False)
    run(instance, "nightly", None, fails=False)
    asked, cursor = look(cursor)
    assert asked == {"2026-11-24": f"{JOB} {again}", "2026-11-25": f"{JOB} {bad}"}
    assert look(cursor)[0] == {}


@pytest.mark.slow
def test_a_day_without_a_night_is_told_once_ten_oclock_has_come(tmp_path: Path) -> None:
    schedule = silence_schedule(morning_job(), SMALL)
    # a schedule's context opens the instance by reference
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:

        def tick(day: int) -> object:
            at = datetime(2026, 11, day, 10, tzinfo=UTC)
            with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
                return schedule(context)

        run(instance, "nightly", "2026-11-24", fails=True)
        assert isinstance(tick(24), dg.SkipReason)
        run(instance, "maintenance", "2026-11-25", fails=False)
        asked = tick(25)
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == "2026-11-25"


def test_make_report_names_the_last_page(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("lake")
    monkeypatch.setenv("LAKE_URI", str(folder))
    for screen in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(screen, raising=False)
    assert main([]) == 2
    assert "Run `make nightly` first." in capsys.readouterr().err
    lake = lake_from_env()
    today = datetime.now(UTC).date()
    for day in (today, today - timedelta(days=1)):
        lake.write_atomic(path_of(day), b"page")
    lake.write_atomic("reports/notes.txt", b"somebody else's")
    assert reported_days(lake) == [today - timedelta(days=1), today]
    assert main([]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "reports" / f"{today}.html")
    assert main(["--date", str(today - timedelta(days=1))]) == 0
    assert capsys.readouterr().out.strip().endswith(f"{today - timedelta(days=1)}.html")


@pytest.mark.slow
def test_the_report_of_a_lake_on_s3_is_written_there_and_opened_from_a_copy(
    tmp_path: Path,
    s3: S3Server,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Production's lake. The job writes the page of the night, with the figures of its tables; an engineer whose
    LAKE_URI names the bucket sees the same bytes."""
    day, temporary = date(2026, 11, 24), tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for screen in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(screen, raising=False)
    with night_in(tmp_path, monkeypatch, vehicles=60, oems=SMALL[:1]) as night:
        for variable, value in s3_and_postgres(s3, postgres).items():
            monkeypatch.setenv(variable, value)
        assert main([]) == 2
        assert f"the lake at {night.lake.uri} has no report yet" in capsys.readouterr().err
        assert night.run(f"{SMALL[0].name}_nightly", day).success
        morning = night.run(JOB, day)
        assert morning.success
        told = {event.asset_key: event.materialization.metadata for event in morning.get_asset_materialization_events()}
        assert told[REPORT]["page"].value == night.lake.url(path_of(day)) == f"{night.lake.uri}/{path_of(day)}"
        assert main([]) == 0
        page = Path(capsys.readouterr().out.strip())
        assert page.parent == temporary
        assert page.read_bytes() == night.lake.read_bytes(path_of(day))
        listed = night.table("inventory").filter(pl.col("status") == "listed").height
        assert f"{listed:,}" in page.read_text()
        assert listed > 0
        assert told[REPORT]["listed"].value == listed


def test_make_report_writes_no_page_of_a_night_of_which_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such a page would be the last one from then on, and every `make report` would open it."""
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "lake"))
    lake = lake_from_env()
    lake.write_atomic(path_of(date(2023, 1, 3)), b"page")
    for day in ("2023-01-02", "2023-01-04"):
        assert main(["--date", day]) == 2
        assert (
            f"nothing is known of a night of {day}. The last days with a report: 2023-01-03" in capsys.readouterr().err
        )
    assert reported_days(lake) == [date(2023, 1, 3)]
