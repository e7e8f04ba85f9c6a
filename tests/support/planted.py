"""A host that repeats secrets and persons in whatever it says, and the search for them in what was kept or shown."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pyarrow.parquet as pq
from aiohttp import web
from multidict import CIMultiDict

from resources.apis.apis import Apis, Connection, LoopbackConnection
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import PATIENT, served

PERSON = ("Zephyrine Quillfeather", "zephyrine.quill@feather.example", "+49 170 5550199")


def secret_of(variable: str) -> str:
    """A credential whose plain, JSON-escaped, percent- and base64-encoded forms all differ."""
    return f'k/"9+&=%{variable[-1:]}zq\\7~{len(variable)}secret'


def forms_of(value: str) -> set[str]:
    """A value in every form in which a host may send it back."""
    encoded = value.encode()
    escaped = "".join(f"\\u{ord(character):04x}" for character in value)
    percent = {quote(value, safe=""), quote(value), quote_plus(value)}
    percent |= {re.sub("%..", lambda code: code[0].lower(), text) for text in percent}
    in_base64 = {base64.b64encode(encoded).decode(), base64.urlsafe_b64encode(encoded).decode()}
    in_base64 |= {text.rstrip("=") for text in in_base64}
    return {value, json.dumps(value)[1:-1], value.replace("/", "\\/"), escaped, *percent, *in_base64}


@dataclass
class PlantingHost:
    """The sandbox, which repeats a request's credentials and names a person in each of its answers: in headers, beside
    the records, in errors and redirects. variables: of the credentials that requests may carry."""

    day: date
    variables: Sequence[str]
    count: int = 0

    def __post_init__(self) -> None:
        self._play = Sandbox(World(self.day, 400)).handler()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.count += 1
        known = {secret_of(variable): sandbox_credential(variable) for variable in self.variables}
        carried = [value for value in request.headers.values() if value in known]
        headers = CIMultiDict((name, known.get(value, value)) for name, value in request.headers.items())
        answer = await self._play(request.clone(headers=headers))
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        forms = [form for value in (*carried, *PERSON) for form in sorted(forms_of(value))]
        text = " ".join(forms)
        planted = {"X-Request-Id": text, "Location": f"https://{text}", "ETag": text}
        if self.count % 7 == 0:
            return self._refusal(self.count // 7, text, planted)
        body = msgspec.json.encode(_within(msgspec.json.decode(answer.body), cycle(forms)))
        content_type = answer.headers["Content-Type"]
        return web.Response(status=answer.status, body=body, headers={"Content-Type": content_type, **planted})

    @staticmethod
    def _refusal(number: int, text: str, headers: dict[str, str]) -> web.Response:
        """Refusals in turn: passing ones, which are asked again, and lasting ones, which fail their market."""
        status, kind = (
            (503, "application/json"),
            (429, "text/plain"),
            (302, "text/html"),
            (400, "application/json"),
            (200, "text/html"),
            (403, "text/html"),
            (500, "application/json"),
            (418, text.split()[0]),
        )[number % 8]
        said = {"message": text, "errors": [{"message": text}]}
        body = json.dumps(said).encode() if kind == "application/json" else f"{text} <p>{text}</p>".encode()
        return web.Response(status=status, body=body, headers={**headers, "Content-Type": kind, "Retry-After": "0"})


def _within(value: Any, forms: Iterator[str]) -> Any:
    """A decoded body with one form after the other, in each object of it, under a name that no record has."""
    if isinstance(value, dict):
        return {**{name: _within(item, forms) for name, item in value.items()}, "zz": next(forms)}
    return [_within(item, forms) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class PlantedApis(Apis):
    """The APIs at a planting host, with credentials that can be found again."""

    variables: tuple[str, ...] = ()

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        with served(PlantingHost(day, self.variables).handle) as port:
            yield _SecretConnection(f"http://127.0.0.1:{port}", PATIENT)


@dataclass(frozen=True)
class _SecretConnection(LoopbackConnection):
    def credential(self, variable: str) -> str:
        return secret_of(variable)


def found_in(text: str, values: list[str]) -> set[str]:
    """The forms of the values that a text holds."""
    return {form for value in values for form in forms_of(value) if form in text}


def texts_below(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of everything in a folder's files; a column of a Parquet file is a text of its own."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        content = path.read_bytes()
        if content[:4] == b"PAR1":
            for column, values in pq.read_table(path).to_pydict().items():
                yield f"{name} column {column}", "\n".join(_text(value) for value in values)
        elif content.startswith(b"SQLite format 3"):
            with sqlite3.connect(path) as connection:
                yield name, "\n".join(connection.iterdump())
        else:
            yield name, content.decode("utf-8", "replace")


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
