"""Which APIs a value of `OEM_APIS` names."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.apis.apis import apis_of
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
