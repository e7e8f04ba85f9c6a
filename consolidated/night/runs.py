"""Which of the Dagster instance's runs were a night's: the jobs' names, and a maker's part in a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster import DagsterRunStatus, RunsFilter

from resources.lake.days import PARTITION_TAG

if TYPE_CHECKING:
    from datetime import date

    from dagster import DagsterInstance, DagsterRun

NIGHTLY = "nightly"
_BEGAN = [
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
    DagsterRunStatus.SUCCESS,
    DagsterRunStatus.FAILURE,
    DagsterRunStatus.CANCELED,
]


def maker_job(oem: str) -> str:
    """The name of the job of a maker's day."""
    return f"{oem}_nightly"


@dataclass(frozen=True, slots=True)
class NightRuns:
    """The runs of a day. ran: maker -> its last run that has ended. whole: the makers of whose whole day that run was,
    not of some assets alone. is_running: whether another one still goes on."""

    ran: Mapping[str, DagsterRun]
    whole: frozenset[str]
    is_running: bool


def runs_of_night(instance: DagsterInstance, day: date, oems: Collection[str]) -> NightRuns:
    """Those that began, of a job of a night or of makers' assets started by hand. oems: every maker that there is."""
    jobs = {NIGHTLY: frozenset(oems), **{maker_job(oem): frozenset([oem]) for oem in oems}}
    filters = RunsFilter(tags={PARTITION_TAG: day.isoformat()}, statuses=_BEGAN)
    ran: dict[str, DagsterRun] = {}
    whole: set[str] = set()
    is_running = False
    for run in reversed(instance.get_runs(filters=filters)):  # given newest first
        selected = {key.path[0] for key in run.asset_selection or ()}
        makers = selected & set(oems) if selected else jobs.get(run.job_name, frozenset())
        if not run.is_finished:
            is_running = is_running or bool(makers)
            continue
        ran |= dict.fromkeys(makers, run)
        whole |= set() if selected else makers
    return NightRuns(ran, frozenset(whole), is_running)
