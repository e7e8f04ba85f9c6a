"""A check as a person meets it in the UI: what it checks, which law that is, what to do when it fails."""

from __future__ import annotations

from dataclasses import dataclass

from resources.failures import POLICIES, Cause

RUNBOOK = "docs/failures.md"
LAWS = {
    1: "Conservation",
    5: "A bad day retires nothing",
    9: "A step's size goes out as declared",
    11: "Absence needs proof",
    12: "Like is compared with like",
    13: "What is read is what was written",
}
"""The laws of the platform that checks watch, by number; each has its test, `tests/laws/test_<number>_...`."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check that runs inside its asset's step. says: what holds where it passes, a sentence. law: its number in LAWS.
    then: what to do when it fails. causes: the causes of failure that it may name."""

    name: str
    says: str
    law: int
    then: str
    causes: tuple[Cause, ...] = ()

    @property
    def description(self) -> str:
        """In Markdown, as the UI renders it: the sentence, the law, what to do, the runbook's line for each cause."""
        lines = [self.says, "", f"Law {self.law}: {LAWS[self.law]}.", "", f"When it fails: {self.then} See {RUNBOOK}."]
        if self.causes:
            lines += ["", *(f"* `{cause.value}`: {POLICIES[cause].runbook}" for cause in self.causes)]
        return "\n".join(lines)


SIZE = Check(
    "size",
    "The step's task is as large as the step needs, neither much larger nor nearly too small.",
    9,
    "run `make sizing`, and take over the size that it proposes in `resources/sizing/sizes.toml`.",
)
FRESH = Check(
    "fresh",
    "Each market's present is of the last night that was due.",
    5,
    "the named markets are served as they were on their last accepted day: look whether the night ran, at the checks"
    " `complete` and `plausible` of its day, and run it again.",
)
SERVED_UNTIL = "served_until"
"""The metadata of a consolidated asset by which `fresh` is judged: each market's last accepted day, null for none."""
