"""When a message goes out, and its words: the cases that a fortnight of nights does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from consolidated.night.alerts.messages import ALL_MAKERS, Links, Night, Served, State, messages_of, unfinished
from consolidated.night.attention import Matter
from resources.failures import Cause

FIRST, SECOND, THIRD = (date(2026, 11, number) for number in (1, 2, 3))
LINKS = Links()


def matter(place: str = "audi es", cause: Cause | None = Cause.BLOCKED, kind: str = "NOT WHOLE") -> Matter:
    return Matter(kind, "audi", place, f"{place} is broken", cause, "See docs/failures.md#it")


def night(day: date, *matters: Matter, **more: object) -> Night:
    return Night(day, {"audi": "run-1"}, matters, **more)  # type: ignore[arg-type]


def subjects(*nights: Night) -> list[list[str]]:
    state, found = State(), []
    for one in nights:
        messages, state = messages_of(one, state, LINKS)
        found.append([message.subject.removeprefix("[oem-stock] ") for message in messages])
    return found


def test_what_stands_is_told_once_and_a_place_that_comes_to_it_tells_all_again() -> None:
    one, other = matter("audi es"), matter("audi it", cause=None, kind="FAILED")
    assert subjects(night(FIRST, one), night(SECOND, one), night(THIRD, one, other)) == [
        ["audi needs a person: blocked, since 2026-11-01"],
        [],
        ["audi needs a person: blocked, failed, since 2026-11-01"],
    ]
    assert subjects(night(FIRST, one, other), night(SECOND, one), night(THIRD)) == [
        ["audi needs a person: blocked, failed, since 2026-11-01"],
        [],
        ["audi has recovered"],
    ]


def test_causes_that_mend_themselves_are_one_and_another_cause_is_news() -> None:
    nights = [
        night(day, matter(cause=cause))
        for day, cause in ((FIRST, Cause.TIMEOUT), (SECOND, Cause.SERVER_ERROR), (THIRD, Cause.CREDENTIAL_REJECTED))
    ]
    assert subjects(*nights) == [
        ["audi needs a person: timeout, since 2026-11-01"],
        [],
        ["audi needs a person: credential_rejected, since 2026-11-03"],
    ]


def test_what_stood_when_the_night_ran_again_is_known_to_the_night_after_it() -> None:
    one, other = matter("audi es"), matter("audi it")
    told = subjects(night(FIRST, one), night(FIRST, one, other), night(SECOND, one), night(THIRD, one, other))
    assert told == [
        ["audi needs a person: blocked, since 2026-11-01"],
        [],
        [],
        ["audi needs a person: blocked, since 2026-11-01"],
    ]


def test_days_without_a_night_are_told_once_until_one_runs() -> None:
    silent = Night(SECOND, {}, last_day=FIRST)
    assert subjects(night(FIRST), silent, replace(silent, day=THIRD), night(THIRD)) == [
        [], ["no night ran on 2026-11-02"], [], ["nights run again"],
    ]  # fmt: skip
    assert subjects(silent, replace(silent, is_running=True), night(SECOND), night(SECOND)) == [
        ["no night ran on 2026-11-02"], [], ["nights run again"], [],
    ]  # fmt: skip


def test_a_night_of_which_a_part_has_ended_is_told_while_another_still_runs() -> None:
    assert subjects(night(FIRST, matter(), is_running=True)) == [["audi needs a person: blocked, since 2026-11-01"]]


def test_no_night_is_silent_before_its_last_one_is_known() -> None:
    (first,), _ = messages_of(Night(FIRST, {}), State(), LINKS)
    assert first.text.startswith("No run of a night has begun for 2026-11-01; there was never one.\n\nStill served:")
    assert first.text.endswith("then start the job `nightly` for the partition 2026-11-01.\n")


def test_an_old_night_that_is_run_again_says_nothing_and_is_not_kept() -> None:
    _, state = messages_of(night(SECOND, matter()), State(), LINKS)
    assert messages_of(night(FIRST), state, LINKS) == ([], state)
    assert messages_of(Night(FIRST, {}), state, LINKS) == ([], state)


def text_of(one: Night, links: Links = LINKS) -> str:
    (message,), _ = messages_of(one, State(), links)
    return message.text


def test_as_many_matters_as_fit_are_told_and_the_others_are_counted() -> None:
    matters = [matter(f"place {number}") for number in range(12)]
    whole, more = text_of(night(FIRST, *matters[:10])), text_of(night(FIRST, *matters))
    assert whole.count("is broken") == more.count("is broken") == 10
    assert "more:" not in whole
    assert "And 2 more: `make report DATE=2026-11-01`.\n" in more


def test_without_addresses_a_run_and_the_runbook_are_named_plainly() -> None:
    assert text_of(night(FIRST, matter())) == (
        "Night of 2026-11-01, audi.\n\nNOT WHOLE audi es, since 2026-11-01\naudi es is broken\n"
        "What to do: See docs/failures.md#it\n\nStill served: this night, all of it.\nRun: run-1\n"
    )
    linked = text_of(night(FIRST, matter()), Links("https://ui.example/runs", "https://code.example"))
    assert "What to do: See https://code.example/docs/failures.md#it\n" in linked
    assert linked.endswith("Run: https://ui.example/runs/run-1\n")


def test_markets_are_told_by_the_day_that_they_serve_the_oldest_first() -> None:
    behind = (
        Served("audi", "it", "inventory", SECOND, 1200),
        Served("audi", "es", "inventory", SECOND, None),
        Served("audi", "es", "dealers", FIRST, 7),
        Served("audi", "pt", "inventory", None, None),
        Served("bmw", "de", "inventory", FIRST, 5),
    )
    told = text_of(night(THIRD, matter(), served=behind))
    assert (
        "Still served: nothing yet of vehicles in pt; the state of 2026-11-01 of dealers in es (7); the state of"
        " 2026-11-02 of vehicles in es, it (1,200).\n"
    ) in told
    all_of_them = unfinished(ALL_MAKERS, "run-1", "FAILURE")
    (message,), _ = messages_of(Night(THIRD, {ALL_MAKERS: "run-1"}, (all_of_them,), behind), State(), LINKS)
    assert message.subject == "[oem-stock] all makers need a person: not run, since 2026-11-03"
    assert "the state of 2026-11-01 of vehicles in de (5)" in message.text
    assert "the night's run ended as FAILURE before anything of it was fetched" in message.text


def test_a_recovery_names_every_place_that_stood_and_since_when() -> None:
    later = FIRST + timedelta(days=1)
    _, state = messages_of(night(FIRST, matter("audi it"), matter("audi es")), State(), LINKS)
    (message,), _ = messages_of(night(later), state, LINKS)
    assert message.text == (
        "Night of 2026-11-02, audi.\n\nNothing needs a person any more. It stood since 2026-11-01: audi es, audi it.\n"
        "\nRun: run-1\n"
    )
