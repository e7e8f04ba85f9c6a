"""Faults on demand: what goes wrong with a real OEM's API, for tests and for practice.

A specification is a list, separated by semicolons, of

    <oem>/<endpoint>[/<market code as on the wire, or class>]:<fault>[@<page, from 0>][*<times>]

such as `audi/scs_search/esuc:status-503@2*1;mercedes/mbusa_dealers:html`. `times` counts answers; without it
the fault lasts. This module reads the specification, chooses the faults of a request and changes its answer; the faults
that break the connection are played by `server.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil
from typing import Any

import msgspec

from resources.failures import Cause, PlatformError
from resources.sandbox.serving.routes import JSON_TYPE, Answer, Asked, Route, Target, json_answer

# these change the request before it is answered
_BEFORE = ("half", "repeat")
# these break the connection; the server plays them
ON_THE_WIRE = ("truncated", "slow", "disconnect")
SLOW_SECONDS = 30

_CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    b"<body><h1>Access Denied</h1><p>Checking your browser before you proceed.</p></body></html>"
)
_ENTRY = re.compile(
    r"(?P<oem>[a-z0-9_]+)/(?P<endpoint>[a-z0-9_]+)(?:/(?P<market>[^:/@*]+))?"
    r":(?P<name>[a-z0-9-]+)(?:@(?P<page>\d+))?(?:\*(?P<times>\d+))?"
)
_STATUS = re.compile(r"status-([2-5]\d\d)(-date)?")


@dataclass
class Fault:
    """One entry of the specification; `left` counts down, None: for ever."""

    oem: str
    endpoint: str
    market: str | None
    name: str
    page: int | None
    left: int | None

    def strikes(self, target: Target) -> bool:
        """Whether it applies to a request for the target; counts when it does."""
        if self.left == 0 or self.market not in (None, target.market) or self.page not in (None, target.page):
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The faults of a server. Raises PlatformError(CONFIGURATION) for a specification that names what is not."""

    def __init__(self, specification: str, routes: Sequence[Route]) -> None:
        entries = [entry.strip() for entry in specification.split(";") if entry.strip()]
        self._faults = [_read(entry, routes) for entry in entries]
        self._struck = {(fault.oem, fault.endpoint) for fault in self._faults}

    def of(self, route: Route, asked: Asked) -> list[str]:
        """The names of the faults that strike a request, in the order of the specification."""
        if (route.oem, route.endpoint) not in self._struck:
            return []
        target = route.target(asked)
        return [
            fault.name
            for fault in self._faults
            if (fault.oem, fault.endpoint) == (route.oem, route.endpoint) and fault.strikes(target)
        ]


def answer_with(route: Route, asked: Asked, names: Sequence[str], answer: Callable[[Asked], Answer]) -> Answer:
    """The answer to a request under faults, except the faults that break the connection."""
    if "half" in names:
        asked = replace(asked, halved=True)
    if "repeat" in names and route.page_parameter:
        asked = replace(asked, query={**asked.query, route.page_parameter: "0"})
    result = answer(asked)
    for name in names:
        if name not in _BEFORE and name not in ON_THE_WIRE:
            result = _change(name, route, result)
    return result


def _change(name: str, route: Route, answer: Answer) -> Answer:
    status = _STATUS.fullmatch(name)
    if status:
        return _refusal(int(status[1]), as_date=bool(status[2]))
    if name in _ON_ANSWERS:
        return _ON_ANSWERS[name](answer)
    body = msgspec.json.decode(answer.body)
    if answer.status != 200 or not isinstance(_at(body, route.records), list):
        return answer  # a refusal, or another question than for records
    _ON_RECORDS[name](route, body)
    return replace(answer, body=msgspec.json.encode(body))


def _refusal(status: int, *, as_date: bool) -> Answer:
    headers = {"Content-Type": JSON_TYPE}
    if as_date:
        # HTTP dates have whole seconds: two ahead, so that it is never in the past when it is read
        headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    elif status in (429, 503):
        headers["Retry-After"] = "1"
    return Answer(status, msgspec.json.encode({"status": status, "message": "played by the sandbox"}), headers)


_ON_ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "html": lambda answer: Answer(200, _CHALLENGE, {"Content-Type": "text/html; charset=utf-8"}),
    "truncated-json": lambda answer: replace(answer, body=answer.body[: len(answer.body) * 2 // 3]),
    "bom": lambda answer: replace(answer, body=b"\xef\xbb\xbf" + answer.body),
    "graphql-errors": lambda answer: json_answer(
        {"data": None, "errors": [{"message": "INTERNAL_ERROR", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    ),
}


def _empty(route: Route, body: Any) -> None:
    _at(body, route.records).clear()
    if route.total:
        _set(body, route.total, 0)


def _shortfall(route: Route, body: Any) -> None:
    if route.total:
        _set(body, route.total, ceil(_at(body, route.total) * 1.1))


def _no_id(route: Route, body: Any) -> None:
    for record in _at(body, route.records)[:1]:
        record.pop(route.identity, None)


def _change_first(name: str) -> Callable[[Route, Any], None]:
    def change(route: Route, body: Any) -> None:
        for record in _at(body, route.records)[:1]:
            route.record_faults[name](record)

    return change


def _drift(route: Route, body: Any) -> None:
    for record in _at(body, route.records):
        route.record_faults["drift"](record)


_ON_RECORDS: dict[str, Callable[[Route, Any], None]] = {
    "empty": _empty,
    "shortfall": _shortfall,
    "no-id": _no_id,
    "negative-price": _change_first("negative-price"),
    "future-registration": _change_first("future-registration"),
    "drift": _drift,
}


def _at(body: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body


def _set(body: Any, path: str, value: Any) -> None:
    parents, _, last = path.rpartition(".")
    (_at(body, parents) if parents else body)[last] = value


def known_faults(route: Route) -> list[str]:
    """The faults that an endpoint can show; `status-NNN` stands for any status."""
    always = ["status-NNN", "status-NNN-date", "html", "truncated-json", "bom", *ON_THE_WIRE, "empty", "half", "no-id"]
    optional: Mapping[str, bool] = {
        "shortfall": route.total is not None,
        "repeat": route.page_parameter is not None,
        "graphql-errors": route.graphql,
        **dict.fromkeys(route.record_faults, True),
    }
    return sorted([*always, *(name for name, offered in optional.items() if offered)])


def _read(entry: str, routes: Sequence[Route]) -> Fault:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise _wrong(entry, "it is not <oem>/<endpoint>[/<market>]:<fault>[@<page>][*<times>]")
    route = next((r for r in routes if (r.oem, r.endpoint) == (match["oem"], match["endpoint"])), None)
    if route is None:
        known = sorted({f"{r.oem}/{r.endpoint}" for r in routes})
        raise _wrong(entry, f"there is no endpoint {match['oem']}/{match['endpoint']}; there are {', '.join(known)}")
    market, name = match["market"], match["name"]
    if market is not None and market not in route.markets:
        raise _wrong(entry, f"{route.endpoint} has no {market}; it has {', '.join(route.markets) or 'no parts'}")
    known = known_faults(route)
    if name not in known and not _STATUS.fullmatch(name):
        raise _wrong(entry, f"{route.endpoint} has no fault {name}; it has {', '.join(known)}")
    page, times = match["page"], match["times"]
    return Fault(route.oem, route.endpoint, market, name, int(page) if page else None, int(times) if times else None)


def _wrong(entry: str, reason: str) -> PlatformError:
    return PlatformError(Cause.CONFIGURATION, f"fault {entry!r}: {reason}")
