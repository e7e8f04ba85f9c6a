"""What has to hold for every maker that `discover()` finds (`tests/support/sweeps.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import Oem
from tests.support import sweeps
from tests.support.declared import OEMS
from tests.support.representatives import nights_of_every_maker, of_every_endpoint

of_every_maker = pytest.mark.parametrize("oem", OEMS, ids=[oem.name for oem in OEMS])


@of_every_maker
def test_its_modules_agree(oem: Oem) -> None:
    sweeps.modules_agree(oem)


@pytest.mark.slow
@of_every_maker
def test_its_coverage_is_stable(oem: Oem) -> None:
    sweeps.coverage_is_stable(oem)


@pytest.mark.slow
@nights_of_every_maker
def test_a_night_against_the_sandbox(oem: Oem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps.round_trip(oem, tmp_path, monkeypatch)


@pytest.mark.slow
@of_every_endpoint
def test_its_faults_are_played(oem: Oem, endpoint: Endpoint, tmp_path: Path) -> None:
    sweeps.faults_are_played(oem, endpoint, tmp_path)


@pytest.mark.slow
@of_every_endpoint
def test_live_sends_byte_for_byte_what_the_sandbox_gets(
    oem: Oem, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps.live_equals_sandbox(oem, endpoint, tmp_path, monkeypatch)
