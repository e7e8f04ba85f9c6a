"""The sandbox's parts over real HTTP: which keys, tokens and versions a host asks for, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from resources.sandbox import parts
from resources.sandbox.parts import InBody, InHeader, InQuery, World, refusal
from tests.support.parts_maker import DAY, GONE, HOST, playing


def test_a_key_may_stand_anywhere_and_the_real_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, good, bad in (
        (InHeader("X-Api-Key"), {"headers": {"x-api-key": "sandbox-A_KEY"}}, {"headers": {"x-api-key": "real"}}),
        (InQuery("key"), {"path": "/cars?key=sandbox-A_KEY"}, {"path": "/cars"}),
        (InBody("auth.key"), {"body": {"auth": {"key": "sandbox-A_KEY"}}}, {"body": {"auth": {"key": ["sandbox"]}}}),
    ):
        method = "POST" if isinstance(place, InBody) else "GET"
        with playing(monkeypatch, method=method, checks=[parts.Key(place, "A_KEY", refusal(403))]) as maker:
            assert maker.ask(**good).status == 200
            assert maker.ask(**bad).status == 403


def test_a_token_is_minted_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = parts.Tokens(World(DAY), lasts=2)
    mint = parts.Extra(oem="parts", host=HOST, path="/token", method="POST", answer=lambda asked: {"t": tokens.mint()})
    checks = [tokens.check(InHeader("Authorization"), refusal(401), prefix="Bearer ")]
    with playing(monkeypatch, mint.route(), checks=checks) as maker:
        assert maker.ask().status == 401
        for _ in range(2):
            token = maker.ask("/token", body={}).json()["t"]
            assert maker.ask(headers={"Authorization": token}).status == 401
            statuses = [maker.ask(headers={"Authorization": f"Bearer {token}"}).status for _ in range(3)]
            assert statuses == [200, 200, 401]


def telling(version: str) -> Callable[[parts.Asked], Any]:
    return lambda asked: {"v": version}


def test_a_version_is_told_by_a_first_answer_and_changes_with_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for day in (DAY, DAY + timedelta(days=1)):
        world = World(day)
        version = parts.of_the_day(world, "version")
        config = parts.Extra(oem="parts", host=HOST, path="/config", answer=telling(version))
        checks = [parts.Fixed(InQuery("v"), version, refusal(400))]
        with playing(monkeypatch, config.route(), day=day, checks=checks) as maker:
            told = maker.ask("/config").json()["v"]
            assert maker.ask(f"/cars?v={told}").status == 200
            assert maker.ask(f"/cars?v={told}0").status == 400
            versions.append(told)
    assert versions[0] != versions[1]


def test_a_nonce_is_good_once_and_a_computed_header_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        parts.Once(InHeader("x-nonce"), refusal(409)),
        parts.Accepts(InHeader("x-nonce"), lambda text: str(text).endswith(":ok"), refusal(403)),
        parts.Present(InHeader("origin"), refusal(400)),
    ]
    with playing(monkeypatch, checks=checks) as maker:
        sent = {"x-nonce": "1:ok", "origin": "https://a.example"}
        assert [maker.ask(headers=sent).status for _ in range(2)] == [200, 409]
        assert maker.ask(headers={**sent, "x-nonce": "2:no"}).status == 403
        assert maker.ask(headers={"x-nonce": "3:ok"}).status == 400
        assert maker.ask().status == 409


def test_a_market_is_chosen_and_another_refused_as_the_host_does(monkeypatch: pytest.MonkeyPatch) -> None:
    market = parts.Choice(
        InQuery("market"), {"us": "us", "none": ""}, unknown=refusal(200, {"data": [], "errors": ["?"]})
    )
    with playing(monkeypatch, market=market) as maker:
        assert set(maker.cars("/cars?market=us")) == set(maker.vins)
        assert maker.cars("/cars?market=none") == []
        for path in ("/cars?market=US", "/cars"):
            reply = maker.ask(path)
            assert (reply.status, reply.json()) == (200, {"data": [], "errors": ["?"]})


@pytest.mark.parametrize(
    "empty",
    [GONE, refusal(200, {"data": []}), refusal(202, b"", {"x-amzn-waf-action": "challenge"}), parts.CHALLENGE],
)
def test_nothing_found_is_said_in_the_hosts_own_way(monkeypatch: pytest.MonkeyPatch, empty: parts.Answer) -> None:
    narrowing = [parts.Filter(InQuery("series"), "model.series")]
    with playing(monkeypatch, narrowing=narrowing, empty=empty) as maker:
        assert maker.ask("/cars?series=a").status == 200
        reply = maker.ask("/cars?series=x")
        assert (reply.status, reply.body) == (empty.status, empty.body)
        assert set(empty.headers.values()) <= set(reply.headers.values())


def test_success_may_be_201(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(monkeypatch, method="POST", status=201) as maker:
        reply = maker.ask(body={})
        assert reply.status == 201
        assert [car["vin"] for car in reply.json()["cars"]] == maker.vins
        assert maker.ask().status == 405
