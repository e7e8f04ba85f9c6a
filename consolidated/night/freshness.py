"""Freshness: whether what is served of each market is of the last night that was due.

A late night turns the check `fresh` red without any step having run, and an old day that is run again does not turn it
green, since what counts is the last accepted day of each market. Dagster's own freshness policies know neither: they
ask when an asset was last materialized, whichever partition that was, and see no markets.

Of an asset that no night has materialized yet, though one was to, every declared market is late.

The check stands at each maker's consolidated assets. A sensor evaluates it in the code server, by what the asset's
last materialization says of its markets; so no task is started for it, and it is no part of a night's job.
Annotations are not postponed in this module: Dagster reads them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import dagster as dg

from raw.wiring.discovery import Oem
from resources.executor import default_schedule_status
from resources.graph import asset_key
from resources.lake.days import PARTITION_TAG, day_of
from resources.shown.checks import FRESH, SERVED_UNTIL
from resources.sizing.sizes import Size, step_tags

DUE_HOUR = 10
"""A night is late from this hour of its day on, UTC: four hours after it began."""
_INTERVAL_SECONDS = 300
_Said = TypeVar("_Said", dg.AssetCheckResult, dg.AssetCheckEvaluation)  # as a step says it, and as a sensor does
_SIZE = Size(512, 1024)  # where a person executes the check by hand


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of an asset. served: market -> its last accepted day. due: the day of the last night that was due."""

    key: dg.AssetKey
    served: Mapping[str, date | None]
    due: date

    @property
    def late(self) -> list[str]:
        """The markets whose present is older than the last night that was due, each with a sentence."""
        return [
            f"{market}: {f'served is the state of {day}' if day else 'nothing was ever accepted'}, and the night of"
            f" {self.due} was due by {DUE_HOUR}:00 UTC"
            for market, day in sorted(self.served.items())
            if day is None or day < self.due
        ]

    @property
    def metadata(self) -> dict[str, dg.MetadataValue]:
        served = {market: day.isoformat() if day else None for market, day in sorted(self.served.items())}
        return {"late_markets": dg.MetadataValue.int(len(self.late)), SERVED_UNTIL: dg.MetadataValue.json(served)}


def due_day(now: datetime) -> date:
    """The day of the last night that should be there."""
    return now.astimezone(UTC).date() - timedelta(days=0 if now.astimezone(UTC).hour >= DUE_HOUR else 1)


def verdicts(instance: dg.DagsterInstance, markets: Mapping[dg.AssetKey, Set[str]], now: datetime) -> Iterator[Verdict]:
    """Of each asset that says what it serves, and of each that a night which was due should have materialized and no
    night has. None of an asset of which no run was ever begun: its maker may be a new one.

    markets: the assets that are asked about, each with the markets that its maker declares.
    """
    due = due_day(now)
    for record in instance.get_asset_records(list(markets)):
        entry = record.asset_entry
        last = entry.last_materialization
        told = last.asset_materialization.metadata.get(SERVED_UNTIL) if last and last.asset_materialization else None
        if told is not None and isinstance(told.value, Mapping):
            served = {str(market): date.fromisoformat(str(day)) if day else None for market, day in told.value.items()}
            yield Verdict(entry.asset_key, served, due)
        elif last is None and (planned := _day_of_run(instance, entry.last_run_id)) and planned <= due:
            yield Verdict(entry.asset_key, dict.fromkeys(markets[entry.asset_key]), due)


def _day_of_run(instance: dg.DagsterInstance, run_id: str | None) -> date | None:
    run = instance.get_run_by_id(run_id) if run_id else None
    return day_of(run.tags.get(PARTITION_TAG, "")) if run else None


def consolidated_markets(oems: Sequence[Oem]) -> dict[dg.AssetKey, Set[str]]:
    """The assets of what is served, in order, each with the markets that its maker declares for it."""
    found: defaultdict[dg.AssetKey, set[str]] = defaultdict(set)
    for oem in oems:
        for one in oem.endpoints:
            found[asset_key(oem.name, "consolidated", one.yields.table)].update(one.markets)
    return dict(sorted(found.items()))


def freshness_checks(oems: Sequence[Oem]) -> dg.AssetChecksDefinition:
    """The check of each consolidated asset of these makers, which a person may also execute by hand."""
    markets = consolidated_markets(oems)
    specs = [dg.AssetCheckSpec(FRESH.name, asset=key, description=FRESH.description) for key in markets]

    @dg.multi_asset_check(
        name="freshness", specs=specs, can_subset=True, op_tags=step_tags("consolidated", _SIZE, None)
    )
    def _freshness(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        asked = {key.asset_key: markets[key.asset_key] for key in context.selected_asset_check_keys}
        for one in verdicts(context.instance, asked, datetime.now(UTC)):
            yield _said(dg.AssetCheckResult, one)

    return _freshness


def _said(kind: type[_Said], one: Verdict) -> _Said:
    return kind(
        asset_key=one.key,
        check_name=FRESH.name,
        passed=not one.late,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(one.late) or None,
        metadata=one.metadata,
    )


def freshness_sensor(oems: Sequence[Oem]) -> dg.SensorDefinition:
    """Reports each check where its verdict is another than the last: of another day, or of other markets."""
    markets = consolidated_markets(oems)
    running = default_schedule_status() is dg.DefaultScheduleStatus.RUNNING

    @dg.sensor(
        name="freshness",
        minimum_interval_seconds=_INTERVAL_SECONDS,
        description=f"Turns the check `{FRESH.name}` red when a maker's night is late, and green when it is there.",
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
    )
    def _freshness(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        told: dict[str, list[str]] = json.loads(context.cursor or "{}")
        events = []
        for one in verdicts(context.instance, markets, datetime.now(UTC)):
            name, says = one.key.to_user_string(), [one.due.isoformat(), *one.late]
            if told.get(name) == says:
                continue
            told[name] = says
            events.append(_said(dg.AssetCheckEvaluation, one))
        return dg.SensorResult(asset_events=events, cursor=json.dumps(told))

    return _freshness
