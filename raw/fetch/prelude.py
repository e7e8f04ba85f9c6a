"""What a market asks before its pages: first answers, whose values fill its requests, and the values of its slices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from raw.archive.json_fields import value_at
from raw.endpoint.declaration import Endpoint, before_splits, following_from, market_parameters
from raw.endpoint.hosts import parameters_without_host
from raw.endpoint.requests import RenderedRequest, Request, Secret, placeholders, render
from raw.endpoint.slicing import First, Listed
from raw.fetch.conversation import Conversation, Position
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement, judge_first, judge_listed
from raw.fetch.signs import decoded
from raw.fetch.slices import name_of
from raw.fetch.spending import Spending
from resources.apis.http import Response
from resources.failures import Cause

# characters; shorter ones would be taken out of bodies in which they mean something else, and no server takes longer
# ones in a header: to look for one of 200,000 in every form took two minutes
_SHORTEST_SECRET, _LONGEST_SECRET = 8, 8192
# of an answer that says that there is no such list, and not that the host is busy or wants no visitors
_NOT_SERVED = (400, 404, 422)


class PreludeError(Exception):
    """A request before the pages was refused. what: of which request."""

    def __init__(self, judgement: Judgement, what: str) -> None:
        super().__init__(judgement.detail)
        self.cause = judgement.cause or Cause.BAD_REQUEST
        self.status = judgement.status
        self.detail = judgement.detail
        self.what = what


class Prelude:
    """Of one attempt at a market. values: what the first answers gave, a `Secret` for each secret value. generation:
    how often they were asked for. unserved_lists: the lists of slices that the host does not serve, in words."""

    def __init__(self, endpoint: Endpoint, market: str, evidence: Evidence, spending: Spending) -> None:
        self._endpoint = endpoint
        self._market = market
        self._evidence = evidence
        self._spending = spending
        self._renewal = asyncio.Lock()
        self.generation = 0
        self.values: dict[str, Any] = {}
        self.unserved_lists: list[str] = []

    def is_used_up(self, judgement: Judgement) -> bool:
        """Whether a refusal means that the first answers have to be asked for again."""
        statuses = {status for first in self._endpoint.firsts for status in first.again_after}
        return judgement.cause is not None and judgement.status in statuses

    async def renew(self, conversation: Conversation, generation: int) -> None:
        """Ask for the first answers again, once for all pages that were asked for with them. Raises PreludeError."""
        async with self._renewal:
            if self.generation == generation:
                await self.ask_first(conversation)

    async def ask_first(self, conversation: Conversation) -> None:
        """Ask for the first answers. Raises PreludeError."""
        for number, first in enumerate(self._endpoint.firsts):
            await self._ask_one(conversation, first, Position(self._market, f"first {number}"))
        self.generation += 1

    async def _ask_one(self, conversation: Conversation, first: First, position: Position) -> None:
        shown = {name: path for name, path in first.values.items() if name not in first.secrets}
        hidden = {name: path for name, path in first.values.items() if name in first.secrets}
        learned: dict[str, str] = {}

        def learn(response: Response) -> bool:
            body = decoded(response.body) if hidden else None
            for name, path in hidden.items():
                value = value_at(body, path.split("."))
                if _is_secret(value):
                    learned[name] = f"{self._market} {name}"
                    conversation.learn(learned[name], str(value))
            return learned.keys() == hidden.keys()

        def judge(response: Response) -> Judgement:
            judgement = judge_first(first.request, shown, response)
            if judgement.cause is not None:
                return judgement
            missing = [path for name, path in hidden.items() if name not in learned]
            wrong = parameters_without_host(self._endpoint, first, {**self.values, **judgement.first})
            if not (missing or wrong):
                return judgement
            hosts = [first.values[name] for name in wrong]
            detail = f"no secret at {', '.join(missing)}" if missing else f"no address of a host at {', '.join(hosts)}"
            return Judgement("refused", judgement.status, Cause.SCHEMA_DRIFT, detail)

        judgement = await self._ask(conversation, first.request, position, judge, learn)
        self.values |= {**judgement.first, **{name: Secret(variable) for name, variable in learned.items()}}

    async def slices(self, conversation: Conversation) -> list[dict[str, Any]]:
        """The parameter sets of the market's slices. Raises PreludeError."""
        found: list[dict[str, Any]] = [before_splits(self._endpoint)]
        counts: dict[str, int | None] = {}
        for name, values in self._endpoint.slices_in(self._market).items():
            if not isinstance(values, Listed):
                found = [{**one, name: value} for one in found for value in values]
                continue
            finer: list[dict[str, Any]] = []
            lists: dict[str, dict[str, int | None]] = {}
            for one in found:
                following = following_from(self._endpoint, one)
                asked = {key: following[key] for key in sorted(placeholders(values.request)) if key in following}
                if name_of(asked) not in lists:
                    lists[name_of(asked)] = await self._list(conversation, name, values, asked)
                for value, count in lists[name_of(asked)].items():
                    finer.append({**one, name: value})
                    counts[name_of(finer[-1])] = count
            found = finer
        for parameters in found:
            if (count := counts.get(name_of(parameters))) is not None:
                self._evidence.expect(name_of(parameters), count)
        return found

    async def _list(
        self, conversation: Conversation, name: str, values: Listed, asked: Mapping[str, Any]
    ) -> dict[str, int | None]:
        """The known values of a slice, then those that an answer lists, with their counts. asked: what of the slices
        before it fills the request."""
        what = f"list of {name}{' of ' if asked else ''}{name_of(asked)}"
        judge = partial(judge_listed, values.request, values.values, values.count)
        try:
            judgement = await self._ask(conversation, values.request, Position(self._market, what), judge, asked=asked)
        except PreludeError as refused:
            if not values.known or refused.status not in _NOT_SERVED:
                raise
            # a slice that only the list named, and that held records, is missed by the comparison with the day before
            why = f"{refused.cause.value}: {refused.detail}"
            self.unserved_lists.append(f"{self._market}: the {what} is not served: {why}")
            return dict.fromkeys(values.known)
        listed = {value: count for value, count in judgement.listed if value not in values.ignore}
        return {**dict.fromkeys(values.known), **listed}

    async def _ask(
        self,
        conversation: Conversation,
        request: Request,
        position: Position,
        judge: Callable[[Response], Judgement],
        learns: Callable[[Response], bool] | None = None,
        asked: Mapping[str, Any] = MappingProxyType({}),
    ) -> Judgement:
        """The judgement of an answer that is good. Raises PreludeError."""
        filled_in = {**market_parameters(self._endpoint, self._market), **self.values, **asked}

        def prepare(reveal: Callable[[str], str], once: dict[int, str]) -> RenderedRequest:
            return render(request, filled_in, reveal=reveal, once=once)

        def counted(response: Response) -> Judgement:
            return self._spending.counted(judge(response), response)

        judgement = self._spending.refusal() or await conversation.ask(prepare, position, counted, learns)
        if judgement.cause is not None:
            raise PreludeError(judgement, position.slice)
        return judgement


def _is_secret(value: Any) -> bool:
    text = str(value) if isinstance(value, (str, int)) else ""
    return _SHORTEST_SECRET <= len(text) <= _LONGEST_SECRET and text.isascii() and text.isprintable()
