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
    default. node: a regular expression for what is changed in the line. is_import: only lines that an import executes.
    """

    path: str
    line: str
    why: str
    what: tuple[str, ...] = ()
    node: str = ""
    is_import: bool = False

    def holds(self, mutation: Mutation) -> bool:
        if not mutation.path.match(self.path) or (self.what and mutation.what not in self.what):
            return False
        if self.is_import and mutation.statement_lines:
            return False
        line = text_of(mutation.path).splitlines()[mutation.line - 1]
        return re.search(self.line, line) is not None and re.search(self.node, mutation.changed()) is not None

    def stands(self) -> bool:
        """Whether a module still has such a line."""
        paths = [path for area in AREAS for path in (CHECKOUT / area).rglob("*.py") if path.match(self.path)]
        return any(re.search(self.line, line) for path in paths for line in path.read_text().splitlines())


_NUMBER, _COMPARISON, _ALWAYS, _NEVER, _LEFT_OUT = (
    ("number",), ("comparison",), ("condition always true",), ("condition always false",), ("statement left out",),
)  # fmt: skip

EXPLANATIONS = (
    Explanation("raw/*.py", ".", _A_FACT, ("number", "boolean"), is_import=True),
    Explanation("raw/platforms/*.py", ".", _A_FACT, ("number", "boolean"), is_import=True),
    Explanation("raw/wiring/assets.py", r"and passes\(", f"{_TIME}: a parse of the module tells the same", _NEVER),
    Explanation("raw/fetch/evidence.py", "if self._has_slices", _MEMORY, _ALWAYS),
    Explanation(
        "raw/fetch/redaction.py", "found.setdefault", f"{_TIME}: how a credential's signs are grouped", _NUMBER
    ),
    Explanation(
        "transformed/mapping/unknown.py", r"keys\(\) <= known", f"{_TIME}: the line after it finds none", _ALWAYS
    ),
    Explanation("transformed/mapping/unknown.py", r"keys\(\) <= known", f"{_TIME}: as before", _COMPARISON),
    Explanation(
        "transformed/contract/one_vehicle.py", "doubled.is_empty", f"{_TIME}: none is put beside the rows", _NEVER
    ),
    Explanation("consolidated/history/mass_change.py", "counts.get", _IS_THERE, _NUMBER),
    Explanation("consolidated/day/market.py", r'row\["(vehicles|disappeared)"\] or 0', _IS_THERE, _NUMBER),
    Explanation("consolidated/day/market.py", r"debounce_days = next\(", "no day is judged by that debounce", _NUMBER),
    Explanation("consolidated/day/market_daily.py", ".", f"{_TIME}: the longer way gives the same", node=">= day$"),
    Explanation("consolidated/tables/contention.py", "_lost", _PACE, _NUMBER),
    Explanation(
        "consolidated/tables/iceberg.py", "left.height != right.height", f"{_TIME}: rows are compared next", _NEVER
    ),
    Explanation("consolidated/tables/planning.py", "^_LARGEST_KEPT_BYTES", _MEMORY, _NUMBER),
    Explanation("consolidated/tables/snapshot.py", r"_ManifestMergeManager\(", "it is given six manifests", _NUMBER),
    Explanation("consolidated/night/side_by_side.py", "import_module", f"{_TIME}: a step imports it", _LEFT_OUT),
    Explanation("resources/apis/bodies.py", "room = most_bytes", "what is too long is cut after it", _NUMBER),
    Explanation("resources/apis/bodies.py", "False, 0$", "a body that ended early has no tail", _NUMBER),
    Explanation("resources/apis/headers.py", "^_LONGEST_DATE", _TWICE, _NUMBER),
    Explanation("resources/apis/http.py", r"^ {20}if len\(wire\) >", "the bound is measured again below", _COMPARISON),
    Explanation("resources/apis/sandbox_process.py", "^_(START|END)_SECONDS", _TWICE, _NUMBER),
    Explanation("resources/ecs/attempts.py", "times_without_capacity", "a token differs from its last one", _NUMBER),
    Explanation("resources/ecs/attempts.py", "first_wait_seconds", _PACE, _NUMBER),
    Explanation("resources/ecs/attempts.py", ".", _INSTANT, _COMPARISON, node=r"^now\b"),
    Explanation("resources/ecs/launches.py", r"2 \*\* min", _PACE, _NUMBER, node=r"^(2|2\.0|6)$"),
    Explanation("resources/ecs/step_handler.py", ".", _INSTANT, _COMPARISON, node="^(now|waited_seconds) |<= now$"),
    Explanation("resources/ecs/step_handler.py", "_listings_failed", _PACE, _NUMBER),
    Explanation("resources/ecs/step_handler.py", r"max_workers|within\(seconds", _TWICE, _NUMBER),
    Explanation("raw/wiring/discovery.py", "dependent = ", "two sets share a table either way", _COMPARISON),
    Explanation(
        "raw/endpoint/contradictions.py", "total is None for", "they are alike either way", node="^pages.total is None$"
    ),
    Explanation("raw/archive/swap.py", "^_ATTEMPTS", _TWICE, _NUMBER),
    Explanation(
        "raw/fetch/evidence.py", r"total or 0\):|largest or 0\), self", "without a total none is missing", _NUMBER
    ),
    Explanation("raw/fetch/market.py", "not in self._readers", _TIME, _ALWAYS),
    Explanation("transformed/day/batches.py", "^BATCH_RECORDS", _MEMORY, _NUMBER),
    Explanation("transformed/day/output.py", "run < abandoned", _INSTANT, _COMPARISON),
    Explanation("transformed/day/transform.py", r"if len\(shared\)", f"{_TIME}: none is forgotten", _ALWAYS),
    Explanation(
        "consolidated/change/trial.py", "_staged.clear", f"{_TIME}: a second replacement is the same", _LEFT_OUT
    ),
    Explanation("consolidated/change/reading.py", "keep_market", f"{_TIME}: the trial computes a day again", _LEFT_OUT),
    Explanation(
        "consolidated/day/market.py", r"if days and short\(states", f"{_TIME}: it is read as it stands", _ALWAYS
    ),
    Explanation("consolidated/day/market.py", "n < days", "the days are none of these numbers", _COMPARISON),
    Explanation("consolidated/day/feeds.py", r"lru_cache\(", _MEMORY, _NUMBER),
    Explanation("consolidated/history/fold.py", "never_typed.is_empty", f"{_TIME}: none is added", _ALWAYS),
    Explanation("consolidated/maintenance/orphans.py", "named.add", f"{_TIME}: the file names the table", _LEFT_OUT),
    Explanation("consolidated/night/alerts/channels.py", "^_TIMEOUT_SECONDS", _TWICE, _NUMBER),
    Explanation("consolidated/night/alerts/sending.py", "^_VERSION", "no version of ours reads another's", _NUMBER),
    Explanation("consolidated/night/assets.py", "^_SIZE|minimum_interval_seconds=", _TWICE, _NUMBER),
    Explanation("consolidated/night/job_process.py", "^_END_SECONDS", _TWICE, _NUMBER),
    Explanation("consolidated/tables/iceberg.py", "handle.current_snapshot", f"{_TIME}: a scan finds no rows", _NEVER),
    Explanation("consolidated/tables/iceberg.py", r"^(share_what_is_frozen|plan_cheaply)\(", _TIME, _LEFT_OUT),
    Explanation("consolidated/tables/staged.py", "^ROWS_IN_MEMORY", _MEMORY, _NUMBER),
    Explanation("consolidated/tables/turns.py", r"monotonic\(\) <", _INSTANT, _COMPARISON),
    Explanation("consolidated/tables/turns.py", "^_POLL_SECONDS", "a lock is asked for until it is had", _NUMBER),
    Explanation("transformed/day/interpretation.py", "elif attribute is not", "no name is defined nowhere", _ALWAYS),
    Explanation("transformed/mapping/declaration.py", "get_close_matches", "the best one comes first", _NUMBER),
    Explanation("transformed/probe/landing.py", "add_response", "refusals end a fetch, and a capture is none"),
    Explanation("transformed/probe/*.py", r"print\(.*flush=True", f"{_TIME}: when a line is shown", ("boolean",)),
    Explanation("consolidated/maintenance/compaction.py", "^_BATCH = ", _ANY_SIZE, _NUMBER),
    Explanation("*.py", r"@lru_cache\(maxsize=", f"{_TIME}: how many results are kept", _NUMBER),
    Explanation("raw/archive/writer.py", "^_(FLUSH|PART|ROW)_BYTES", _TWICE, _NUMBER),
    Explanation("raw/fetch/evidence.py", "is_capped: bool", "it is set with the finer slices, and asked of those"),
    Explanation("raw/fetch/market.py", r"following - 1\)\):", f"{_TIME}: a worker without a page ends", ("operator",)),
    Explanation("raw/endpoint/trial.py", "pages.parameters", "any page's parameters are there as the first's", _NUMBER),
    Explanation("raw/fetch/judging.py", "begin = ", _ANY_SIZE, _NUMBER),
    Explanation("resources/ecs/step_handler.py", "_again_at = 0", "no machine is ready in its first second", _NUMBER),
    Explanation("*.py", r"\bgc=", _TIME, ("boolean",)),
    Explanation("*.py", r"^_?(LARGEST|MOST|NEAREST|LONGEST|EXAMPLES|GROUPS)\w* = |_AT_MOST = ", _ANY_SIZE, _NUMBER),
)


def reason(mutation: Mutation) -> str | None:
    """Why a mutation may survive; None for one that nobody has explained."""
    return next((one.why for one in EXPLANATIONS if one.holds(mutation)), None)
