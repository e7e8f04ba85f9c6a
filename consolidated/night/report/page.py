"""The report's page: figures into one HTML file that needs nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consolidated.night.report.charts import line_chart
from consolidated.night.report.figures import NIGHTS, STATED, Figures
from resources.shown.code import VARIABLE as CODE_URL

_STATES = {True: "whole", False: "doubtful"}


def html_of(figures: Figures, made_at: datetime | None = None) -> str:
    """The page, UTF-8 text. made_at: shown as the time of making, now by default."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"count": _count, "money": _money, "words": lambda name: name.replace("_", " ")}
    nights = figures.nights
    moves = {name: [(night["date"], night[name]) for night in nights] for name in ("arrivals", "departures")}
    return environment.get_template("page.html.jinja").render(
        figures=figures,
        tonight=figures.tonight,
        stated=STATED,
        states={(run["oem"], run["market"], run["table"]): state_of(run) for run in figures.runs},
        nights_at_most=NIGHTS,
        stock_chart=line_chart("Vehicles served, by night", {"vehicles": [(n["date"], n["listed"]) for n in nights]}),
        moves_chart=line_chart("Arrivals and departures, by night", moves),
        drops_chart=line_chart("Price drops, by night", {"drops": [(n["date"], n["price_drops"]) for n in nights]}),
        maker_charts={
            oem: line_chart(f"Vehicles of {oem} served, by night", {oem: points})
            for oem, points in figures.served.items()
        },
        code_url=os.environ.get(CODE_URL, "").rstrip("/"),
        made_at=(made_at or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
    )


def state_of(run: dict[str, Any]) -> str:
    """A market's night in a word: whole, not whole, or doubtful."""
    return _STATES[run["accepted"]] if run["complete"] else "not whole"


def _count(number: float | None, digits: int = 0) -> str:
    return "–" if number is None else f"{number:,.{digits}f}"


def _money(amount: Decimal | None, currency: str | None) -> str:
    return "–" if amount is None else f"{amount:,.0f} {currency or ''}".strip()
