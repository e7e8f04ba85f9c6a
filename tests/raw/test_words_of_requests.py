"""The words for requests: bodies, forms, places of paging values, types, secrets, computed values."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from raw.endpoint import (
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
    Post,
    SinglePage,
    computed,
    secret,
)
from raw.endpoint.coverage import coverage
from raw.endpoint.requests import Request, put, render
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


@pytest.mark.parametrize(
    ("value", "path", "changed"),
    [
        ({}, "a", {"a": 9}),
        ({"a": 1, "b": 2}, "a", {"a": 9, "b": 2}),
        ({}, "a.b.c", {"a": {"b": {"c": 9}}}),
        ({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", {"a": [{"b": 1}, {"b": 9}]}),
        ([1, 2], "0", [9, 2]),
        ([1, 2], "1", [1, 9]),
    ],
)
def test_a_value_is_put_where_its_path_leads(value: Any, path: str, changed: Any) -> None:
    put(value, path, 9)
    assert value == changed


@pytest.mark.parametrize(
    ("value", "path", "said"),
    [
        ({"a": 1}, "a.b.c", "a.b.c leads through a value that is no object, at b"),
        ({"a": 1}, "a.b", "a.b leads through a value that is no object, at b"),
        ([1, 2], "2", "2 leads to a place that the list has not"),
        ([1, 2], "-1", "-1 leads to a place that the list has not"),
        ({"a": []}, "a.0.b", "a.0.b leads to a place that the list has not"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(value: Any, path: str, said: str) -> None:
    with pytest.raises(KeyError, match=said):
        put(value, path, 9)


def test_a_json_parameter_is_sent_as_a_browser_sends_it() -> None:
    """Without white space, and a letter as itself: a host that compares texts finds no escape."""
    request = render(Get(URL, json_params={"query": {"city": "Zürich", "page": [1, 2]}}), {})
    assert unquote(request.url) == f'{URL}?query={{"city":"Zürich","page":[1,2]}}'
