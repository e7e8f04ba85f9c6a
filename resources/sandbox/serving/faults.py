"""Faults on demand: what goes wrong with a real OEM's API, for tests and for practice.

A specification is a list, separated by semicolons, of

    <oem>/<endpoint>[/<market code as on the wire, or class>]:<fault>[@<page, from 0>][*<times>]
    storm:<percent>[@<seed>]

such as `<oem>/vehicle_search/es:status-503@2*1;<oem>/us_dealers:html`. `times` counts answers; without it the fault
lasts. A storm strikes so many percent of all answers of all makers, each with a fault drawn from the seed and the
request: the same requests meet the same faults. This module reads the specification, chooses the faults of a request
and changes its answer; the faults that break the connection are played by `server.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from math import ceil
from typing import Any

import msgspec

from resources.failures import Cause, PlatformError
from resources.sandbox.serving.answers import CHALLENGE
from resources.sandbox.serving.replay import lists_at, records_at
from resources.sandbox.serving.routes import JSON_TYPE, Answer, Asked, Route, Target, json_answer

# these change the request before it is answered
_BEFORE = {"half": "halved", "repeat": "repeated", "silent-cap": "capped"}
# these break the connection; the server plays them
ON_THE_WIRE = ("truncated", "slow", "stall", "disconnect", "reset")
SLOW_SECONDS = 30
_STORM_KINDS = (
    "status-429",
    "status-429-bare",
    "status-500",
    "status-503",
    "reset",
    "stall",
    "truncated",
    "html",
    "wrong-json",
    "empty-200",
    "repeat",
    "moving-total",
    "silent-cap",
)

_ENTRY = re.compile(
    r"(?P<oem>[a-z0-9_]+)/(?P<endpoint>[a-z0-9_]+)(?:/(?P<market>[^:/@*]+))?"
    r":(?P<name>[a-z0-9-]+)(?:@(?P<page>\d+))?(?:\*(?P<times>\d+))?"
)
_STORM = re.compile(r"storm:(?P<percent>\d{1,2}|100)(?:@(?P<seed>\d+))?")
_STATUS = re.compile(r"status-([2-5]\d\d)(-date|-bare)?")


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


class Storm:
    """Faults that strike so many percent of all answers. A request that is sent again may be struck again."""

    def __init__(self, percent: int, seed: int) -> None:
        self._percent, self._seed = percent, seed
        self._times: Counter[bytes] = Counter()

    def of(self, route: Route, asked: Asked) -> list[str]:
        """The fault of a request, none for most."""
        about = (route.oem, route.endpoint, sorted(asked.parameters.items()), sorted(asked.query.items()), asked.body)
        key = blake2b(repr((self._seed, about, route.target(asked))).encode(), digest_size=16).digest()
        self._times[key] += 1
        drawn = blake2b(key + self._times[key].to_bytes(4, "big"), digest_size=4).digest()
        if int.from_bytes(drawn[:2], "big") % 100 >= self._percent:
            return []
        kinds = [kind for kind in _STORM_KINDS if kind.startswith("status-") or kind in known_faults(route)]
        return [kinds[int.from_bytes(drawn[2:], "big") % len(kinds)]]


class Faults:
    """The faults of a server. Raises PlatformError(CONFIGURATION) for a specification that names what is not."""

    def __init__(self, specification: str, routes: Sequence[Route]) -> None:
        entries = [entry.strip() for entry in specification.split(";") if entry.strip()]
        storms = [match for entry in entries if (match := _STORM.fullmatch(entry))]
        self._storms = [Storm(int(storm["percent"]), int(storm["seed"] or 0)) for storm in storms]
        self._faults = [_read(entry, routes) for entry in entries if not _STORM.fullmatch(entry)]
        self._struck = {(fault.oem, fault.endpoint) for fault in self._faults}

    def of(self, route: Route, asked: Asked) -> list[str]:
        """The names of the faults that strike a request, in the order of the specification."""
        stormy = [name for storm in self._storms for name in storm.of(route, asked)]
        if (route.oem, route.endpoint) not in self._struck:
            return stormy
        target = route.target(asked)
        return stormy + [
            fault.name
            for fault in self._faults
            if (fault.oem, fault.endpoint) == (route.oem, route.endpoint) and fault.strikes(target)
        ]


def answer_with(route: Route, asked: Asked, names: Sequence[str], answer: Callable[[Asked], Answer]) -> Answer:
    """The answer to a request under faults, except the faults that break the connection."""
    flags: dict[str, Any] = {_BEFORE[name]: True for name in names if name in _BEFORE}
    result = answer(replace(asked, **flags))
    for name in names:
        if name not in _BEFORE and name not in ON_THE_WIRE:
            result = _change(name, route, asked, result)
    return result


def _change(name: str, route: Route, asked: Asked, answer: Answer) -> Answer:
    status = _STATUS.fullmatch(name)
    if status:
        return _refusal(int(status[1]), status[2])
    if name in _ON_ANSWERS:
        return _ON_ANSWERS[name](answer)
    if not answer.is_good:
        return answer
    if name in _ON_TOTALS:
        return _with_total(route, answer, _ON_TOTALS[name](route.target(asked).page))
    body = msgspec.json.decode(answer.body)
    if not lists_at(body, route.records):
        return answer  # another question than for records
    if name == "empty":
        for records in lists_at(body, route.records):
            records.clear()
        return _with_total(route, replace(answer, body=msgspec.json.encode(body)), lambda total: 0)
    if name == "null-node":
        body = _nulled(body, route.records)
    else:
        _ON_RECORDS.get(name, _of_the_maker(name))(route, records_at(body, route.records))
    return replace(answer, body=msgspec.json.encode(body))


def _refusal(status: int, kind: str | None) -> Answer:
    headers = {"Content-Type": JSON_TYPE}
    if kind == "-date":
        # HTTP dates have whole seconds: two ahead, so that it is never in the past when it is read
        headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    elif status in (429, 503) and kind is None:
        headers["Retry-After"] = "1"
    return Answer(status, msgspec.json.encode({"status": status, "message": "played by the sandbox"}), headers)


_ON_ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "html": lambda answer: CHALLENGE,
    "truncated-json": lambda answer: replace(answer, body=answer.body[: len(answer.body) * 2 // 3]),
    "bom": lambda answer: replace(answer, body=b"\xef\xbb\xbf" + answer.body),
    "wrong-json": lambda answer: json_answer({"message": "Endpoint request timed out", "requestId": "played"}),
    "empty-200": lambda answer: Answer(200, b""),
    "graphql-errors": lambda answer: json_answer(
        {"data": None, "errors": [{"message": "INTERNAL_ERROR", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    ),
}

# from the page to what becomes of a total
_ON_TOTALS: dict[str, Callable[[int], Callable[[int], int]]] = {
    "shortfall": lambda page: lambda total: ceil(total * 1.1),
    "moving-total": lambda page: lambda total: total + 1 + page % 5,
}


def _with_total(route: Route, answer: Answer, change: Callable[[int], int]) -> Answer:
    """The answer with another total, in its header or its body, as text where it was text."""
    if route.total_header is not None:
        headers = {
            name: str(change(int(value))) if name.lower() == route.total_header.lower() else value
            for name, value in answer.headers.items()
        }
        return replace(answer, headers=headers)
    if route.total is None:
        return answer
    body = msgspec.json.decode(answer.body)
    parents, _, last = route.total.rpartition(".")
    for parent in records_at(body, parents):
        if isinstance(parent, dict) and parent.get(last) is not None:
            changed = change(int(parent[last]))
            parent[last] = str(changed) if isinstance(parent[last], str) else changed
    return replace(answer, body=msgspec.json.encode(body))


def _nulled(body: Any, path: str) -> Any:
    """The body with null in place of the object that holds the records, or of the records where nothing holds them."""
    keys = path.replace("[]", "").split(".")
    keys = keys[:-1] if len(keys) > 1 else keys
    for parent in records_at(body, ".".join(keys[:-1])):
        if isinstance(parent, dict) and keys[-1] in parent:
            parent[keys[-1]] = None
            return body
    return None


def _no_id(route: Route, records: list[Any]) -> None:
    *parents, last = route.identity.split(".")
    for holder in records_at(records[:1], "[]" + "".join(f".{parent}" for parent in parents)):
        holder.pop(last, None)


def _of_the_maker(name: str) -> Callable[[Route, list[Any]], None]:
    def change(route: Route, records: list[Any]) -> None:
        # a drifted schema shows in every record, an odd value in one
        for record in records if name == "drift" else records[:1]:
            route.record_faults[name](record)

    return change


_ON_RECORDS: dict[str, Callable[[Route, list[Any]], None]] = {"no-id": _no_id}


def known_faults(route: Route) -> list[str]:
    """The faults that an endpoint can show; `status-NNN` stands for any status."""
    always = ["status-NNN", "status-NNN-date", "status-NNN-bare", *_ON_ANSWERS, *ON_THE_WIRE]
    if not route.is_endpoint:
        return sorted(set(always) - {"graphql-errors"})
    has_total = route.total is not None or route.total_header is not None
    optional: Mapping[str, bool] = {
        **dict.fromkeys(("empty", "half", "no-id", "null-node"), True),
        **dict.fromkeys(_ON_TOTALS, has_total),
        "repeat": route.is_paged,
        # one answer without a size that was asked for, nor a total, may hold anything: nobody can tell
        "silent-cap": route.is_paged or has_total,
        **dict.fromkeys(route.record_faults, True),
    }
    if not route.graphql:
        always.remove("graphql-errors")
    return sorted([*always, *(name for name, offered in optional.items() if offered)])


def _read(entry: str, routes: Sequence[Route]) -> Fault:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        form = "<oem>/<endpoint>[/<market>]:<fault>[@<page>][*<times>]"
        raise _wrong(entry, f"it is not {form}, nor storm:<percent>[@<seed>]")
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
