"""What a market asks before its pages: first answers and lists of slices, and what becomes of their values."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from raw.endpoint import Budget, First, Get, Listed
from raw.endpoint.declaration import Endpoint
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement
from raw.fetch.prelude import Prelude, PreludeError
from raw.fetch.spending import Spending
from resources.failures import Cause
from tests.support.conversed import Answered, Conversed
from tests.support.words import endpoint

URL = "https://oem.example/"
LOGIN = "https://login.oem.example/"
LONG_ENOUGH = "12345678"


def prelude_of(declared: Endpoint) -> Prelude:
    evidence = Evidence(declared, "es")
    return Prelude(declared, "es", evidence, Spending(declared.budget, evidence))


def first(declared: Endpoint, answer: Any) -> tuple[Prelude, Conversed]:
    """The first answers of an endpoint, asked for. answer: JSON, an `Answered`, or a function of the position."""
    prelude = prelude_of(declared)
    spoken = Conversed(answer if callable(answer) else lambda _: answer)
    conversation: Any = spoken
    asyncio.run(prelude.ask_first(conversation))
    return prelude, spoken


def token(**words: Any) -> Endpoint:
    usual: dict[str, Any] = {"values": {"token": "auth.token", "key": "key"}, "secrets": ("token",)}
    request = Get(URL, params={"key": "{key}"}, headers={"Authorization": "Bearer {token}"})
    return endpoint(request=request, first=First(Get(LOGIN), **{**usual, **words}))


def test_a_secret_value_is_learned_by_name_and_the_others_are_plain() -> None:
    prelude, spoken = first(token(), {"auth": {"token": LONG_ENOUGH}, "key": 7})
    assert spoken.learned == {"es token": LONG_ENOUGH}
    assert (prelude.values["key"], prelude.values["token"].variable) == ("7", "es token")
    assert prelude.generation == 1


@pytest.mark.parametrize(
    "value", ["1234567", "é2345678", "1234\n5678", "x" * 8193, None, {}, [LONG_ENOUGH], 1234567, ""]
)
def test_what_no_header_can_carry_or_is_too_short_to_be_told_apart_is_no_secret(value: Any) -> None:
    with pytest.raises(PreludeError) as refused:
        first(token(), {"auth": {"token": value}, "key": "k"})
    assert (refused.value.cause, refused.value.detail) == (Cause.SCHEMA_DRIFT, "no secret at auth.token")
    assert (refused.value.what, refused.value.status) == ("first 0", 200)


@pytest.mark.parametrize(
    ("said", "knew"),
    [({"auth": {"token": LONG_ENOUGH}}, True), ({"auth": {"token": "short"}}, False), (Answered(b"<html>"), False)],
)
def test_a_body_is_kept_only_where_its_secrets_are_known(said: Any, knew: bool) -> None:
    spoken: Any = Conversed(lambda _: said)
    with contextlib.suppress(PreludeError):
        asyncio.run(prelude_of(token()).ask_first(spoken))
    assert spoken.knew_secrets == [knew]


@pytest.mark.parametrize("value", ["x" * 8192, 12345678])
def test_a_long_secret_and_a_number_are_secrets(value: Any) -> None:
    _, spoken = first(token(), {"auth": {"token": value}, "key": "k"})
    assert spoken.learned == {"es token": str(value)}


@pytest.mark.parametrize(
    ("answer", "cause", "detail"),
    [
        (Answered(b"", 403), Cause.BLOCKED, "status 403"),
        (Answered(b"<html>", 200), Cause.SCHEMA_DRIFT, "nothing at key"),
        ({"auth": {"token": LONG_ENOUGH}}, Cause.SCHEMA_DRIFT, "nothing at key"),
    ],
)
def test_a_first_answer_that_is_no_good_is_refused(answer: Any, cause: Cause, detail: str) -> None:
    with pytest.raises(PreludeError) as refused:
        first(token(), answer)
    assert (refused.value.cause, refused.value.detail, str(refused.value)) == (cause, detail, detail)


def test_a_first_answer_names_a_host_and_nothing_else_where_a_host_stands() -> None:
    declared = endpoint(
        request=Get("https://{host}/search"),
        first=(First(Get(LOGIN), values={"host": "a.host"}), First(Get("https://{host}/key"), values={})),
    )
    prelude, spoken = first(declared, {"a": {"host": "eu7.oem.example"}})
    assert (prelude.values, prelude.generation) == ({"host": "eu7.oem.example"}, 1)
    assert [one.url for one in spoken.requests] == [LOGIN, "https://eu7.oem.example/key"]
    with pytest.raises(PreludeError) as refused:
        first(declared, {"a": {"host": "no host?"}})
    assert refused.value.detail == "no address of a host at a.host"
    assert refused.value.cause is Cause.SCHEMA_DRIFT


@pytest.mark.parametrize(("generation", "asks"), [(0, 0), (1, 1)])
def test_pages_that_were_asked_for_with_the_same_token_renew_it_once(generation: int, asks: int) -> None:
    prelude, _ = first(token(), {"auth": {"token": LONG_ENOUGH}, "key": 7})
    conversation: Any = Conversed(lambda _: {"auth": {"token": "another-token"}, "key": 8})

    async def both() -> None:
        await asyncio.gather(*(prelude.renew(conversation, generation) for _ in range(2)))

    asyncio.run(both())
    assert (len(conversation.asked), prelude.generation) == (asks, 1 + asks)


@pytest.mark.parametrize(
    ("status", "cause", "used_up"),
    [(401, Cause.BLOCKED, True), (403, Cause.BLOCKED, False), (None, Cause.TIMEOUT, False), (401, None, False)],
)
def test_a_token_is_used_up_by_a_refusal_of_a_declared_status(
    status: int | None, cause: Cause | None, used_up: bool
) -> None:
    judgement = Judgement("refused" if cause else "end", status, cause)
    assert prelude_of(token(again_after=(401, 419))).is_used_up(judgement) is used_up
    assert not prelude_of(endpoint()).is_used_up(judgement)


def test_a_budget_counts_what_is_asked_before_the_pages() -> None:
    declared = token()
    spent = Budget(requests=1)
    with pytest.raises(PreludeError) as refused:
        first(endpoint(request=declared.request, first=(declared.firsts[0],) * 2, budget=spent),
              {"auth": {"token": LONG_ENOUGH}, "key": 7})  # fmt: skip
    assert (refused.value.cause, refused.value.what) == (Cause.BUDGET_SPENT, "first 1")


def sliced(declared: Endpoint, answer: Any) -> tuple[list[dict[str, Any]], Prelude, Conversed]:
    prelude = prelude_of(declared)
    spoken = Conversed(answer if callable(answer) else lambda _: answer)
    conversation: Any = spoken
    return asyncio.run(prelude.slices(conversation)), prelude, spoken


BY_MODEL = Get(URL, params={"model": "{model}"})
LIST = Listed(Get(URL + "models"), "models[].code")
MODELS = {"models": [{"code": "a", "count": 3}, {"code": "b"}]}


def test_without_slices_a_market_is_asked_for_once() -> None:
    found, _, spoken = sliced(endpoint(), {})
    assert (found, spoken.asked) == ([{}], [])


def test_slices_are_the_product_of_their_values() -> None:
    found, _, spoken = sliced(endpoint(slices={"lot": ("new", "used"), "year": ("1", "2")}), {})
    assert [tuple(one.values()) for one in found] == [("new", "1"), ("new", "2"), ("used", "1"), ("used", "2")]
    assert spoken.asked == []


def test_listed_values_come_after_the_known_ones_and_without_those_that_are_left_out() -> None:
    listed = Listed(LIST.request, LIST.values, known=("z", "b"), ignore=frozenset({"a"}))
    found, prelude, spoken = sliced(endpoint(request=BY_MODEL, slices={"model": listed}), MODELS)
    assert found == [{"model": "z"}, {"model": "b"}]
    assert (spoken.asked, prelude.unserved_lists) == ([("list of model", 0)], [])


def test_a_list_is_asked_for_once_for_each_value_that_its_request_holds() -> None:
    of_brand = Listed(Get(URL + "models", params={"brand": "{brand}"}), LIST.values)
    slices = {"brand": ("x", "y"), "year": ("1", "2"), "model": of_brand}
    found, _, spoken = sliced(endpoint(slices=slices), MODELS)
    assert len(found) == 8
    assert [name for name, _ in spoken.asked] == ["list of model of brand=x", "list of model of brand=y"]
    assert [one.url for one in spoken.requests] == [f"{URL}models?brand=x", f"{URL}models?brand=y"]


def test_a_count_of_a_list_is_what_its_slice_has_to_hold() -> None:
    listed = Listed(LIST.request, LIST.values, count="count")
    _, prelude, _ = sliced(endpoint(request=BY_MODEL, slices={"model": listed}, minimum_expected=0), MODELS)
    why = (Cause.SHORTFALL, "0 records of model=a, 3 by the list that names it")
    assert prelude._evidence.incompleteness() == why


@pytest.mark.parametrize("status", [400, 404, 422])
def test_known_values_stand_in_for_a_list_that_a_host_does_not_serve(status: int) -> None:
    listed = Listed(LIST.request, LIST.values, known=("z",))
    found, prelude, _ = sliced(endpoint(request=BY_MODEL, slices={"model": listed}), Answered(b"", status))
    assert found == [{"model": "z"}]
    told = f"es: the list of model is not served: bad_request: status {status}"
    assert prelude.unserved_lists == [told]


@pytest.mark.parametrize(
    ("known", "answer", "cause"),
    [
        ((), Answered(b"", 404), Cause.BAD_REQUEST),
        (("z",), Answered(b"", 403), Cause.BLOCKED),
        (("z",), Answered(b"", None, cause=Cause.TIMEOUT), Cause.TIMEOUT),
        (("z",), {"models": []}, Cause.SCHEMA_DRIFT),
    ],
)
def test_a_list_that_is_refused_otherwise_fails_its_market(known: Any, answer: Any, cause: Cause) -> None:
    listed = Listed(LIST.request, LIST.values, known=known)
    with pytest.raises(PreludeError) as refused:
        sliced(endpoint(request=BY_MODEL, slices={"model": listed}), answer)
    assert (refused.value.cause, refused.value.what) == (cause, "list of model")
