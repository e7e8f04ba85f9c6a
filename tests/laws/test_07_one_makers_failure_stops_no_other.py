"""Law 7: one maker's failure stops no other maker, and no other endpoint of its own that does not need it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from raw.archive.seal import read_seal
from raw.wiring.discovery import Oem
from tests.support.declared import SMALL, credentials
from tests.support.nights import failed_steps, night_in

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 2)


@pytest.mark.parametrize("oem", SMALL, ids=[oem.name for oem in SMALL])
def test_a_rejected_credential_fails_one_step(oem: Oem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, *rest = oem.endpoints
    others = [one for one in rest if one.answers_of != endpoint.name]  # which do not need it
    monkeypatch.setenv("SANDBOX_FAULTS", f"{oem.name}/{endpoint.name}:status-401")
    with night_in(tmp_path, monkeypatch, vehicles=200, oems=SMALL) as night:
        result = night.run("nightly", DAY)
        assert not result.success
        assert failed_steps(result) == {f"{oem.name}/raw/{endpoint.name}"}
        failure = result.get_step_failure_events()[0].step_failure_data.user_failure_data
        assert failure is not None
        line = failure.description or ""
        assert line.startswith(f"{oem.name} {endpoint.name}")
        assert ("credential_rejected" if credentials(oem) else "blocked") in line
        assert not credentials(oem) or any(variable in line for variable in credentials(oem))
        assert set(night.table(endpoint.yields.table)["oem"]) == {one.name for one in SMALL if one is not oem}
        for other in others:
            seal = read_seal(night.lake, oem.name, other.name, DAY)
            assert all(market.complete for market in seal.markets.values())
            assert oem.name in set(night.table(other.yields.table)["oem"])
