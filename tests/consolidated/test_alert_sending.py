"""What is kept of a night's alerts beside the lake, what goes out again, and what an alert reads at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from consolidated.night.alerts import sending
from consolidated.night.alerts.channels import Channel
from consolidated.night.alerts.messages import Links, Message, Night, State, Told
from consolidated.night.alerts.sending import FILE, Waiting, alert, deliver, read_state
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from resources.shown.code import VARIABLE as CODE_URL

NIGHT = date(2026, 11, 3)
STATE = State(
    NIGHT,
    date(2026, 11, 2),
    {
        "audi": Told(NIGHT, {("NOT WHOLE", "audi es inventory", "blocked"): date(2026, 11, 1)}),
        "bmw": Told(date(2026, 11, 2), {}),
    },
)


class Way(Channel):
    """A channel that takes this many messages and refuses the next one with words that hold its address."""

    def __init__(self, name: str, takes: int = 1000) -> None:
        self.name, self.left = name, takes
        self.taken: list[str] = []

    def send(self, message: Message) -> None:
        if not self.left:
            raise ConnectionError("https://hooks.example/secret does not answer")
        self.left -= 1
        self.taken.append(message.subject)


def messages(*subjects: str) -> list[Message]:
    return [Message(subject, f"text of {subject}") for subject in subjects]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path.as_uri())


def test_what_was_told_is_read_as_it_was_kept(lake: Lake) -> None:
    assert read_state(lake) == (State(), {}), "a lake whose nights told nothing yet"
    for state in (STATE, State(), State(NIGHT)):
        deliver(lake, [], [], state, {})
        assert read_state(lake) == (state, {})


def test_every_channel_has_every_message_once_and_in_order(lake: Lake) -> None:
    one, other = Way("one"), Way("other")
    deliver(lake, [one, other], messages("c", "d"), STATE, {"one": messages("a", "b"), "off": messages("x")})
    assert (one.taken, other.taken) == (["a", "b", "c", "d"], ["c", "d"])
    assert read_state(lake) == (STATE, {}), "what waits for a channel that is no longer set waits no longer"


def test_a_channel_that_fails_keeps_what_it_did_not_take_and_stops_no_other(lake: Lake) -> None:
    first, second, whole = Way("first", takes=1), Way("second", takes=0), Way("whole")
    with pytest.raises(PlatformError) as failure:
        deliver(lake, [first, second, whole], messages("a", "b", "c"), STATE, {})
    assert failure.value.cause is Cause.CONNECTION
    assert str(failure.value) == (
        f"connection: alerts were not taken by first (ConnectionError), second (ConnectionError); they are kept in"
        f" {lake.uri}/alerts/state.json. Check the channel's settings (docs/alerts.md), then run `make alerts`, which"
        " sends what is kept."
    )
    assert (first.taken, whole.taken) == (["a"], ["a", "b", "c"])
    kept, waiting = read_state(lake)
    assert kept == STATE, "what was told is not told again, though it still waits"
    assert waiting == {"first": messages("b", "c"), "second": messages("a", "b", "c")}
    again = Way("first")
    deliver(lake, [again], [], kept, waiting)
    assert again.taken == ["b", "c"]


def test_a_channel_that_is_down_for_long_loses_the_oldest_messages_alone(lake: Lake) -> None:
    down = Way("down", takes=0)
    waiting: Waiting = {}
    for number in range(60):
        with pytest.raises(PlatformError):
            deliver(lake, [down], messages(f"{number}"), STATE, waiting)
        _, waiting = read_state(lake)
    subjects = [one.subject for one in waiting["down"]]
    assert subjects == [f"{number}" for number in range(60 - len(subjects), 60)]
    assert len(subjects) < 60


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"makers": {}}', b'{"makers": {"audi": {"on": "yesterday", "since": []}}, "waiting": {}}'],
)
def test_a_state_that_cannot_be_read_is_named_with_the_way_out(lake: Lake, content: bytes) -> None:
    lake.write_atomic(FILE, content)
    with pytest.raises(PlatformError) as refused:
        read_state(lake)
    assert refused.value.cause is Cause.LAKE_DAMAGED
    assert f"{lake.uri}/alerts/state.json cannot be read: " in str(refused.value)
    assert "Remove it: what stands is then told again." in str(refused.value)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What an alert read and with which addresses it wrote; its one channel takes all, and has one message a night."""
    seen: dict[str, Any] = {"way": Way("mail"), "read": 0}

    def read_night(*_: object) -> Night:
        seen["read"] += 1
        return Night(NIGHT, {})

    def messages_of(night: Night, before: State, links: Links) -> tuple[list[Message], State]:
        seen.update(before=before, links=links)
        return messages("news"), STATE

    monkeypatch.setattr(sending, "channels_from", lambda _: [seen["way"]] if seen["way"] else [])
    monkeypatch.setattr("consolidated.night.alerts.facts.read_night", read_night)
    monkeypatch.setattr(sending, "messages_of", messages_of)
    for name in ("DAGSTER_UI_URL", CODE_URL):
        monkeypatch.delenv(name, raising=False)
    return seen


def an_alert(lake: Lake) -> list[Message]:
    return alert(lake, None, None, NIGHT, ["audi"])  # type: ignore[arg-type]


def test_without_a_channel_nothing_is_read_or_kept(lake: Lake, told: dict[str, Any]) -> None:
    told["way"] = None
    assert an_alert(lake) == []
    assert (told["read"], lake.filesystem.exists(lake.storage_path(FILE))) == (0, False)


def test_an_alert_goes_out_and_the_next_one_knows_what_was_told(lake: Lake, told: dict[str, Any]) -> None:
    assert an_alert(lake) == messages("news")
    assert told["before"] == State()
    assert told["way"].taken == ["news"]
    an_alert(lake)
    assert told["before"] == STATE


def test_what_waited_goes_out_with_the_next_alert(lake: Lake, told: dict[str, Any]) -> None:
    deliver(lake, [], [], State(), {})
    with pytest.raises(PlatformError):
        deliver(lake, [Way("mail", takes=0)], messages("late"), State(), {})
    an_alert(lake)
    assert told["way"].taken == ["late", "news"]


@pytest.mark.parametrize(("ui", "runs"), [("", ""), ("https://ui.example/", "https://ui.example/runs")])
def test_messages_link_to_the_ui_and_the_code_where_their_addresses_are_set(
    ui: str, runs: str, lake: Lake, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    an_alert(lake)
    assert told["links"] == Links("", "")
    monkeypatch.setenv("DAGSTER_UI_URL", ui)
    monkeypatch.setenv(CODE_URL, "https://code.example/")
    an_alert(lake)
    assert told["links"] == Links(runs, "https://code.example")
