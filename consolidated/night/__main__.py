"""`make nightly`: one night of the real job on this machine, told as it happens, and a table at its end.

The job runs as a process of its own (`job_process.py`), on the instance that `make dev` shows.
This process checks its arguments, prints its first line, and only then imports Dagster. Ctrl-C, a SIGTERM or a closed
terminal ends the job and every process of it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from raw.wiring.arguments import day_argument, maker_argument
from resources.apis.apis import Apis, apis_from_env
from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.commands.frame import INTERRUPTED, command
from resources.failures import Cause, PlatformError
from resources.lake.days import PARTITION_TAG, today
from resources.lake.lake import Lake, lake_from_env

if TYPE_CHECKING:
    import dagster as dg

    from consolidated.night.display import Display
    from consolidated.night.events import Follower

# as `resources.executor` and `side_by_side` have them, which import Dagster
EXECUTOR_VARIABLE, SIDE_BY_SIDE_EXECUTOR = "DAGSTER_EXECUTOR", "consolidated.night.side_by_side.side_by_side_executor"
_POLL_SECONDS = 1.0  # a look at the run costs 15 to 30 ms of CPU


@command
def main(arguments: list[str] | None = None) -> int:
    """Run a night. Returns the exit code: 0 where every market of every OEM landed whole and was merged."""
    parser = argparse.ArgumentParser(prog="make nightly", description=__doc__)
    parser.add_argument("--date", help="the day to run, 2026-11-23; today (UTC) by default")
    parser.add_argument("--oem", help="one OEM only, by its module's name")
    options = parser.parse_args(arguments)
    apis = apis_from_env()
    day = _day(options.date, apis)
    if options.oem is not None:
        maker_argument(options.oem)
    return _run(options.oem, day, apis, lake_from_env())


def _day(text: str | None, apis: Apis) -> date:
    if text is None:
        return today()
    day = day_argument(text)
    try:
        apis.may_fetch(day, today())
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:  # a past day is read from the archive by the step itself
            raise
    return day


def _run(oem: str | None, day: date, apis: Apis, lake: Lake) -> int:
    started = time.monotonic()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    job = "nightly" if oem is None else f"{oem}_nightly"
    print(f"{job} of {day}: {apis.source} -> {lake.uri}", flush=True)
    if apis.source == "live":
        print("the makers' own hosts are asked, as fast as they are declared to allow", flush=True)

    import dagster as dg

    from consolidated.night.closing_table import print_night
    from consolidated.night.display import Display, console
    from consolidated.night.events import Follower, makers_of
    from consolidated.night.job_process import job_process
    from raw.wiring.discovery import discover
    from raw.wiring.host_pools import limit_pools, pool_of
    from resources.executor import executor_from_env
    from resources.graph import checkout_instance

    # the definitions, which are loaded here and then shared with the job's process, read it
    os.environ[EXECUTOR_VARIABLE] = os.environ.get(EXECUTOR_VARIABLE) or SIDE_BY_SIDE_EXECUTOR
    executor_from_env()  # a wrong name is refused before anything of the night begins
    oems = discover()
    where = console()
    with checkout_instance() as instance:
        token = uuid.uuid4().hex
        log = Path(os.environ["DAGSTER_HOME"]) / "nightly_logs" / f"{day}-{token[:8]}.log"
        limit_pools(instance, {pool_of(endpoint) for maker in oems for endpoint in maker.endpoints})
        follower = Follower(instance, makers_of(one for one in oems if oem in (None, one.name)))
        try:
            with (
                _played(apis, day) as environment,
                job_process(job, day, token, log, environment) as process,
                Display(where, follower.makers) as display,
            ):
                while process.is_alive():
                    _follow(instance, follower, token, display)
                    process.join(_POLL_SECONDS)
                _follow(instance, follower, token, display)
        except KeyboardInterrupt:
            _end_run(instance, token)
            print("ended: nothing of it runs any more; `make nightly` goes on with what has landed")
            return INTERRUPTED
        except (BrokenPipeError, SystemExit):  # nobody reads the output any more; rich makes the second of the first
            _end_run(instance, token)
            raise
        if follower.run_id is None:
            print(log.read_text()[-4000:], file=sys.stderr)
            raise PlatformError(
                Cause.CONFIGURATION,
                f"the job did not start; its output is in {log}",
                advice="Mend what it says above.",
            )
        run = instance.get_run_by_id(follower.run_id)
    succeeded = run is not None and run.status is dg.DagsterRunStatus.SUCCESS
    whole = print_night(where, lake, day, oem, follower.failures, time.monotonic() - started)
    _close_night(lake, day)
    if not succeeded and not follower.failures:
        print(
            f"the run ended as {run.status.value if run else 'unknown'}; its output is in {log}",
            file=sys.stderr,
        )
    return 0 if succeeded and whole and not follower.failures else 1


def _close_night(lake: Lake, day: date) -> None:
    """Run the job of the morning report and the alerts in this process, and print the report's path."""
    from consolidated.night.assets import JOB, REPORT
    from consolidated.night.failures import words_of
    from consolidated.night.job import execute
    from consolidated.night.report.write import path_of
    from resources.graph import checkout_instance

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with checkout_instance() as instance:
        result = execute(JOB, {PARTITION_TAG: day.isoformat()}, instance, quiet)
    for event in result.get_step_failure_events():
        print(words_of(event), file=sys.stderr)
    if result.asset_materializations_for_node(REPORT.to_python_identifier()):
        print(f"the morning report:\n  {lake.url(path_of(day))}")


def _follow(instance: dg.DagsterInstance, follower: Follower, token: str, display: Display) -> None:
    if follower.run_id is None:
        follower.run_id = _run_of(instance, token)
        if follower.run_id is None:
            return
    for line in follower.new_lines():
        display.show(line)


def _run_of(instance: dg.DagsterInstance, token: str) -> str | None:
    import dagster as dg

    from consolidated.night.job_process import RUN_TAG

    runs = instance.get_runs(filters=dg.RunsFilter(tags={RUN_TAG: token}), limit=1)
    return runs[0].run_id if runs else None


def _end_run(instance: dg.DagsterInstance, token: str) -> None:
    """Let no run that was interrupted look as if it went on."""
    run_id = _run_of(instance, token)
    run = instance.get_run_by_id(run_id) if run_id else None
    if run is not None and not run.is_finished:
        instance.report_run_canceled(run, message="ended by the person who began it")


@contextmanager
def _played(apis: Apis, day: date) -> Iterator[dict[str, str]]:
    """The environment of the night's steps. One sandbox plays for all of them."""
    if apis.source == "live":
        yield dict(os.environ)
        return
    with apis.played(day) as origin:
        yield os.environ | {ORIGIN_VARIABLE: origin}


if __name__ == "__main__":
    sys.exit(main())
