"""The morning's two steps, what each tells in the UI, and when the sensor, the schedule and freshness act."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from consolidated.night import assets
from consolidated.night.alerts.messages import Message
from consolidated.night.assets import morning_job, morning_sensor, night_assets, silence_schedule
from consolidated.night.freshness import freshness_checks, freshness_sensor
from resources.executor import VARIABLE
from resources.lake.resource import LakeResource
from tests.support.declared import SMALL

DAY = date(2026, 11, 24)
MAKERS = sorted(maker.name for maker in SMALL)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def made(asset: dg.AssetsDefinition, folder: Path) -> dict[str, Any]:
    """What a step tells of the day, but for what it used."""
    done = dg.materialize([asset], partition_key=DAY.isoformat(), resources={"lake": LakeResource(uri=folder.as_uri())})
    (one,) = done.asset_materializations_for_node(asset.op.name)
    return {name: value.value for name, value in one.metadata.items()}


@pytest.mark.slow
def test_the_report_names_its_page_how_much_needs_a_person_and_the_nights_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    tonight = {"date": DAY, "listed": 7, "arrivals": 2}

    def write_report(*about: Any) -> Any:
        asked.append((about[0].uri, about[3]))
        return SimpleNamespace(tonight=tonight, matters=["one", "two", "three"])

    monkeypatch.setattr("consolidated.night.report.write.write_report", write_report)
    told = made(night_assets(SMALL)[0], tmp_path)
    page = str(tmp_path / "reports" / "2026-11-24.html")
    assert asked == [(tmp_path.as_uri(), DAY)]
    assert (told["page"], told["dagster/uri"]) == (page, page)
    assert (told["need_a_person"], told["listed"], told["arrivals"]) == (3, 7, 2)
    assert "date" not in told, "the partition says it"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "told"),
    [([], None), ([Message("a", "one"), Message("b", "two")], "a\n\none\n\nb\n\ntwo")],
)
def test_the_alerts_tell_what_was_sent(
    sent: list[Message], told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def alert(*about: Any) -> list[Message]:
        asked.append(about[3:])
        return sent

    monkeypatch.setattr("consolidated.night.alerts.sending.alert", alert)
    found = made(night_assets(SMALL)[1], tmp_path)
    assert (found["messages"], found.get("told")) == (len(sent), told)
    assert asked == [(DAY, MAKERS)], "of every maker, since one that has said nothing needs a person"


def ended(instance: dg.DagsterInstance, job: str = "nightly", **tags: str) -> str:
    """A run that has just failed."""
    found = {f"dagster/{name}": value for name, value in tags.items()}
    run = instance.create_run_for_job(dg.GraphDefinition(name=job).to_job(), tags=found)
    instance.report_run_failed(run)
    return run.run_id


def look(sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None) -> tuple[list[Any], str | None]:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        found = sensor(context)
        assert isinstance(found, Iterator)
        return list(found), context.cursor


def test_a_nights_end_asks_for_its_morning_once_and_what_is_no_night_does_not(instance: dg.DagsterInstance) -> None:
    sensor = morning_sensor(morning_job(), ["nightly"])

    (skipped,), cursor = look(sensor, instance, None)
    assert skipped.skip_message == "no night has ended since the last look"
    ended(instance, partition="2026-11-20")
    last = ended(instance, partition="2026-11-20")
    ended(instance, "maintenance", partition="2026-11-21")
    ended(instance)
    (asked,), cursor = look(sensor, instance, cursor)
    assert (asked.partition_key, asked.run_key) == ("2026-11-20", f"morning {last}")
    for _ in range(2):
        (skipped,), cursor = look(sensor, instance, cursor)
        assert isinstance(skipped, dg.SkipReason)


def test_more_runs_than_one_look_takes_are_all_found_the_oldest_first(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "_RUNS_AT_MOST", 2)
    sensor = morning_sensor(morning_job(), ["nightly"])
    _, cursor = look(sensor, instance, None)
    for day in range(1, 6):
        ended(instance, partition=f"2026-11-0{day}")
    seen = []
    for _ in range(3):
        asked, cursor = look(sensor, instance, cursor)
        seen.append([one.partition_key[-1] for one in asked])
    assert seen == [["1", "2"], ["3", "4"], ["5"]]


@pytest.mark.parametrize(("executor", "is_on"), [("dagster_aws.ecs.ecs_executor", True), ("", False)])
def test_the_sensors_look_by_themselves_in_production_alone(
    executor: str, is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, executor)
    for sensor in (morning_sensor(morning_job(), ["nightly"]), freshness_sensor(SMALL[:1])):
        assert (sensor.default_status is dg.DefaultSensorStatus.RUNNING) is is_on
    schedule = silence_schedule(morning_job(), SMALL)
    assert (schedule.default_status is dg.DefaultScheduleStatus.RUNNING) is is_on


@pytest.mark.parametrize(("ran", "is_running", "is_asked"), [
    ({}, False, True), ({"audi": "a run"}, False, False), ({}, True, False), ({"audi": "a run"}, True, False),
])  # fmt: skip
def test_a_night_that_has_begun_is_no_silence(
    ran: dict[str, str], is_running: bool, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def runs_of_night(*about: Any) -> Any:
        asked.append(about[1:])
        return SimpleNamespace(ran=ran, is_running=is_running)

    monkeypatch.setattr(assets, "runs_of_night", runs_of_night)
    monkeypatch.setattr(dg.ScheduleEvaluationContext, "instance", "the instance")
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    schedule = silence_schedule(morning_job(), SMALL)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 10 * * *", "UTC")
    with dg.build_schedule_context(scheduled_execution_time=at) as context:
        found = schedule(context)
    assert asked == [(DAY, [maker.name for maker in SMALL])]
    if is_asked:
        assert isinstance(found, dg.RunRequest)
        assert (found.partition_key, found.run_key) == ("2026-11-24", "morning without a night 2026-11-24")
    else:
        assert isinstance(found, dg.SkipReason)
        assert found.skip_message == "the night of 2026-11-24 has begun"


def test_a_person_may_execute_the_check_of_one_maker_by_hand() -> None:
    checks = freshness_checks(SMALL)
    (one, *others) = sorted(checks.check_keys, key=str)
    assert others
    assert set(checks.subset_for(set(), {one}).check_keys) == {one}
