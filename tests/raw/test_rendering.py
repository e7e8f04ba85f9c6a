"""One page's request as it goes out: templates, paging values, credentials, computed values and encodings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from raw.endpoint import Form, Get, GraphQL, InHeader, InJsonParam, InQuery, InUrl, Post, computed, secret
from raw.endpoint.requests import placeholders, render, secrets_of

URL = "https://oem.example/"


def body_of(request: Any, parameters: dict[str, Any] | None = None, paging: Any = None, **words: Any) -> Any:
    return json.loads(render(request, parameters or {}, paging, **words).body or b"null")


@pytest.mark.parametrize(
    ("template", "value", "sent"),
    [
        ("{a}", 7, 7),
        ("{a}", None, None),
        ("{a}", ["x", 1], ["x", 1]),
        ("{a}", {"b": "{c}"}, {"b": "filled"}),
        ("{a}", "{c}", "{c}"),
        ("n {a}", 7, "n 7"),
        ("{a}{a}", 7, "77"),
        ("n {a}", True, "n true"),
        ("n {a}", False, "n false"),
        ("n {a}", None, "n "),
        ("n {a}", "{c}", "n {c}"),
        ("{{a}}", 7, "{a}"),
        (7, 0, 7),
        (True, 0, True),
        (["{a}", "x{a}"], 7, [7, "x7"]),
        (("{a}",), 7, [7]),
        ({"deep": {"{a}": "{a}"}}, 7, {"deep": {"{a}": 7}}),
    ],
)
def test_a_template_that_is_nothing_but_a_name_stays_what_the_parameter_is(
    template: Any, value: Any, sent: Any
) -> None:
    assert body_of(Post(URL, body={"v": template}), {"a": value, "c": "filled"}) == {"v": sent}


def test_a_template_in_brackets_that_is_no_name_is_a_text() -> None:
    assert body_of(Post(URL, body={"v": "{a:>3}"}), {"a": "7"}) == {"v": "  7"}


@pytest.mark.parametrize(
    "request_", [Get(URL + "{no}"), Post(URL, body={"v": "{no}"}), Get(URL, headers={"h": "x{no}"})]
)
def test_a_parameter_that_is_missing_is_named(request_: Any) -> None:
    with pytest.raises(KeyError, match="'no'"):
        render(request_, {})


def test_what_is_sent_shares_nothing_with_the_declaration() -> None:
    declared: dict[str, Any] = {"a": {"list": [1, 2]}}
    assert body_of(Post(URL, body=declared), paging={"a.list.0": 9, "a.new.deep": 1}) == {
        "a": {"list": [9, 2], "new": {"deep": 1}}
    }
    assert declared == {"a": {"list": [1, 2]}}


@pytest.mark.parametrize(
    ("request_", "paging", "method", "url"),
    [
        (Get(URL), {}, "GET", URL),
        (Get(URL, params={"q": "a b", "n": None, "t": True}), {}, "GET", f"{URL}?q=a%20b&n=&t=true"),
        (Get(URL, params={"c": "a:b,c/d&e"}), {}, "GET", f"{URL}?c=a:b,c/d%26e"),
        (Get(URL, params={"l": [1, "x"]}), {}, "GET", f"{URL}?l=1&l=x"),
        (Get(URL, params={"l": []}), {}, "GET", f"{URL}?"),
        (Get(URL, params={"p": 0}), {"p": 3}, "GET", f"{URL}?p=3"),
        (Get(URL + "{p}"), {InUrl("p"): 3}, "GET", f"{URL}3"),
        (Post(URL, params={"a": 1}), {InQuery("p"): 3}, "POST", f"{URL}?a=1&p=3"),
        (Form(URL, params={"a": 1}), {InQuery("p"): 3}, "POST", f"{URL}?a=1&p=3"),
        (GraphQL(URL, "query"), {"p": 3}, "POST", URL),
    ],
)
def test_the_address_of_a_request(request_: Any, paging: Any, method: str, url: str) -> None:
    found = render(request_, {}, paging)
    assert (found.method, found.url) == (method, url)


def test_a_json_parameter_is_compact_and_holds_its_paging_value() -> None:
    request = Get(URL, json_params={"q": {"f": "{f}"}})
    paging: Any = {InJsonParam("q", "page.from"): 3, InJsonParam("new", "a"): 1}
    url = render(request, {"f": "ö"}, paging).url
    assert url == f"{URL}?q=%7B%22f%22:%22%C3%B6%22,%22page%22:%7B%22from%22:3%7D%7D&new=%7B%22a%22:1%7D"


def test_a_form_is_encoded_as_one() -> None:
    found = render(Form(URL, fields={"q": "a b", "l": [1, True]}), {}, {"from": 3, "q": "c&d"})
    assert found.body == b"q=c%26d&l=1&l=true&from=3"
    assert found.headers == (("Content-Type", "application/x-www-form-urlencoded"),)


def test_a_query_of_graphql_is_no_template_and_its_variables_are() -> None:
    found = body_of(GraphQL(URL, "{ cars { id } }", {"a": "{a}"}), {"a": 7}, {"page.number": 2})
    assert found == {"query": "{ cars { id } }", "variables": {"a": 7, "page": {"number": 2}}}


def test_a_paging_value_beside_the_body_is_not_in_it() -> None:
    paging: Any = {InHeader("x-page"): 3, InQuery("page"): 3}
    for request in (Post(URL), GraphQL(URL, "query"), Form(URL)):
        assert b"3" not in (render(request, {}, paging).body or b"")


def test_a_body_is_written_in_its_own_letters() -> None:
    assert render(Post(URL, body={"a": "ö"}), {}).body == '{"a": "ö"}'.encode()


@pytest.mark.parametrize("own", ["content-type", "Content-Type", None])
def test_a_declared_content_type_goes_before_the_usual_one(own: str | None) -> None:
    headers: dict[str, Any] = {"X-One": True, **({own: "text/plain"} if own else {})}
    found = render(Post(URL, headers=headers), {}, {InHeader("X-Page"): 3}).headers
    usual = () if own else (("Content-Type", "application/json"),)
    assert found == (*usual, ("X-One", "true"), *(((own, "text/plain"),) if own else ()), ("X-Page", "3"))
    assert render(Get(URL), {}).headers == ()
    assert render(Get(URL), {}).body is None


def test_a_credential_is_revealed_where_it_goes_out_and_named_where_it_is_kept() -> None:
    request = Post(URL, body={"k": secret("KEY"), "p": "{p}", "t": "x{p}"}, headers={"Authorization": "Bearer {p}"})
    parameters = {"p": secret("OTHER")}
    assert body_of(request, parameters) == {"k": "<KEY>", "p": "<OTHER>", "t": "x<OTHER>"}
    assert body_of(request, parameters, reveal=str.lower) == {"k": "key", "p": "other", "t": "xother"}
    assert render(request, parameters).headers[1] == ("Authorization", "Bearer <OTHER>")
    assert secrets_of(request, parameters) == ["KEY", "OTHER"]
    assert secrets_of(request, {"unused": secret("THIRD")}) == secrets_of(request) == ["KEY"]


def test_a_computed_value_is_the_same_in_what_goes_out_and_what_is_kept() -> None:
    numbers = iter("123")
    nonce = computed(lambda: next(numbers))
    request = Get(URL, params={"a": nonce, "b": nonce})
    once: dict[int, str] = {}
    assert render(request, {}, once=once).url == render(request, {}, once=once).url == f"{URL}?a=1&b=1"
    assert render(request, {}).url == f"{URL}?a=2&b=2"


@pytest.mark.parametrize(
    "request_",
    [
        Get(URL + "{a}", {"q": "{b}{c}"}, {"h": "{d}"}, {"j": {"k": ["{e}"]}}),
        Post(URL + "{a}", {"q": ["{b}", {"x": "{c}"}]}, {"p": "{d}"}, {"h": "{e}"}),
        Form(URL + "{a}", {"q": "{b}"}, {"p": "{c}{d}"}, {"h": "{e}"}),
        GraphQL(URL + "{a}", "{no}", {"q": ("{b}", "{c}")}, {"h": "{d}{e}"}),
    ],
)
def test_the_names_that_fill_a_request_stand_anywhere_in_it(request_: Any) -> None:
    assert placeholders(request_) == {"a", "b", "c", "d", "e"}


def test_a_bracket_that_is_written_twice_names_nothing() -> None:
    assert placeholders(Get(URL, params={"q": "{{a}}", "n": 7})) == set()
