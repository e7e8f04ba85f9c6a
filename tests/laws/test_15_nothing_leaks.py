"""Law 15: no credential and no person in anything that is kept or shown, in whatever form a host sends it back.

A whole night against a host that repeats the credentials and names a person in every answer, header,
redirect and error. The archive keeps bodies and headers as they came, so a person may stand there and nowhere else; a
credential may stand nowhere.
"""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

import definitions
from resources.apis.apis import Apis
from resources.apis.resource import ApisResource
from tests.support.counts import IS_SOAK
from tests.support.declared import SMALL, WITH_CREDENTIAL, credentials, with_few_markets
from tests.support.planted import PERSON, PlantedApis, found_in, secret_of, texts_below

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 2)
MAKERS = SMALL if IS_SOAK else [with_few_markets(WITH_CREDENTIAL)]
VARIABLES = tuple(sorted(set().union(*map(credentials, MAKERS))))


class PlantedResource(ApisResource):
    def apis(self) -> Apis:
        return PlantedApis("sandbox", variables=VARIABLES)


def test_a_night_keeps_and_shows_no_credential_and_no_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "lake"))
    monkeypatch.setenv("OEM_APIS", "sandbox")
    monkeypatch.delenv("DAGSTER_EXECUTOR", raising=False)
    caplog.set_level(logging.DEBUG)
    defs = definitions.build_defs(oems=MAKERS, resources={"apis": PlantedResource()})
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        result = defs.resolve_job_def("nightly").execute_in_process(
            instance=instance, partition_key=DAY.isoformat(), raise_on_error=False
        )
        assert any(not check.passed for check in result.get_asset_check_evaluations()), "nothing was refused"
        said = [str(event) for event in result.all_events]
    out, err = capfd.readouterr()
    shown = {"output": out, "errors": err, "log": caplog.text, "events": "\n".join(said)}
    texts = [*texts_below(tmp_path), *shown.items()]
    assert sum(name.startswith("lake/raw/") for name, _ in texts) > 20
    assert any(name.startswith("lake/transformed/") for name, _ in texts), "nothing was typed"
    secrets, persons = [secret_of(variable) for variable in VARIABLES], list(PERSON)
    leaks = {}
    for name, text in texts:
        is_evidence = name.startswith("lake/raw/") and name.endswith(("column body", "column headers"))
        if forms := found_in(text, secrets if is_evidence else [*secrets, *persons]):
            leaks[name] = sorted(forms)[:3]
    assert not leaks, "\n".join(f"{name}: {forms}" for name, forms in leaks.items())
