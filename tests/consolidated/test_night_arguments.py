"""What `make nightly` is told, who plays for its steps, and where its report lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from consolidated.night import __main__ as night
from resources.apis.apis import Apis
from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.failures import Cause, PlatformError
from resources.lake.days import today
from resources.lake.lake import Lake
from tests.support.apis_of_nobody import Played

DAY = date(2026, 11, 25)
LAKE = Lake("file:///lake")


@pytest.mark.parametrize(
    ("arguments", "oem", "day"),
    [([], None, None), (["--oem", "audi"], "audi", None), (["--date", "2026-11-23"], None, date(2026, 11, 23))],
)
def test_the_command_runs_the_makers_and_the_day_that_it_is_told(
    arguments: list[str], oem: str | None, day: date | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def run(*about: Any) -> int:
        asked.append(about[:2])
        return 3

    monkeypatch.setenv("LAKE_URI", "file:///lake")
    monkeypatch.setattr(night, "_run", run)
    assert night.main(arguments) == 3
    assert asked == [(oem, day or today())]
    assert night.main(["--oem", "nobody"]) == 2
    assert len(asked) == 1


def test_one_sandbox_plays_for_all_steps_and_none_for_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_SHELL", "x")
    monkeypatch.delenv(ORIGIN_VARIABLE, raising=False)
    with night._played(cast("Apis", Played()), DAY) as environment:
        assert (environment[ORIGIN_VARIABLE], environment["OF_THE_SHELL"]) == ("http://127.0.0.1:1/2026-11-25", "x")
    with night._played(Apis("live"), DAY) as environment:
        assert ORIGIN_VARIABLE not in environment
        assert environment["OF_THE_SHELL"] == "x"


def test_a_night_is_of_today_or_of_a_day_that_can_be_had() -> None:
    assert night._day(None, cast("Apis", Played())) == today()
    assert night._day("2026-11-23", cast("Apis", Played())) == date(2026, 11, 23)
    landed = Played(PlatformError(Cause.NEVER_LANDED, "read from the archive"))
    assert night._day("2026-11-23", cast("Apis", landed)) == date(2026, 11, 23)
    with pytest.raises(PlatformError, match="tomorrow"):
        night._day("2026-11-23", cast("Apis", Played(PlatformError(Cause.FUTURE_DATE, "tomorrow"))))


@pytest.mark.parametrize("is_made", [True, False])
def test_the_reports_path_is_printed_where_there_is_one(
    is_made: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    error = SimpleNamespace(user_failure_data=None, error=SimpleNamespace(message="E: no mail", cause=None))
    result = SimpleNamespace(
        get_step_failure_events=lambda: [SimpleNamespace(event_specific_data=error)],
        asset_materializations_for_node=lambda _: ["made"] if is_made else [],
    )

    @contextmanager
    def instance() -> Iterator[str]:
        yield "instance"

    def execute(*about: Any) -> Any:
        asked.append(about[1:3])
        return result

    monkeypatch.setattr("resources.graph.checkout_instance", instance)
    monkeypatch.setattr("consolidated.night.job.execute", execute)
    night._close_night(LAKE, DAY)
    told = capsys.readouterr()
    assert asked == [({"dagster/partition": "2026-11-25"}, "instance")]
    assert told.err == "E: no mail\n"
    assert ("the morning report:\n  " in told.out) is is_made
