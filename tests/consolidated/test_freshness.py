"""Freshness by market and maker: a late night turns red by itself, an old day run again does not turn it green."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

import dagster as dg
import pytest

import consolidated.night.freshness as freshness
import definitions
from consolidated.night.attention import matters
from consolidated.night.failures import Failure
from consolidated.night.freshness import consolidated_markets, due_day, freshness_sensor
from raw.endpoint.declaration import Inventory
from resources.lake.days import PARTITION_TAG
from resources.shown.checks import FRESH, SERVED_UNTIL
from tests.support.declared import SMALL

MAKER = SMALL[0]
KEY = dg.AssetKey([MAKER.name, "consolidated", "inventory"])


class Clock(datetime):
    """`datetime` as the module has it, at a time of the test's choice."""

    at = datetime(2026, 11, 24, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.at


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_a_night_is_due_at_ten() -> None:
    assert due_day(datetime(2026, 11, 24, 9, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert due_day(datetime(2026, 11, 24, 10, tzinfo=UTC)) == date(2026, 11, 24)


def test_a_late_night_turns_red_and_an_old_day_does_not_turn_it_green(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "datetime", Clock)
    sensor, cursor = freshness_sensor([MAKER]), None

    def merged(day: str, served: Mapping[str, str | None]) -> None:
        metadata = {SERVED_UNTIL: dg.MetadataValue.json(dict(served))}
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition=day, metadata=metadata))

    def look(day: int, hour: int) -> list[tuple[bool, str | None]]:
        nonlocal cursor
        Clock.at = datetime(2026, 11, day, hour, tzinfo=UTC)
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        cursor = result.cursor
        for event in result.asset_events:
            assert isinstance(event, dg.AssetCheckEvaluation)
            assert (event.asset_key, event.check_name) == (KEY, FRESH.name)
            instance.report_runless_asset_event(event)
        return [(one.passed, one.description) for one in result.asset_events]  # type: ignore[union-attr]

    assert look(24, 7) == [], "nothing was ever merged"
    merged("2026-11-24", {"es": "2026-11-24", "de": "2026-11-24"})
    assert look(24, 7) == [(True, None)]
    assert look(24, 8) == [], "nothing new"
    assert look(24, 10) == [(True, None)]
    assert look(25, 9) == []
    late = "served is the state of 2026-11-24, and the night of 2026-11-25 was due by 10:00 UTC"
    assert look(25, 10) == [(False, f"de: {late}\nes: {late}")]
    merged("2026-11-20", {"es": "2026-11-24", "de": "2026-11-24"})
    assert look(25, 11) == [], "an old day that is run again leaves it red"
    merged("2026-11-25", {"es": "2026-11-25", "de": "2026-11-24"})
    assert look(25, 12) == [(False, f"de: {late}")], "by market"
    merged("2026-11-25", {"es": "2026-11-25", "de": "2026-11-25"})
    assert look(25, 13) == [(True, None)]
    merged("2026-11-26", {"es": "2026-11-26", "de": None})
    assert look(26, 11) == [(False, "de: nothing was ever accepted, and the night of 2026-11-26 was due by 10:00 UTC")]


def test_an_asset_that_a_night_was_to_merge_and_none_ever_did_is_late(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps before it failed, so nothing ever said what is served: no market of it was green until now."""
    monkeypatch.setattr(freshness, "datetime", Clock)
    definition = definitions.build_defs(oems=[MAKER]).resolve_job_def(f"{MAKER.name}_nightly")

    def planned(day: int) -> None:
        instance.create_run_for_job(
            definition, tags={PARTITION_TAG: f"2026-11-{day}"}, asset_selection=frozenset({KEY})
        )

    def look(day: int, hour: int) -> list[tuple[bool, list[str]]]:
        Clock.at = datetime(2026, 11, day, hour, tzinfo=UTC)
        with dg.build_sensor_context(instance=instance) as context:
            result = freshness_sensor([MAKER])(context)
        assert isinstance(result, dg.SensorResult)
        return [(one.passed, (one.description or "").splitlines()) for one in result.asset_events]  # type: ignore[union-attr]

    assert look(23, 12) == [], "a maker of which no run was begun may be a new one"
    planned(24)
    assert look(24, 9) == [], "its first night may still end in time"
    says = "nothing was ever accepted, and the night of 2026-11-24 was due by 10:00 UTC"
    declared = {market for one in MAKER.yielding(Inventory) for market in one.markets}
    assert look(24, 10) == [(False, [f"{market}: {says}" for market in sorted(declared)])]
    planned(20)
    assert look(24, 11) == [(False, [f"{market}: {says}" for market in sorted(declared)])], "also after an old day"


def test_it_stands_at_what_is_served_and_costs_no_night_a_step() -> None:
    defs = definitions.build_defs(oems=SMALL)
    graph = defs.resolve_asset_graph()
    found = {key.asset_key for key in graph.asset_check_keys if key.name == FRESH.name}
    assert (
        found
        == set(consolidated_markets(SMALL))
        == {key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "consolidated"}
    )
    for job in ("nightly", *(f"{oem.name}_nightly" for oem in SMALL)):
        assert "freshness" not in defs.resolve_job_def(job).graph.node_dict
    assert "freshness" in {sensor.name for sensor in defs.sensors or []}


def test_the_report_tells_it_once_as_the_markets_day() -> None:
    assert matters([], [Failure(KEY.to_user_string(), FRESH.name, (), "es: late")]) == []
