"""Which APIs a value of `OEM_APIS` names, and the credentials of the live ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.apis.apis import LiveConnection, apis_from_env, apis_of
from resources.failures import Cause, PlatformError


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
