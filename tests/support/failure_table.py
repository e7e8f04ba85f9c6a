"""The table of causes in `docs/failures.md`, made from `resources/failures.py`.

`python -m tests.support.failure_table` writes it anew; `tests/resources/test_failures.py` says when that is due.
"""

from __future__ import annotations

from resources.failures import POLICIES, Cause
from tests.support.source import CHECKOUT

PAGE = CHECKOUT / "docs" / "failures.md"
BEGIN, END = "<!-- causes: made by python -m tests.support.failure_table -->", "<!-- end of causes -->"


def table() -> str:
    """Every cause in the order of its declaration: whether a step is tried again, and the line of the runbook."""
    rows = [
        f'| <a id="{cause.value}"></a>`{cause.value}` | {"yes" if policy.retry else "no"} | {policy.runbook} |'
        for cause, policy in ((cause, POLICIES[cause]) for cause in Cause)
    ]
    return "\n".join(["| cause | tried again | what to do |", "|---|---|---|", *rows])


def with_table(page: str) -> str:
    """The page with the table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
