"""What of each attempt is sent, judged, kept and said: a session and an archive of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from raw.archive.responses import ArchivedResponse
from raw.endpoint.requests import RenderedRequest
from raw.fetch.conversation import Conversation, Position
from raw.fetch.judging import Judgement
from resources.apis.http import Attempt, Request, Response
from resources.failures import Cause

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
MB = 1024 * 1024


def response(body: bytes = b"{}", status: int | None = 200, cause: Cause | None = None) -> Response:
    return Response(status, {"x-said": "the s3cret-token"}, body, AT, cause, "not the s3cret-token")


class Held:
    """A conversation in which the host gives these responses, and what came of it."""

    def __init__(self, *responses: Response, kind: Any = "page", learns: Callable[[Response], bool] | None = None):
        self.sent: list[Request] = []
        self.causes: list[Cause | None] = []
        self.kept: list[ArchivedResponse] = []
        self.judged: list[Response] = []
        self.folder = "raw/oem/search/2026-11-20/attempt"
        self._responses = responses
        place: Any = self

        def prepare(value_of: Callable[[str], str], _: dict[int, str]) -> RenderedRequest:
            return RenderedRequest("GET", f"https://oem.example/?key={value_of('OEM_KEY')}", (), None)

        def judge(one: Response) -> Judgement:
            self.judged.append(one)
            return Judgement(kind, one.status, one.cause, "refused")

        conversation = Conversation(place, place, {"OEM_KEY": "s3cret-token"})
        self.judgement = asyncio.run(conversation.ask(prepare, Position("es", "cars", 3), judge, learns))

    async def attempts(self, request: Callable[[], Request]) -> AsyncIterator[Attempt]:
        for number, one in enumerate(self._responses, 1):
            self.sent.append(request())
            attempt = Attempt(number, one, one.cause)
            yield attempt
            self.causes.append(attempt.cause)

    def write(self, kept: ArchivedResponse) -> None:
        self.kept.append(kept)


def test_every_attempt_is_kept_and_its_judgement_decides_whether_another_follows() -> None:
    held = Held(response(b"", 503, Cause.SERVER_ERROR), response(b"[]"))
    assert [(one.attempt_number, one.status, one.cause, one.body) for one in held.kept] == [
        (1, 503, "server_error", b""), (2, 200, None, b"[]"),
    ]  # fmt: skip
    assert {(one.market, one.slice, one.page, one.kind) for one in held.kept} == {("es", "cars", 3, "page")}
    assert held.causes == [Cause.SERVER_ERROR, None]
    assert held.judgement.status == 200


def test_a_credential_goes_out_and_is_neither_kept_nor_judged_nor_said() -> None:
    held = Held(response(b'{"echo": "s3cret-token"}'))
    assert [one.url for one in held.sent] == ["https://oem.example/?key=s3cret-token"]
    assert "s3cret-token" not in f"{held.kept} {held.judged}"
    assert held.kept[0].url == "https://oem.example/?key=<OEM_KEY>"
    assert held.kept[0].body == b'{"echo": "<OEM_KEY>"}'


@pytest.mark.parametrize(("cause", "kept"), [(None, MB + 9), (Cause.TIMEOUT, MB + 9), (Cause.TOO_LARGE, MB)])
def test_only_a_body_that_is_too_large_is_cut_to_its_beginning(cause: Cause | None, kept: int) -> None:
    assert len(Held(response(b"x" * (MB + 9), cause=cause)).kept[0].body) == kept


def test_a_refusal_says_where_its_response_lies() -> None:
    held = Held(response(b"{}", 403), kind="refused")
    place = "archived in raw/oem/search/2026-11-20/attempt, page 3 of cars, attempt 1"
    assert held.judgement.detail == f"refused (JSON, 2 bytes; {place})"
    assert Held(response(b"", 403), kind="refused").judgement.detail == f"refused (no body; {place})"
    assert Held(response()).judgement.detail == "refused", "what is no refusal is not said to lie anywhere"


@pytest.mark.parametrize(
    ("status", "is_known", "kept"),
    [
        (200, True, b"{}"),
        (200, False, b"<2 bytes that may hold a secret>"),
        (299, False, b"<2 bytes that may hold a secret>"),
        (None, False, b"<2 bytes that may hold a secret>"),
        (300, False, b"{}"),
        (199, False, b"{}"),
    ],
)
def test_a_good_answer_in_which_the_secrets_were_not_found_is_not_kept(
    status: int | None, is_known: bool, kept: bytes
) -> None:
    assert Held(response(status=status), learns=lambda _: is_known).kept[0].body == kept
