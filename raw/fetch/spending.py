"""What one attempt at a market has cost, held against the budget that its endpoint declares."""

from __future__ import annotations

import time
from dataclasses import replace

from raw.endpoint.declaration import Budget
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement
from resources.apis.http import Response
from resources.failures import POLICIES, Cause


class Spending:
    """Counts every request and every response of a market, those before its pages included."""

    def __init__(self, budget: Budget, evidence: Evidence) -> None:
        self._budget = budget
        self._evidence = evidence
        self._requests = 0
        self._started = time.monotonic()

    def start(self) -> None:
        """The seconds count from now."""
        self._started = time.monotonic()

    def refusal(self) -> Judgement | None:
        """Count a request that is about to be sent; its refusal where the budget is used up."""
        if spent := self._spent():
            return Judgement("refused", None, Cause.BUDGET_SPENT, spent)
        self._requests += 1
        return None

    def counted(self, judgement: Judgement, response: Response) -> Judgement:
        """Count a response; its judgement, which is that of a budget used up where the request is not sent again for
        that."""
        self._evidence.add_response(len(response.body), refused=judgement.kind == "refused")
        if judgement.cause is not None and POLICIES[judgement.cause].retry:
            # the session is about to ask again
            if spent := self._spent():
                return replace(judgement, cause=Cause.BUDGET_SPENT, detail=f"{spent}; {judgement.detail}")
            self._requests += 1
        return judgement

    def _spent(self) -> str | None:
        budget, evidence = self._budget, self._evidence
        for spent, most, unit in (
            (self._requests, budget.requests, "requests"),
            (evidence.refusals, budget.refusals, "refusals"),
            (evidence.body_bytes, budget.decoded_bytes, "bytes"),
            (time.monotonic() - self._started, budget.seconds, "seconds"),
        ):
            if spent >= most:
                return f"no end after {most:.0f} {unit}, which is all that the market may cost"
        return None
