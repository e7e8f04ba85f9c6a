"""From the facts of a night to the messages that a person wants. Pure.

Belongs here: what is told, when, and in which words. Does not belong here: reading the facts (`facts.py`), and the
ways by which a message goes out (`channels.py`).

A maker's matter is told once, with the night since which it stands. It is told again only when something is added:
another place, or a cause for which a person does something else. When none is left, a word says so. A night of one
maker says nothing of the others, and a night that is older than the last one says nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from consolidated.night.attention import Matter
from consolidated.night.runs import NIGHTLY, maker_job
from resources.failures import POLICIES

PREFIX = "[oem-stock]"
ALL_MAKERS = "all makers"
MATTERS_AT_MOST = 10
"""Of one message; the morning report has all of them."""
Key = tuple[str, str, str]
"""Kind, place and cause of a matter. Causes that mend themselves when asked again are one: they alternate."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the tables serve of a market that does not count on the night. table: inventory or dealers. day: its last
    accepted day, None where it has none. vehicles: vehicles or dealers of that day."""

    oem: str
    market: str
    table: str
    day: date | None
    vehicles: int | None


@dataclass(frozen=True, slots=True)
class Night:
    """A night's facts. ran: maker -> the last run that ended of those in which it had a part. last_day: the last night
    before this one of which anything is known. is_running: whether a run of the night still goes on."""

    day: date
    ran: Mapping[str, str]
    matters: tuple[Matter, ...] = ()
    served: tuple[Served, ...] = ()
    last_day: date | None = None
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """subject: a line. text: plain text."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a maker. on: the night of the last message that asked for a person. since: the matters that
    stand, each with its first night."""

    on: date
    since: Mapping[Key, date]


@dataclass(frozen=True, slots=True)
class State:
    """What was told so far. day: the last night that was looked at. silent_since: the first day without a night."""

    day: date | None = None
    silent_since: date | None = None
    makers: Mapping[str, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that stand before a run's id and before a path of the checkout; empty where there is none."""

    runs: str = ""
    code: str = ""

    def run(self, run_id: str) -> str:
        return f"{self.runs}/{run_id}" if self.runs else run_id

    def advice(self, text: str) -> str:
        return text.replace("docs/failures.md", f"{self.code}/docs/failures.md") if self.code else text


def messages_of(night: Night, before: State, links: Links) -> tuple[list[Message], State]:
    """The messages of a night, a maker's in the order of makers, and what was told then."""
    if before.day is not None and night.day < before.day:
        return [], before
    if not night.ran and night.is_running:
        return [], before
    if not night.ran:
        if before.silent_since is not None:
            return [], replace(before, day=night.day)
        return [_silence(night)], replace(before, day=night.day, silent_since=night.day)
    found = []
    if before.silent_since is not None:
        text = f"The night of {night.day} ran. There was none since {before.silent_since}."
        found.append(Message(f"{PREFIX} nights run again", f"{text}\n"))
    makers = dict(before.makers)
    for oem in sorted(night.ran):
        matters = [matter for matter in night.matters if matter.oem == oem]
        message, told = _of_maker(oem, matters, night, makers.pop(oem, None), links)
        if message:
            found.append(message)
        if told:
            makers[oem] = told
    return found, State(night.day, None, makers)


def _of_maker(
    oem: str, matters: list[Matter], night: Night, before: Told | None, links: Links
) -> tuple[Message | None, Told | None]:
    known: Mapping[Key, date] = before.since if before else {}
    since = {_key(matter): known.get(_key(matter), night.day) for matter in matters}
    if not since:
        return (_recovery(oem, night, before, links) if before else None), None
    if since.keys() <= known.keys():
        return None, Told(before.on if before else night.day, since)
    if before and before.on == night.day:  # run again in the same night: what is new is told in the next one
        return None, Told(before.on, {key: day for key, day in since.items() if key in known})
    return _trouble(oem, matters, since, night, links), Told(night.day, since)


def _key(matter: Matter) -> Key:
    cause = matter.cause.value if matter.cause else ""
    if matter.cause and POLICIES[matter.cause].retry:
        cause = "transient"
    return matter.kind, matter.place, cause


def _trouble(oem: str, matters: list[Matter], since: Mapping[Key, date], night: Night, links: Links) -> Message:
    causes = ", ".join(dict.fromkeys(_cause(matter) for matter in matters))
    lines = [f"Night of {night.day}, {oem}.", ""]
    for matter in matters[:MATTERS_AT_MOST]:
        lines += [f"{matter.kind} {matter.place}, since {since[_key(matter)]}", matter.words]
        lines += [f"What to do: {links.advice(matter.advice)}", ""]
    if len(matters) > MATTERS_AT_MOST:
        lines += [f"And {len(matters) - MATTERS_AT_MOST} more: `make report DATE={night.day}`.", ""]
    lines += [f"Still served: {_served(oem, night.served)}.", f"Run: {links.run(night.ran[oem])}"]
    verb = "need" if oem == ALL_MAKERS else "needs"
    subject = f"{PREFIX} {oem} {verb} a person: {causes}, since {min(since.values())}"
    return Message(subject, "\n".join(lines) + "\n")


def _cause(matter: Matter) -> str:
    return matter.cause.value if matter.cause else matter.kind.lower()


def _served(oem: str, served: Iterable[Served]) -> str:
    """The markets by the day whose state they serve, the oldest first."""
    by_day: dict[tuple[str, str], list[str]] = {}
    for one in served:
        if oem in (one.oem, ALL_MAKERS):
            vehicles = "" if one.vehicles is None else f" ({one.vehicles:,})"
            day = f"the state of {one.day}" if one.day else "nothing yet"
            what = "vehicles" if one.table == "inventory" else one.table
            by_day.setdefault((day, what), []).append(f"{one.market}{vehicles}")
    told = [f"{day} of {what} in {', '.join(sorted(markets))}" for (day, what), markets in sorted(by_day.items())]
    return "; ".join(told) or "this night, all of it"


def _recovery(oem: str, night: Night, before: Told, links: Links) -> Message:
    if before.since:
        places = ", ".join(sorted({place for _, place, _ in before.since}))
        stood = f"It stood since {min(before.since.values())}: {places}."
    else:  # mended when the night of the message ran again
        stood = f"What was told of the night of {before.on} is mended."
    text = f"Night of {night.day}, {oem}.\n\nNothing needs a person any more. {stood}\n"
    return Message(f"{PREFIX} {oem} has recovered", f"{text}\nRun: {links.run(night.ran[oem])}\n")


def _silence(night: Night) -> Message:
    last = f"the last one was of {night.last_day}" if night.last_day else "there was never one"
    return Message(
        f"{PREFIX} no night ran on {night.day}",
        f"No run of a night has begun for {night.day}; {last}.\n\n"
        "Still served: the last good state of every market. What was not fetched today cannot be fetched tomorrow: "
        "makers serve only the present.\n"
        "What to do: see whether Dagster's daemon runs and the schedule `nightly` is on, then start the job "
        f"`nightly` for the partition {night.day}.\n",
    )


def unfinished(oem: str, run_id: str, status: str) -> Matter:
    """The matter of a maker, or of all of them, whose night ended before anything of it was merged or failed."""
    job = NIGHTLY if oem == ALL_MAKERS else maker_job(oem)
    words = f"the night's run ended as {status} before anything of it was fetched. The last good state stays served"
    return Matter("NOT RUN", oem, oem, words, None, f"Look at the run, then start the job `{job}` again.", run_id)
