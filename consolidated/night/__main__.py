"""`make nightly`: one night of the real job on this machine, told as it happens, and a table at its end.

The job runs as a process of its own, just as `dagster job execute` runs it, on the instance that `make dev` shows.
This process checks its arguments, prints its first line, and only then imports Dagster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from resources.apis.apis import Apis, apis_from_env
from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.failures import Cause, PlatformError
from resources.lake.days import FIRST_DAY, today
from resources.lake.lake import CHECKOUT, Lake, lake_from_env

if TYPE_CHECKING:
    import dagster as dg

    from consolidated.night.events import Follower

# as `resources.executor` has them, which imports Dagster
EXECUTOR_VARIABLE, SIDE_BY_SIDE_EXECUTOR = "DAGSTER_EXECUTOR", "resources.executor.side_by_side_executor"
_RUN_TAG = "oem-stock/nightly"
_POLL_SECONDS = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Run a night. Returns the exit code: 0 where every market of every OEM landed whole and was merged."""
    parser = argparse.ArgumentParser(prog="make nightly", description=__doc__)
    parser.add_argument("--date", help="the day to run, 2026-11-23; today (UTC) by default")
    parser.add_argument("--oem", help="one OEM only, by its module's name")
    options = parser.parse_args(arguments)
    try:
        apis = apis_from_env()
        day = _day(options.date, apis)
        job = _job(options.oem)
        return _run(job, day, options.oem, apis, lake_from_env())
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 2


def _day(text: str | None, apis: Apis) -> date:
    if text is None:
        return today()
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PlatformError(
            Cause.CONFIGURATION, f"DATE={text} is not a date: {error}", advice="Write it as 2026-11-23."
        ) from error
    if day < FIRST_DAY:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"DATE={text} is before the first day, {FIRST_DAY}",
            advice="Choose a later day.",
        )
    try:
        apis.may_fetch(day, today())
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:  # a past day is read from the archive by the step itself
            raise
    return day


def _job(oem: str | None) -> str:
    from raw.wiring.discovery import discover

    if oem is None:
        return "nightly"
    known = [found.name for found in discover()]
    if oem not in known:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"OEM={oem} is not one of {', '.join(known)}",
            advice="Name one of these, or none for all.",
        )
    return f"{oem}_nightly"


def _run(job: str, day: date, oem: str | None, apis: Apis, lake: Lake) -> int:
    started = time.monotonic()
    print(f"{job} of {day}: {apis.source} -> {lake.uri}", flush=True)

    import dagster as dg

    from consolidated.night.closing_table import print_night
    from consolidated.night.events import Follower
    from raw.wiring.discovery import discover
    from raw.wiring.host_pools import limit_pools, pool_of
    from resources.graph import checkout_instance

    with checkout_instance() as instance:
        token = uuid.uuid4().hex
        log = Path(os.environ["DAGSTER_HOME"]) / "nightly_logs" / f"{day}-{token[:8]}.log"
        limit_pools(instance, {pool_of(endpoint) for maker in discover() for endpoint in maker.endpoints})
        with _played(apis, day) as environment, _job_process(job, day, token, log, environment) as process:
            follower = Follower(instance)
            while process.poll() is None:
                _follow(instance, follower, token)
                time.sleep(_POLL_SECONDS)
            _follow(instance, follower, token)
        if follower.run_id is None:
            print(log.read_text()[-4000:], file=sys.stderr)
            raise PlatformError(
                Cause.CONFIGURATION,
                f"the job did not start; its output is in {log}",
                advice="Mend what it says above.",
            )
        run = instance.get_run_by_id(follower.run_id)
    succeeded = run is not None and run.status is dg.DagsterRunStatus.SUCCESS
    whole = print_night(lake, day, oem, follower, time.monotonic() - started)
    if not succeeded and not follower.failures:
        print(
            f"the run ended as {run.status.value if run else 'unknown'}; its output is in {log}",
            file=sys.stderr,
        )
    return 0 if succeeded and whole and not follower.failures else 1


def _follow(instance: dg.DagsterInstance, follower: Follower, token: str) -> None:
    import dagster as dg

    if follower.run_id is None:
        runs = instance.get_runs(filters=dg.RunsFilter(tags={_RUN_TAG: token}), limit=1)
        if not runs:
            return
        follower.run_id = runs[0].run_id
    for line in follower.new_lines():
        print(line, flush=True)


@contextmanager
def _played(apis: Apis, day: date) -> Iterator[dict[str, str]]:
    """The environment of the night's steps. One sandbox plays for all of them."""
    environment = {EXECUTOR_VARIABLE: SIDE_BY_SIDE_EXECUTOR, **os.environ}
    if apis.source == "live":
        yield environment
        return
    with apis.played(day) as origin:
        yield environment | {ORIGIN_VARIABLE: origin}


@contextmanager
def _job_process(
    job: str, day: date, token: str, log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The job as a process of its own, its console in `log`; interrupted together with us.

    The partition goes as a tag, not as an argument: the sandbox may be asked for the day after today, which is
    not yet a partition when the night of the next day is tried out.
    """
    tags = {"dagster/partition": day.isoformat(), _RUN_TAG: token}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as console:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dagster",
                "job",
                "execute",
                "-m",
                "definitions",
                "-a",
                "defs",
                "-j",
                job,
                "--tags",
                json.dumps(tags),
            ],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
