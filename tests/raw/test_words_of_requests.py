"""The words for requests: bodies, forms, places of paging values, types, secrets, computed values, first answers."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from raw.endpoint import (
    First,
    Form,
    Get,
    GraphQL,
    InBody,
    InField,
    InHeader,
    InJsonParam,
    InQuery,
    InUrl,
    InVariable,
    Offset,
    PageIndex,
    Post,
    SinglePage,
    computed,
    secret,
)
from raw.endpoint.coverage import coverage
from raw.endpoint.requests import Request
from tests.support.words import Asked, Said, cars, endpoint, fetched

URL = "https://oem.example/search"
STOCK = cars(*range(7))


def rows_from(start: Any, size: Any) -> dict[str, Any]:
    """A page of the stock; a host of JSON takes numbers only."""
    assert isinstance(start, int), f"the start is {start!r}"
    return {"cars": STOCK[start : start + size], "total": len(STOCK)}


PLACES = [
    (Get(URL), "from", "size", lambda asked: (int(asked.query["from"]), int(asked.query["size"]))),
    (Get(URL), InHeader("x-from"), None, lambda asked: (int(asked.headers["x-from"]), 3)),
    (Get(f"{URL}/{{from}}"), InUrl("from"), InQuery("n"), lambda asked: (int(asked.path[8:]), int(asked.query["n"]))),
    (
        Get(URL, json_params={"query": {"model": "m3", "page": {"offset": 0}}}),
        InJsonParam("query", "page.offset"),
        InJsonParam("query", "count"),
        lambda asked: (json.loads(asked.query["query"])["page"]["offset"], json.loads(asked.query["query"])["count"]),
    ),
    (Post(URL), "from", InQuery("n"), lambda asked: (asked.json["from"], int(asked.query["n"]))),
    (
        Post(URL, body={"results": [{"sort": "price"}], "filters": {}}),
        InBody("results.0.from"),
        InBody("filters.page.size"),
        lambda asked: (asked.json["results"][0]["from"], asked.json["filters"]["page"]["size"]),
    ),
    (Form(URL, fields={"type": "list"}), "from", InField("n"), lambda a: (int(a.form["from"]), int(a.form["n"]))),
    (
        GraphQL(URL, "query q { a }", variables={"filter": {"paging": {"limit": 1}}}),
        "filter.paging.offset",
        InVariable("filter.paging.limit"),
        lambda a: tuple(a.json["variables"]["filter"]["paging"][name] for name in ("offset", "limit")),
    ),
]


@pytest.mark.parametrize(
    ("request_", "start", "size", "read"), PLACES, ids=[str(number) for number in range(len(PLACES))]
)
def test_a_paging_value_may_stand_in_every_place(
    tmp_path: Path, request_: Request, start: Any, size: Any, read: Any
) -> None:
    declared = endpoint(request=request_, pages=Offset(start=start, size=size, step=3, total="total"))
    day = fetched(tmp_path, declared, lambda asked: rows_from(*read(asked)))
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == len(STOCK)
    assert sorted(read(asked)[0] for asked in day.asked) == [0, 3, 6]


def test_numbers_and_constants_of_every_kind_stay_what_they_are(tmp_path: Path) -> None:
    body = {"year": "{year}", "flags": [True, None, 1.5], "text": "{year}-{model}", "nested": {"model": "{model}"}}
    declared = endpoint(request=Post(URL, body=body), markets={"es": {"year": 2026, "model": "45"}})
    day = fetched(tmp_path, declared, lambda asked: {"cars": STOCK})
    assert day.asked[0].json == {
        "year": 2026,
        "flags": [True, None, 1.5],
        "text": "2026-45",
        "nested": {"model": "45"},
    }
    assert day.asked[0].headers["Content-Type"] == "application/json"
    assert body["year"] == "{year}", "the declaration is not written to"


def test_a_list_in_a_query_is_a_parameter_for_each_entry(tmp_path: Path) -> None:
    declared = endpoint(request=Get(URL, params={"cursors[]": ["a", "b"], "flag": True}))
    day = fetched(tmp_path, declared, lambda asked: {"cars": STOCK})
    assert day.asked[0].pairs == [("cursors[]", "a"), ("cursors[]", "b"), ("flag", "true")]


def test_a_secret_may_stand_anywhere_and_is_archived_nowhere(tmp_path: Path) -> None:
    declared = endpoint(
        request=Post(
            f"{URL}/{{key}}",
            body={"auth": [{"key": secret("BODY_KEY")}], "of_market": "{key}"},
            params={"api": secret("QUERY_KEY")},
            headers={"x-key": secret("HEADER_KEY")},
        ),
        markets={"es": {"key": secret("ES_KEY")}, "gb": {"key": secret("GB_KEY")}},
    )

    def answer(asked: Asked) -> Any:
        of_market = asked.json["of_market"]
        assert asked.json["auth"] == [{"key": "sandbox-BODY_KEY"}]
        assert asked.query["api"] == "sandbox-QUERY_KEY"
        assert asked.headers["x-key"] == "sandbox-HEADER_KEY"
        assert asked.path == f"/search/{of_market}"
        return {
            "cars": cars(1) if of_market == "sandbox-ES_KEY" else cars(2),
            "echo": dict(asked.headers),
            **asked.json,
        }

    day = fetched(tmp_path, declared, answer)
    assert all(market.complete for market in day.manifest.markets.values())
    assert {asked.json["of_market"] for asked in day.asked} == {"sandbox-ES_KEY", "sandbox-GB_KEY"}
    assert "sandbox-" not in str(day.rows)
    assert "<ES_KEY>" in str(day.rows)
    assert coverage(declared, "es") != coverage(declared, "gb")


def test_a_computed_value_is_new_for_each_request_and_no_part_of_the_coverage(tmp_path: Path) -> None:
    numbers = count()
    once = computed(lambda: f"nonce-{next(numbers)}")
    declared = endpoint(request=Post(URL, body={"lead": once}, headers={"x-lead": once}))

    def answer(asked: Asked) -> Any:
        assert asked.json["lead"] == asked.headers["x-lead"]
        return Said(status=503) if asked.number == 0 else {"cars": STOCK}

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete
    assert [asked.json["lead"] for asked in day.asked] == ["nonce-0", "nonce-1"], "a nonce is not sent twice"
    assert [json.loads(row["request_body"])["lead"] for row in day.rows] == ["nonce-0", "nonce-1"]
    other = endpoint(request=Post(URL, body={"lead": computed(str)}, headers={"x-lead": computed(str)}))
    assert coverage(declared, "es") == coverage(other, "es")


def test_a_request_may_differ_by_market(tmp_path: Path) -> None:
    declared = endpoint(
        request=Get(URL),
        request_of_market={"us": GraphQL("https://us.oem.example/graph", "query q { cars }")},
        markets={"es": {}, "us": {}},
    )

    def answer(asked: Asked) -> Any:
        if asked.host == "us.oem.example":
            return {"cars": cars(1), "errors": None}
        return {"cars": cars(2), "errors": ["of no GraphQL"]}

    day = fetched(tmp_path, declared, answer)
    assert all(market.complete for market in day.manifest.markets.values()), day.manifest
    assert coverage(declared, "es") == coverage(endpoint(request=Get(URL)), "es")


TOKEN = First(
    Post("https://login.oem.example/token", body={"key": secret("LOGIN_KEY")}),
    values={"token": "auth.accessToken", "host": "host"},
    secrets=("token",),
    again_after=(401,),
)


class Login:
    """A host whose tokens are good for a number of answers."""

    def __init__(self, lasts: int) -> None:
        self.lasts, self.minted, self.left = lasts, 0, 0

    def __call__(self, asked: Asked) -> Any:
        if asked.path == "/token":
            self.minted += 1
            self.left = self.lasts
            return {"auth": {"accessToken": f"minted/{self.minted}+secret"}, "host": "eu7.oem.example"}
        assert asked.host == "eu7.oem.example"
        if asked.headers["Authorization"] != f"Bearer minted/{self.minted}+secret" or not self.left:
            return Said({"echo": asked.headers["Authorization"]}, status=401)
        self.left -= 1
        start = int(asked.query["from"])
        return {"cars": STOCK[start : start + 2], "total": 7, "echo": asked.headers["Authorization"]}


def with_token(**words: Any) -> Any:
    return endpoint(
        request=Get("https://{host}/search", headers={"Authorization": "Bearer {token}"}),
        pages=Offset(start="from", size=None, step=2, total="total"),
        first=TOKEN,
        **words,
    )


def test_a_token_is_minted_first_and_again_after_a_401_and_never_archived(tmp_path: Path) -> None:
    login = Login(lasts=3)
    day = fetched(tmp_path, with_token(), login)
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == 7
    assert login.minted <= 3
    assert [asked.path for asked in day.asked] == ["/token", *["/search"] * 4, "/token", "/search"]
    assert b"minted" not in b"".join(row["body"] for row in day.rows)
    assert "minted" not in str(day.rows)
    assert len(day.archived_as("first")) == 2
    assert day.seal.responses == len(day.rows), "what a market asks before its pages counts too"


@pytest.mark.slow
def test_many_pages_at_once_mint_one_token(tmp_path: Path) -> None:
    from raw.endpoint import PerSecond

    stock, login = cars(*range(400)), Login(lasts=60)

    def answer(asked: Asked) -> Any:
        said = login(asked)
        if isinstance(said, dict) and "cars" in said:
            start = int(asked.query["from"])
            return {"cars": stock[start : start + 2], "total": 400}
        return said

    day = fetched(tmp_path, with_token(limit=PerSecond(1000, concurrency=8)), answer)
    assert day.seal.complete, day.seal.message
    assert login.minted <= 400 / 2 / 60 + 3


def test_a_token_that_is_never_good_ends_the_market_soon(tmp_path: Path) -> None:
    login = Login(lasts=0)
    day = fetched(tmp_path, with_token(), login)
    assert day.seal.cause == "credential_rejected"
    assert login.minted <= 3


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"auth": {"access_token": "moved-elsewhere"}, "host": "h"}, "schema_drift"),
        ({"auth": {"accessToken": None}, "host": "h", "hint": "moved-elsewhere"}, "schema_drift"),
        ({"auth": {"accessToken": "moved-elsewhere"}}, "schema_drift"),
        (Said(b'{"auth": {"accessToken": "moved-elsewhere', 200), "schema_drift"),
        (Said(b'{"auth": {"accessToken": "moved-elsewhere"}, "x": NaN', 200), "schema_drift"),
        (Said({"error": "no such key"}, 403), "blocked"),
    ],
)
def test_a_first_answer_without_its_values_fails_the_market_and_betrays_no_token(
    tmp_path: Path, said: Any, cause: str
) -> None:
    day = fetched(tmp_path, with_token(), lambda asked: said)
    assert day.seal.cause == cause, day.seal.message
    assert "moved-elsewhere" not in str(day.rows) + str(day.seal)
    assert {asked.path for asked in day.asked} == {"/token"}


def test_first_answers_may_use_each_other_and_bring_a_host_a_version_and_a_key(tmp_path: Path) -> None:
    declared = endpoint(
        first=(
            First(Get("https://www.oem.example/config.json"), values={"host": "gsl.host", "version": "gsl.v"}),
            First(Get("https://{host}/key", params={"v": "{version}"}), values={"key": "key"}, secrets=("key",)),
        ),
        request=Get("https://{host}/search", params={"v": "{version}", "key": "{key}"}),
        pages=PageIndex(index="p", size=None, step=2, first=1),
    )

    def answer(asked: Asked) -> Any:
        if asked.host == "www.oem.example":
            return {"gsl": {"host": "gsl7.oem.example", "v": 17}}
        assert asked.host == "gsl7.oem.example"
        assert asked.query["v"] == "17"
        if asked.path == "/key":
            return {"key": "a-long-secret"}
        assert asked.query["key"] == "a-long-secret"
        page = int(asked.query["p"])
        return {"cars": STOCK[(page - 1) * 2 : page * 2]}

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == 7
    assert "a-long-secret" not in str(day.rows)
    assert coverage(declared, "es"), "what a first answer says is no part of the coverage"


BASES = (
    "", "gsl.oem.example", "http://gsl.oem.example", "ftp://gsl.oem.example", "https://", "https://[::1", "https://a b",
    "https://me:word@gsl.oem.example", "https://gsl.oem.example:99999", "https://gsl.oem.example?x=1", "{signature}", 7,
    "file:///etc/passwd",
)  # fmt: skip


def test_a_first_answer_that_names_no_host_is_drift_and_nothing_is_sent_there(tmp_path: Path) -> None:
    declared = endpoint(
        first=First(Get("https://www.oem.example/config.json"), values={"base": "gsl.base"}),
        request=Get("{base}/search", params={"key": secret("KEY")}),
    )
    for number, base in enumerate(BASES):
        configuration = {"gsl": {"base": base}}
        day = fetched(tmp_path / str(number), declared, lambda _: configuration)  # noqa: B023 - asked before the next
        assert (day.seal.cause, len(day.asked)) == ("schema_drift", 1), base
        assert "no address of a host at gsl.base" in str(day.seal.message), base


@pytest.mark.parametrize("token", ["short", "t" * 8193, "two\nlines", {"a": 1}, None])
def test_a_token_that_no_header_can_carry_is_drift(tmp_path: Path, token: object) -> None:
    """One of 200,000 characters was looked for in every form that it may take, for two minutes."""
    declared = endpoint(first=TOKEN, request=Get(URL, headers={"Authorization": "Bearer {token}"}))
    day = fetched(tmp_path, declared, lambda _: {"auth": {"accessToken": token}, "host": "eu7.oem.example"})
    assert (day.seal.cause, len(day.asked)) == ("schema_drift", 1)
    assert "no secret at auth.accessToken" in str(day.seal.message)


def test_a_single_page_of_a_form(tmp_path: Path) -> None:
    declared = endpoint(request=Form(URL, fields={"area": "{area}", "q": "año ñ"}), markets={"es": {"area": 1}})
    day = fetched(tmp_path, declared, lambda asked: {"cars": STOCK})
    assert day.asked[0].form == {"area": "1", "q": "año ñ"}
    assert day.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert isinstance(declared.pages, SinglePage)


def test_a_rejected_credential_is_named_wherever_the_market_has_it(tmp_path: Path) -> None:
    declared = endpoint(
        request=Get(URL, headers={"x-key": "{key}"}),
        request_of_market={"gb": Get(URL, headers={"x-key": secret("GB_KEY")})},
        markets={"es": {"key": secret("ES_KEY")}, "gb": {}, "de": {"key": "none"}},
    )
    day = fetched(tmp_path, declared, lambda asked: Said({}, status=401))
    seals = day.manifest.markets
    assert {market: seal.cause for market, seal in seals.items()} == {
        "es": "credential_rejected",
        "gb": "credential_rejected",
        "de": "blocked",
    }
    assert "ES_KEY" in str(seals["es"].message)
    assert "GB_KEY" in str(seals["gb"].message)
