"""Alerts: a fortnight of nights with three faults gives exactly the messages that a person wants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl
import pytest

from consolidated.night.alerts.facts import read_night, served
from consolidated.night.alerts.messages import Links, Message, Night, Served, State, messages_of
from consolidated.night.attention import matters
from consolidated.night.failures import Failure
from consolidated.night.runs import runs_of_night
from resources.failures import Cause, PlatformError
from tests.support.consolidated_support import MemoryHistory
from tests.support.typed_days import day_number, stock

FIRST = date(2026, 11, 1)
MAKERS = ("audi", "bmw", "ford")
LINKS = Links("https://dagster.example/runs", "https://code.example")


def night_of(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def row(oem: str, market: str, **values: Any) -> dict[str, Any]:
    return {
        "oem": oem, "market": market, "table": "inventory", "endpoint": "stock", "complete": True, "accepted": True,
        "cause": None, "message": None, "decision": None, "decision_reason": None, **values,
    }  # fmt: skip


def broken(oem: str, market: str, cause: Cause) -> dict[str, Any]:
    message = str(PlatformError(cause, "what the host did", oem, market, "stock"))
    return row(oem, market, complete=False, accepted=False, cause=cause.value, message=message)


def fortnight() -> list[Night]:
    """Audi's Spain is broken on nights 3 to 6, by causes that alternate; BMW's credential expires on night 5, and its
    mapping breaks on night 7 too, until all is mended for night 9; no night runs on nights 10 and 11; Ford's stock
    drops on night 12 and is a new level on night 14."""
    nights = []
    for number in range(1, 15):
        if number in (10, 11):
            nights.append(Night(night_of(number), {}, last_day=night_of(9)))
            continue
        rows, failures, behind = [row(oem, "de") for oem in MAKERS], [], []
        if 3 <= number <= 6:
            cause = Cause.TIMEOUT if number % 2 else Cause.SERVER_ERROR
            rows.append(broken("audi", "es", cause))
            behind.append(Served("audi", "es", "inventory", night_of(2), 1234))
        if 5 <= number <= 8:
            error = PlatformError(Cause.CREDENTIAL_REJECTED, "status 401", "bmw", endpoint="dealers")
            failures.append(Failure("bmw/raw/dealers", None, (error.cause,), str(error), f"bmw-{number}"))
            behind.append(Served("bmw", "de", "dealers", night_of(4), 99))
        if 7 <= number <= 8:
            words = f"contract_broken: price_amount, {number * 10} of 100"
            failures.append(Failure("bmw/transformed/stock", "contract", (Cause.CONTRACT_BROKEN,), words, "x"))
        if 12 <= number <= 13:
            reason = f"volume_drop: {number} vehicles, under 60 % of 100"
            rows[-1] |= {"accepted": False, "decision_reason": reason}
            behind.append(Served("ford", "de", "inventory", night_of(9), 100))
        ran = dict.fromkeys(MAKERS, f"run-{number}")
        last = night_of(number - 1)
        nights.append(Night(night_of(number), ran, tuple(matters(rows, failures)), tuple(behind), last))
    return nights


def told(nights: Iterable[Night]) -> dict[int, list[Message]]:
    """Night's number -> its messages, where it has any. A night that is looked at again tells nothing."""
    state = State()
    found = {}
    for night in nights:
        messages, state = messages_of(night, state, LINKS)
        assert messages_of(night, state, LINKS) == ([], state)
        if messages:
            found[(night.day - FIRST).days + 1] = messages
    return found


def test_a_fortnight_with_three_faults_gives_exactly_these_messages() -> None:
    subjects = {number: [one.subject for one in messages] for number, messages in told(fortnight()).items()}
    assert subjects == {
        3: ["[oem-stock] audi needs a person: timeout, since 2026-11-03"],
        5: ["[oem-stock] bmw needs a person: credential_rejected, since 2026-11-05"],
        7: [
            "[oem-stock] audi has recovered",
            "[oem-stock] bmw needs a person: credential_rejected, contract_broken, since 2026-11-05",
        ],
        9: ["[oem-stock] bmw has recovered"],
        10: ["[oem-stock] no night ran on 2026-11-10"],
        12: ["[oem-stock] nights run again", "[oem-stock] ford needs a person: volume_drop, since 2026-11-12"],
        14: ["[oem-stock] ford has recovered"],
    }


def test_a_message_says_what_why_since_when_what_is_served_and_what_to_do() -> None:
    messages = told(fortnight())
    assert messages[7][1].text == (
        "Night of 2026-11-07, bmw.\n"
        "\n"
        "FAILED bmw/raw/dealers, since 2026-11-05\n"
        "bmw dealers: credential_rejected: status 401. The credential is wrong or has expired; renew the named"
        " variable.\n"
        "What to do: https://code.example/docs/failures.md#credential_rejected\n"
        "\n"
        "FAILED bmw/transformed/stock contract, since 2026-11-07\n"
        "contract_broken: price_amount, 70 of 100\n"
        "What to do: Look at the quarantine: rule, archive address, value."
        " https://code.example/docs/failures.md#contract_broken\n"
        "\n"
        "Still served: the state of 2026-11-04 of dealers in de (99).\n"
        "Run: https://dagster.example/runs/run-7\n"
    )
    assert messages[3][0].text.endswith(
        "Still served: the state of 2026-11-02 of vehicles in es (1,234).\nRun: https://dagster.example/runs/run-3\n"
    )
    assert messages[7][0].text == (
        "Night of 2026-11-07, audi.\n\nNothing needs a person any more. It stood since 2026-11-03: audi es inventory.\n"
        "\nRun: https://dagster.example/runs/run-7\n"
    )
    assert "the last one was of 2026-11-09" in messages[10][0].text
    assert "There was none since 2026-11-10." in messages[12][0].text


def test_a_night_of_one_maker_says_nothing_of_the_others() -> None:
    _, state = messages_of(fortnight()[4], State(), LINKS)
    alone = Night(night_of(6), {"bmw": "run"}, (), ())
    messages, state = messages_of(alone, state, LINKS)
    assert [one.subject for one in messages] == ["[oem-stock] bmw has recovered"]
    assert set(state.makers) == {"audi"}
    assert messages_of(fortnight()[0], state, LINKS) == ([], state), "an old day that is run again"


def test_what_is_new_when_a_night_runs_again_is_told_with_the_next_one() -> None:
    first, again, after = (
        Night(day, {"audi": "run"}, tuple(matters([broken("audi", market, Cause.BLOCKED) for market in markets], [])))
        for day, markets in ((night_of(1), ["es"]), (night_of(1), ["es", "it"]), (night_of(2), ["es", "it"]))
    )
    messages, state = messages_of(first, State(), LINKS)
    assert len(messages) == 1
    messages, state = messages_of(again, state, LINKS)
    assert messages == []
    (message,), _ = messages_of(after, state, LINKS)
    assert "since 2026-11-01" in message.subject
    assert "NOT WHOLE audi it inventory, since 2026-11-02" in message.text


def test_what_was_told_has_its_word_of_recovery_also_when_something_else_stood_for_it_meanwhile() -> None:
    told_of, again, after = (
        Night(day, {"audi": "run"}, tuple(matters([broken("audi", market, Cause.BLOCKED) for market in markets], [])))
        for day, markets in ((night_of(1), ["es"]), (night_of(1), ["it"]), (night_of(2), []))
    )
    _, state = messages_of(told_of, State(), LINKS)
    messages, state = messages_of(again, state, LINKS)
    assert messages == []
    (message,), state = messages_of(after, state, LINKS)
    assert message.subject == "[oem-stock] audi has recovered"
    assert "What was told of the night of 2026-11-01 is mended." in message.text
    assert messages_of(replace(after, day=night_of(3)), state, LINKS)[0] == []


def test_a_night_that_still_runs_is_no_silence_and_a_maker_with_many_matters_has_one_message() -> None:
    assert messages_of(Night(night_of(1), {}, is_running=True), State(), LINKS) == ([], State())
    many = matters([broken("audi", f"m{number}", Cause.BLOCKED) for number in range(35)], [])
    (message,), _ = messages_of(Night(night_of(1), {"audi": "run"}, tuple(many)), State(), LINKS)
    assert "And 25 more: `make report DATE=2026-11-01`." in message.text
    assert "Still served: this night, all of it." in message.text


def test_what_is_served_is_the_last_accepted_day() -> None:
    days = [night_of(number) for number in (1, 2, 3)]
    accepted = {"es": [True, True, False], "de": [True, True, True], "it": [False, False, False]}
    runs = pl.DataFrame(
        [
            {"oem": "audi", "market": market, "table": "inventory", "date": day, "accepted": good, "vehicles": day.day}
            for market, of_market in accepted.items()
            for day, good in zip(days, of_market, strict=True)
        ]
    )
    assert served(runs, days[-1]) == [
        Served("audi", "es", "inventory", days[1], 2),
        Served("audi", "it", "inventory", None, None),
    ]


@dg.op
def step() -> None:
    pass


@dg.op
def failing() -> None:
    raise ValueError


def job_run(instance: dg.DagsterInstance, job: str, day: date, op: dg.OpDefinition = step) -> str:
    made = dg.GraphDefinition(name=job, node_defs=[op]).to_job()
    tags = {"dagster/partition": day.isoformat()}
    return made.execute_in_process(instance=instance, tags=tags, raise_on_error=False).run_id


def subjects_of(found: Night) -> list[str]:
    return [message.subject for message in messages_of(found, State(), LINKS)[0]]


@pytest.mark.slow
def test_the_facts_come_from_the_tables_and_from_the_instance() -> None:
    kept = MemoryHistory()
    makers = [kept.oem, "other"]
    days = [day_number(number) for number in range(4)]
    for day in days[:2]:
        kept.day(day, stock(day))
    kept.day(days[2], stock(days[2]), complete=False, cause="blocked", message="maker search es: blocked: no")
    with dg.DagsterInstance.ephemeral() as instance:

        def night(day: date) -> Night:
            return read_night(kept.store, instance, day, makers)

        silent = night(days[3])
        assert (silent.ran, silent.last_day) == ({}, days[2])
        assert subjects_of(silent) == [f"[oem-stock] no night ran on {days[3]}"]
        run_id = job_run(instance, "nightly", days[2])
        found = night(days[2])
        assert dict(found.ran) == dict.fromkeys(makers, run_id)
        assert found.served == (Served(kept.oem, "es", "inventory", days[1], 30),)
        # the other maker's night left nothing at all: its run ended before its turn
        assert subjects_of(found) == [
            f"[oem-stock] maker needs a person: blocked, since {days[2]}",
            f"[oem-stock] other needs a person: not run, since {days[2]}",
        ]
        job_run(instance, "nightly", days[3], failing)
        assert subjects_of(night(days[3])) == [f"[oem-stock] all makers need a person: not run, since {days[3]}"]
        job_run(instance, "maintenance", days[3] + timedelta(days=1))
        assert not runs_of_night(instance, days[3] + timedelta(days=1), makers).ran
