"""What a market asks before its pages: tokens that are minted, and hosts, versions and keys that an answer names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raw.endpoint import First, Get, Offset, PageIndex, Post, secret
from raw.endpoint.coverage import coverage
from tests.support.words import Asked, Said, cars, endpoint, fetched

URL = "https://oem.example/search"
STOCK = cars(*range(7))
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
