"""The closing table of `make nightly`: what came of each market, what needs a person, how to query the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from consolidated.night.attention import matters
from consolidated.night.outcome import runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from consolidated.night.failures import Failure
    from resources.lake.lake import Lake

# column -> where its number stands in the market's row of `runs`; the words are those of docs/history.md
_COUNTS = {"vehicles": "vehicles", "arrivals": "listed", "departures": "delisted", "refused": "refused"}
_ALSO = {
    "covered": "stood there before we first looked",
    "relisted": "came back after they were gone",
    "disappeared": "absent since tonight, may return",
    "price_changes": "have another price",
    "excluded": "left out by design",
}
_MARKS = {"!": "not whole: its last good state stays served", "?": "doubtful: it does not count yet"}
_QUERY = 'make query SQL="FROM stock"'


def print_night(
    where: Console, lake: Lake, day: date, oem: str | None, failures: Mapping[str, Failure], wall_seconds: float
) -> bool:
    """Print the table of a day, what needs a person, and the way to the tables. Returns whether every market was whole.

    A market whose rows were merged on an earlier run of the same day is shown as it stands in the lake.
    """
    runs = runs_of(lake, day, oem)
    where.print()
    for one in told(runs, failures, f"night of {day}, {wall_seconds:.0f} s"):
        where.print(one)
    where.print(f"\ntables in {lake.uri}; ask them:\n  {_QUERY}", markup=False)
    return all(run["complete"] for run in runs if run["table"] == "inventory")


def told(runs: Sequence[Mapping[str, Any]], failures: Mapping[str, Failure], title: str) -> Iterable[Table | Text]:
    """The table, what else came of the night in a sentence, and a paragraph for each thing that needs a person."""
    vehicles = [run for run in runs if run["table"] == "inventory"]
    yield _table(runs, title)
    marks = {_mark(run) for run in runs} - {" "}
    for mark in sorted(marks):
        yield Text(f"{mark} {_MARKS[mark]}", style="dim")
    also = {words: sum(run.get(name) or 0 for run in vehicles) for name, words in _ALSO.items()}
    if any(also.values()):
        yield Text("also: " + "; ".join(f"{number:,} {words}" for words, number in also.items() if number), style="dim")
    found = matters(runs, failures.values())
    if found:
        yield Text(f"\n{len(found)} need{'s' if len(found) == 1 else ''} a person:", style="bold")
    for matter in found:
        style = "yellow" if matter.kind == "DOUBTFUL" else "red"
        yield Text(f"{matter.kind} {matter.place}: {'; '.join(matter.words.splitlines())}", style=style)
        if matter.advice:
            yield Text(f"  {matter.advice}")


def _table(runs: Sequence[Mapping[str, Any]], title: str) -> Table:
    """A line a market; it fits a terminal of 80 columns."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("")
    table.add_column("maker", max_width=14)
    table.add_column("market")
    for column in ("vehicles", "dealers", "arrivals", "departures", "refused", "s"):
        table.add_column(column, justify="right")
    by_market: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for run in runs:
        by_market.setdefault((run["oem"], run["market"]), {})[run["table"]] = run
    total = dict.fromkeys(("vehicles", "dealers", "arrivals", "departures", "refused"), 0)
    for (oem, market), tables in sorted(by_market.items()):
        counts = {name: tables.get("inventory", {}).get(column) for name, column in _COUNTS.items()}
        counts["dealers"] = tables.get("dealers", {}).get("vehicles")
        seconds = sum(run["fetch_seconds"] for run in tables.values())
        mark = max((_mark(run) for run in tables.values()), key=" ?!".index)
        table.add_row(
            mark,
            oem,
            market,
            *("-" if counts[name] is None else f"{counts[name]:,}" for name in total),
            f"{seconds:.1f}" if seconds < 100 else f"{seconds:.0f}",
            style={"!": "red", "?": "yellow"}.get(mark),
        )
        for name in total:
            total[name] += counts[name] or 0
    if len(by_market) > 1:
        table.add_row("", "all", str(len(by_market)), *(f"{number:,}" for number in total.values()), "")
    return table


def _mark(run: Mapping[str, Any]) -> str:
    if not run["complete"]:
        return "!"
    return " " if run["accepted"] else "?"
