"""No credential in anything that raw keeps or shows, no person in anything that it shows, in whatever form (law 15)."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from aiohttp import web

from raw.endpoint.declaration import Endpoint
from raw.endpoint.requests import secrets_of
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.apis.apis import LoopbackConnection
from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import PlayedApis
from tests.support.representatives import of_every_endpoint

DAY = date(2026, 11, 20)
TOKEN = "plAnted/T0ken+of=the:night"
PERSON = "Zephyrine Quillfeather, zephyrine@oem.example"
FORMS = (
    TOKEN,
    quote(TOKEN, safe=""),
    quote(TOKEN, safe="").replace("%2F", "%2f").replace("%3A", "%3a"),
    base64.b64encode(f"user:{TOKEN}".encode()).decode(),
    TOKEN.encode().hex(),
    "".join(f"\\u{ord(character):04x}" for character in TOKEN),
)

_EVERY = {1: "every answer is an error", 2: "every other answer"}
# `make test` has each status with one of the two, alternately
ERRORS = [
    pytest.param(
        status, every, marks=[pytest.mark.soak] if (number + every) % 2 else [], id=f"{status}-{_EVERY[every]}"
    )
    for number, status in enumerate((200, 302, 400, 403, 500))
    for every in _EVERY
]


def _of_an_error(status: int) -> web.Response:
    text = f"{PERSON} refuses {' '.join(FORMS)}"
    return web.Response(status=status, text=text, headers={"Location": f"https://oem.example/?t={TOKEN}"})


@pytest.mark.parametrize(("status", "every"), ERRORS)
@of_every_endpoint
def test_a_planted_token_and_person_are_found_nowhere(
    oem: Oem, endpoint: Endpoint, status: int, every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LoopbackConnection.credential
    planted = secrets_of(endpoint.request)[:1]
    monkeypatch.setattr(
        LoopbackConnection, "credential", lambda self, name: TOKEN if name in planted else real(self, name)
    )
    play = Sandbox(World(DAY, 300)).handler()
    number = 0

    async def echoing(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal number
        number += 1
        if number % every == 0:
            return _of_an_error(status)
        response = await play(request)
        response.headers["X-Request-Id"] = f"{PERSON} {TOKEN}"
        return response

    shown: list[str] = []
    lake = Lake(tmp_path.as_uri())
    manifest = fetch_day(
        lake=lake,
        oem=oem.name,
        endpoint=endpoint,
        day=DAY,
        apis=PlayedApis("sandbox", handler=echoing),
        progress=lambda progress: shown.append(str(progress)),
    )
    told = json.dumps(manifest.to_json()) + "".join(shown)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    told += "".join(path.read_text() for path in files if path.suffix == ".json")
    assert "Quillfeather" not in told
    kept = told + repr([pq.read_table(path).to_pylist() for path in files if path.suffix == ".parquet"])
    if planted:
        for form in (*FORMS, FORMS[-1].replace("\\", "\\\\"), FORMS[3][8:-8]):
            assert form not in kept
