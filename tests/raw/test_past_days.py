"""`live` serves only the present: a past day is read from the archive, or the step says that it never landed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from raw.wiring.discovery import Oem
from tests.support.declared import OEMS
from tests.support.nights import failed_steps, night_in

DAY = date(2026, 11, 2)


@pytest.mark.slow
@pytest.mark.parametrize("oem", OEMS, ids=[oem.name for oem in OEMS])
def test_a_day_that_never_landed_says_so(oem: Oem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night_in(tmp_path, monkeypatch, apis="live", oems=[oem]) as night:
        result = night.run(f"{oem.name}_nightly", DAY)
        # endpoints of one table end with a failed check each, and the table's step finds that none of them landed
        checked = {one.name for one in oem.endpoints if oem.shares_table(one)}
        assert failed_steps(result) == {
            f"{oem.name}/consolidated/{one.yields.table}" if one.name in checked else f"{oem.name}/raw/{one.name}"
            for one in oem.endpoints
            if not one.answers_of or one.answers_of in checked
        }
        for event in result.get_step_failure_events():
            failure = event.step_failure_data.user_failure_data
            assert failure is not None
            assert "never_landed" in (failure.description or "")
            assert DAY.isoformat() in (failure.description or "")
