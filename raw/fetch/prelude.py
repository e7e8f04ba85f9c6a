"""What a market asks before its pages: first answers, whose values fill its requests, and the values of its slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from raw.endpoint.declaration import Endpoint, market_parameters, slices_of
from raw.endpoint.requests import RenderedRequest, Request, Secret, render
from raw.endpoint.slicing import Listed
from raw.fetch.conversation import Conversation, Position
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement, judge_first, judge_listed
from raw.fetch.signs import value_in
from raw.fetch.slices import name_of
from resources.apis.http import Response
from resources.failures import Cause

_MOST_RENEWALS = 20  # of a token within one attempt at a market


class PreludeError(Exception):
    """A request before the pages was refused. what: of which request."""

    def __init__(self, judgement: Judgement, what: str) -> None:
        super().__init__(judgement.detail)
        self.cause = judgement.cause or Cause.BAD_REQUEST
        self.detail = judgement.detail
        self.what = what


class Prelude:
    """Of one attempt at a market. values: what the first answers gave, a `Secret` for each secret value."""

    def __init__(self, endpoint: Endpoint, market: str, evidence: Evidence) -> None:
        self._endpoint = endpoint
        self._market = market
        self._evidence = evidence
        self._renewals = 0
        self.values: dict[str, Any] = {}

    def may_ask_again(self, status: int | None) -> bool:
        """Whether an answer of this status means that the first answers are used up."""
        return status is not None and any(status in first.again_after for first in self._endpoint.firsts)

    async def ask_first(self, conversation: Conversation) -> None:
        """Ask for the first answers. Raises PreludeError."""
        for number, first in enumerate(self._endpoint.firsts):
            if self._renewals > _MOST_RENEWALS:
                detail = "a new token is refused again and again"
                raise PreludeError(Judgement("refused", None, Cause.CREDENTIAL_REJECTED, detail), "first")
            learned: dict[str, str] = {}
            shown = {name: path for name, path in first.values.items() if name not in first.secrets}
            hidden = {name: path for name, path in first.values.items() if name in first.secrets}
            judgement = await self._ask(
                conversation,
                first.request,
                Position(self._market, f"first {number}"),
                partial(judge_first, first.request, shown),
                partial(self._learn, conversation, hidden, learned),
            )
            if judgement.cause is None and (missing := [path for name, path in hidden.items() if name not in learned]):
                detail = f"nothing at {', '.join(missing)}"
                judgement = Judgement("refused", judgement.status, Cause.SCHEMA_DRIFT, detail)
            if judgement.cause is not None:
                raise PreludeError(judgement, "first")
            self.values |= {**judgement.first, **{name: Secret(variable) for name, variable in learned.items()}}
        self._renewals += 1

    async def slices(self, conversation: Conversation) -> list[dict[str, Any]]:
        """The parameter sets of the market's slices. Raises PreludeError."""
        found: dict[str, tuple[str, ...]] = {}
        counts: dict[str, dict[str, int]] = {}
        for name, values in self._endpoint.slices_in(self._market).items():
            if not isinstance(values, Listed):
                continue
            judgement = await self._ask(
                conversation,
                values.request,
                Position(self._market, f"list of {name}"),
                partial(judge_listed, values.request, values.values, values.count),
            )
            if judgement.cause is not None:
                raise PreludeError(judgement, f"list of {name}")
            listed = [(value, count) for value, count in judgement.listed if value not in values.ignore]
            found[name] = tuple(dict.fromkeys(value for value, _ in listed))
            counts[name] = {value: count for value, count in listed if count is not None}
        slices = slices_of(self._endpoint, self._market, found)
        if len(self._endpoint.slices_in(self._market)) == 1 and counts:
            ((name, of_value),) = counts.items()
            for parameters in slices:
                if parameters[name] in of_value:
                    self._evidence.expect(name_of(parameters), of_value[parameters[name]])
        return slices

    async def _ask(
        self,
        conversation: Conversation,
        request: Request,
        position: Position,
        judge: Callable[[Response], Judgement],
        learns: Callable[[Response], None] | None = None,
    ) -> Judgement:
        filled_in = {**market_parameters(self._endpoint, self._market), **self.values}

        def prepare(reveal: Callable[[str], str], once: dict[int, str]) -> RenderedRequest:
            return render(request, filled_in, reveal=reveal, once=once)

        return await conversation.ask(prepare, position, judge, learns)

    def _learn(
        self, conversation: Conversation, paths: Mapping[str, str], learned: dict[str, str], response: Response
    ) -> None:
        """Take the secret values of an answer for credentials, before anything of the answer is kept."""
        for name, path in paths.items():
            value = value_in(response.body, path)
            if isinstance(value, (str, int)) and str(value).isascii() and str(value).isprintable():
                learned[name] = f"{self._market} {name}"
                conversation.learn(learned[name], str(value))
