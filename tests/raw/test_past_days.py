"""`live` serves only the present: a past day is read from the archive, or the step says that it never landed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from raw.wiring.discovery import Oem
from tests.support.declared import OEMS
from tests.support.nights import failed_steps, night_in

DAY = date(2026, 11, 2)


@pytest.mark.parametrize("oem", OEMS, ids=[oem.name for oem in OEMS])
def test_a_day_that_never_landed_says_so(oem: Oem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night_in(tmp_path, monkeypatch, apis="live") as night:
        result = night.run(f"{oem.name}_nightly", DAY)
        assert failed_steps(result) == {
            f"{oem.name}/raw/{endpoint.name}" for endpoint in oem.endpoints if not endpoint.answers_of
        }
        for event in result.get_step_failure_events():
            failure = event.step_failure_data.user_failure_data
            assert failure is not None
            assert "never_landed" in (failure.description or "")
            assert DAY.isoformat() in (failure.description or "")
