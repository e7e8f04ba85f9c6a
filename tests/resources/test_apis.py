"""Which APIs a value of `OEM_APIS` names, how they are reached, and which days they may be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path

import pytest

from resources.apis import apis
from resources.apis.apis import Apis, LiveConnection, LoopbackConnection, Patience, apis_from_env, apis_of
from resources.failures import Cause, PlatformError

TODAY = date(2026, 11, 25)


def test_a_replay_is_of_its_folder(tmp_path: Path) -> None:
    assert [apis_of(value).source for value in ("sandbox", "live")] == ["sandbox", "live"]
    apis = apis_of(f"replay:{tmp_path}")
    assert (apis.source, apis.captures) == ("replay", tmp_path)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("replay:/no/such/folder", "there is no folder /no/such/folder"),
        ("replay:", "is unknown"),
        ("replay", "is unknown"),
        ("Live", "is unknown"),
        ("live:", "is unknown"),
    ],
)
def test_what_names_no_apis_is_refused(value: str, said: str) -> None:
    with pytest.raises(PlatformError, match=said) as refusal:
        apis_of(value)
    assert refusal.value.cause is Cause.CONFIGURATION
    assert f"OEM_APIS={value!r}" in str(refusal.value)


def test_inside_ecs_the_apis_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OEM_APIS", raising=False)
    assert apis_from_env().source == "sandbox"
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/task")
    with pytest.raises(PlatformError, match="OEM_APIS is not set, and inside ECS there is no default"):
        apis_from_env()


def test_a_credential_ends_before_a_files_last_newline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAKER_TOKEN", " secret\n")
    assert LiveConnection().credential("MAKER_TOKEN") == "secret"


@pytest.mark.parametrize(
    ("value", "cause"),
    [("", Cause.CREDENTIAL_MISSING), (" \n", Cause.CREDENTIAL_MISSING), ("sécret", Cause.CONFIGURATION),
     ("a\r\nCookie: b", Cause.CONFIGURATION)],
)  # fmt: skip
def test_a_credential_that_no_header_may_hold_is_refused_by_its_name_and_not_shown(
    value: str, cause: Cause, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKER_TOKEN", value)
    with pytest.raises(PlatformError, match="MAKER_TOKEN") as refusal:
        LiveConnection().credential("MAKER_TOKEN")
    assert refusal.value.cause is cause
    assert "cret" not in str(refusal.value)


def test_a_live_host_is_asked_five_times_in_ten_minutes_at_most_and_a_played_one_sooner_again() -> None:
    live, played = LiveConnection(), LoopbackConnection("http://127.0.0.1:1")
    assert (live.paces, played.paces) == (True, False)
    assert astuple(live.patience) == (120.0, 10.0, 30.0, 5, 600.0, 1.0, 30.0, 120.0)
    assert played.patience == Patience(backoff_seconds=0.05)


@contextmanager
def _started(day: date, captures: Path | None) -> Iterator[str]:
    yield f"http://127.0.0.1:1/{day}/{captures}"


def _running(origin: str, day: date, captures: Path | None) -> str:
    return f"{origin}/{day}/{captures}"


@pytest.mark.parametrize("paced", ["1", "", None])
@pytest.mark.parametrize("origin", ["http://127.0.0.1:2", None])
def test_only_the_live_apis_are_reached_without_a_sandbox(
    paced: str | None, origin: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "sandbox_process", _started)
    monkeypatch.setattr(apis, "check_running", _running)
    for name, value in (("SANDBOX_PACED", paced), ("SANDBOX_ORIGIN", origin)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    with Apis("live").serving(TODAY) as connection:
        assert connection == LiveConnection()
    played = f"{origin or 'http://127.0.0.1:1'}/2026-11-25/captures"
    with Apis("replay", Path("captures")).serving(TODAY) as connection:
        assert connection == LoopbackConnection(played, paces=paced == "1")


@pytest.mark.parametrize(
    ("source", "days_from_today", "cause"),
    [
        ("live", -1, Cause.NEVER_LANDED),
        ("live", 0, None),
        ("live", 1, Cause.FUTURE_DATE),
        ("sandbox", -400, None),
        ("sandbox", 1, None),
        ("sandbox", 2, Cause.FUTURE_DATE),
        ("replay", 1, None),
        ("replay", 2, Cause.FUTURE_DATE),
    ],
)
def test_which_days_may_be_fetched(source: apis.Source, days_from_today: int, cause: Cause | None) -> None:
    day = TODAY + timedelta(days=days_from_today)
    if cause is None:
        Apis(source).may_fetch(day, TODAY)
        return
    with pytest.raises(PlatformError, match=day.isoformat()) as refusal:
        Apis(source).may_fetch(day, TODAY)
    assert refusal.value.cause is cause
