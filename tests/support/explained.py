"""Mutations that no test notices and none should: the line that is changed, and why nothing that a user sees differs.

A sample of `tests.support.mutations` is drawn from the others, and says how many it left out. What does not belong
here: a fault that a user could see, however dearly a test of it would be bought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.support.mutants import CHECKOUT, Mutation, text_of
from tests.support.mutation_tests import AREAS

_A_FACT = "a fact of the maker's API: the sandbox plays what the declaration says, so the API alone proves it wrong"
_ANY_SIZE = "how much of something is shown, tried or held at once: any number of its size does as well"
_INSTANT = "whether a bound itself still counts, where a clock is bounded: no clock shows that very instant"
_IS_THERE = "the number stands for a count that is there whenever it decides, or that is less than 20"
_MEMORY = "memory alone"
_PACE = "how fast waits grow that have a longest one"
_TIME = "time alone"
_TWICE = "a bound that twice the number leaves as good"


@dataclass(frozen=True)
class Explanation:
    """path: a pattern of modules. line: a regular expression for the changed line. what: the kinds of mutation, all by
    default. is_import: only lines that an import executes."""

    path: str
    line: str
    why: str
    what: tuple[str, ...] = ()
    is_import: bool = False

    def holds(self, mutation: Mutation) -> bool:
        if not mutation.path.match(self.path) or (self.what and mutation.what not in self.what):
            return False
        if self.is_import and mutation.statement_lines:
            return False
        return re.search(self.line, text_of(mutation.path).splitlines()[mutation.line - 1]) is not None

    def stands(self) -> bool:
        """Whether a module still has such a line."""
        paths = [path for area in AREAS for path in (CHECKOUT / area).rglob("*.py") if path.match(self.path)]
        return any(re.search(self.line, line) for path in paths for line in path.read_text().splitlines())


EXPLANATIONS = (
    Explanation("raw/*.py", ".", _A_FACT, ("number", "boolean"), is_import=True),
    Explanation("raw/platforms/*.py", ".", _A_FACT, ("number", "boolean"), is_import=True),
    Explanation("resources/apis/bodies.py", "room = most_bytes", "what is too long is cut after it", ("number",)),
    Explanation("resources/apis/bodies.py", "False, 0$", "a body that ended early has no tail", ("number",)),
    Explanation("resources/apis/headers.py", "^_LONGEST_DATE", _TWICE, ("number",)),
    Explanation(
        "resources/apis/http.py", r"^ {20}if len\(wire\) >", "the bound itself is measured again below", ("comparison",)
    ),
    Explanation("resources/apis/sandbox_process.py", "^_(START|END)_SECONDS", _TWICE, ("number",)),
    Explanation(
        "resources/ecs/attempts.py", "times_without_capacity", "a token differs from its last one", ("number",)
    ),
    Explanation("resources/ecs/attempts.py", "first_wait_seconds", _PACE, ("number",)),
    Explanation("resources/ecs/attempts.py", r"\bnow\b", _INSTANT, ("comparison",)),
    Explanation("resources/ecs/launches.py", "2 \\*\\* min", _PACE, ("number",)),
    Explanation("resources/ecs/step_handler.py", r"\bnow\b|waited_seconds", _INSTANT, ("comparison",)),
    Explanation(
        "resources/ecs/step_handler.py", "_again_at = 0", "no machine is ready in its first second", ("number",)
    ),
    Explanation("resources/ecs/step_handler.py", "_listings_failed", _PACE, ("number",)),
    Explanation("resources/ecs/step_handler.py", "max_workers|within\\(seconds", _TWICE, ("number",)),
    Explanation("raw/wiring/discovery.py", "dependent = ", "of two sets with a table in common either is named first"),
    Explanation("raw/endpoint/contradictions.py", "total is None for", "whether two are alike, whichever is named"),
    Explanation("raw/archive/writer.py", "^_(FLUSH|PART|ROW)_BYTES", _TWICE, ("number",)),
    Explanation("raw/archive/swap.py", "^_ATTEMPTS", _TWICE, ("number",)),
    Explanation("raw/wiring/assets.py", r"and passes\(", f"{_TIME}: a parse of the module tells the same"),
    Explanation("raw/fetch/evidence.py", "^ {8}if self._has_slices", _MEMORY),
    Explanation(
        "raw/fetch/evidence.py", "is_capped: bool", "it is set with the finer slices, and asked where some are"
    ),
    Explanation(
        "raw/fetch/evidence.py",
        "total or 0\\):|largest or 0\\), self",
        "without a total nothing is missing",
        ("number",),
    ),
    Explanation("raw/fetch/market.py", "following - 1\\)\\):", f"{_TIME}: a worker without a page ends", ("operator",)),
    Explanation("raw/fetch/judging.py", "begin = ", _ANY_SIZE, ("number",)),
    Explanation("raw/fetch/market.py", "not in self._readers", _TIME, ("condition always true",)),
    Explanation("raw/fetch/redaction.py", "found.setdefault", f"{_TIME}: how the signs of a credential are grouped"),
    Explanation("transformed/mapping/unknown.py", "keys\\(\\) <= known", f"{_TIME}: the line after it finds none"),
    Explanation("transformed/contract/one_vehicle.py", "doubled.is_empty", f"{_TIME}: none is put beside the rows"),
    Explanation("consolidated/history/mass_change.py", "counts.get", _IS_THERE, ("number",)),
    Explanation("consolidated/day/market.py", r'row\["(vehicles|disappeared)"\] or 0', _IS_THERE, ("number",)),
    Explanation("consolidated/day/market.py", "else 0$", "no day is judged by the debounce of a market without days"),
    Explanation("consolidated/day/market_daily.py", "first.market. >= day", f"{_TIME}: the longer way gives the same"),
    Explanation("consolidated/tables/contention.py", "_lost", _PACE, ("number",)),
    Explanation(
        "consolidated/tables/iceberg.py", "left.height != right.height", f"{_TIME}: the rows are compared after it"
    ),
    Explanation("consolidated/tables/planning.py", "^_LARGEST_KEPT_BYTES", _MEMORY, ("number",)),
    Explanation(
        "consolidated/tables/snapshot.py", "_ManifestMergeManager\\(", "it is given six, and merges from one on"
    ),
    Explanation("consolidated/night/side_by_side.py", "import_module", f"{_TIME}: each step would import it", ()),
    Explanation("*.py", r"\bgc=", _TIME, ("boolean",)),
    Explanation("*.py", r"^_?(LARGEST|MOST|NEAREST|LONGEST|EXAMPLES|GROUPS)\w* = |_AT_MOST = ", _ANY_SIZE, ("number",)),
)


def reason(mutation: Mutation) -> str | None:
    """Why a mutation may survive; None for one that nobody has explained."""
    return next((one.why for one in EXPLANATIONS if one.holds(mutation)), None)
