"""Captured answers: which files of a folder belong to a day, what they hold, and what is said of a day without any.

`<folder of captures>/<name>/` holds the captures of an endpoint, each file a JSON answer (`.json`, `.json.gz`). A
file's name begins with its day (`2026-04-26.json.gz`, `2026-04-26_page2.json.gz`), or the maker's module says the day.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from resources.lake.days import day_of
from resources.sandbox.serving.credentials import PLAYED_SAYS
from resources.sandbox.serving.routes import ANY, Answer, Asked, Record, Refusal, Route, json_answer

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Captured:
    """Where the captured answers of an endpoint lie, and how a day's are served.

    name: the folder, `<oem>/<endpoint's folder>`; files: which of its files; day: of the files whose names have none.
    market: the market's key in the stock of which they are, None: whatever is asked for.
    records: the path of the records in a file where it is another than the endpoint's; each: the path in a record of
    what is served instead, each once (the dealers that cars stand at). whole: serve the bytes of a day's one file as
    they are, rather than its records under the endpoint's own paging.
    """

    name: str
    files: str = "*"
    day: date | None = None
    market: str | None = None
    records: str | None = None
    each: str | None = None
    whole: bool = False

    def paths(self, root: Path) -> dict[date, list[Path]]:
        """The files of each day."""
        found: dict[date, list[Path]] = {}
        for path in sorted((root / self.name).glob(self.files)):
            dated = _DAY.match(path.name)
            day = day_of(dated[0]) if dated else self.day
            if day is not None and path.name.endswith((".json", ".json.gz")):
                found.setdefault(day, []).append(path)
        return found

    def contents(self, root: Path, oem: str, day: date) -> list[bytes]:
        """The answers of a day, each of them JSON. Raises Refusal(404) that says which days there are, or which file
        cannot be read."""
        paths = self.paths(root)
        if day not in paths:
            raise no_capture(oem, root, day, sorted(paths))
        try:
            return [_bytes(path) for path in paths[day]]
        except _UnreadableError as error:
            raise _refusal({"message": str(error)}, str(error)) from error


class _UnreadableError(Exception):
    """A capture's file that holds no JSON, or cannot be read at all."""


@lru_cache(maxsize=64)
def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.name.endswith(".gz") else content
        msgspec.json.decode(content, type=msgspec.Raw)
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        raise _UnreadableError(f"the capture {path} cannot be read: {error}") from error
    return content


def captured_records(captured: Captured, answers: Sequence[Any], path: str) -> list[Record]:
    """The records of a day's decoded answers, in their order."""
    where = path if captured.records is None else captured.records
    records = [record for answer in answers for record in records_at(answer, where)]
    if captured.each is None:
        return records
    parts = [part for record in records for part in records_at(record, captured.each)]
    return list({msgspec.json.encode(part): part for part in parts}.values())


def records_at(value: Any, path: str) -> list[Any]:
    """The objects at a path: "" is the value itself, `[]` goes into each item of a list, `*` into each value of an
    object. A list at the end is its items; nothing is no object."""
    return [item for one in _values_at(value, path) for item in (one if isinstance(one, list) else [one])]


def lists_at(value: Any, path: str) -> list[Any]:
    """What holds the records of a path: lists, or the objects into whose values a `*` at the path's end goes."""
    if path.endswith("*"):
        return [one for one in _values_at(value, path.rstrip(".*")) if isinstance(one, dict)]
    return [one for one in _values_at(value, path) if isinstance(one, list)]


def _values_at(value: Any, path: str) -> list[Any]:
    found = [value]
    for key in filter(None, path.replace("[]", ".[]").split(".")):
        below: list[Any] = []
        for one in found:
            if key == "[]":
                below += one if isinstance(one, list) else []
            elif key == "*":
                below += one.values() if isinstance(one, dict) else []
            elif isinstance(one, dict) and one.get(key) is not None:
                below.append(one[key])
        found = below
    return found


def no_capture(oem: str, folder: Path, day: date | None = None, days: list[date] | None = None) -> Refusal:
    """The refusal of a replay that has nothing to serve; the header repeats it for the step's message."""
    if not days or day is None:
        body: dict[str, Any] = {"message": f"no capture of {oem} in {folder}"}
        said = body["message"]
    else:
        message = f"no capture of {oem} on {day.isoformat()} in {folder}"
        listed = {"first": days[0].isoformat(), "last": days[-1].isoformat(), "count": len(days)}
        body = {"message": message, "captured_days": listed}
        said = f"{message}; {len(days)} days are captured, {listed['first']} to {listed['last']}"
    return _refusal(body, said)


def _refusal(body: dict[str, Any], said: str) -> Refusal:
    return Refusal(json_answer(body, 404, {PLAYED_SAYS: said.encode("ascii", "replace").decode()}))


def without_captures(route: Route, folder: Path) -> Route:
    """The route of an OEM of which nothing was captured: its host refuses everything."""

    def refuse(asked: Asked) -> Answer:
        raise no_capture(route.oem, folder)

    return replace(route, answer=refuse, path=ANY, method=ANY)
