"""The report's charts: lines over the nights, as SVG that stands in the page and takes its colours from the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from leather import Chart, theme
from markupsafe import Markup, escape

_COLOURS = ("var(--line)", "var(--line-2)", "var(--line-3)")
_SIZE = re.compile(r'^<svg width="(\d+)" height="(\d+)"')


def line_chart(
    title: str, series: Mapping[str, Sequence[tuple[date, int]]], *, width: int = 320, height: int = 160
) -> Markup | None:
    """A chart of a line a series, with a legend where there are several; None before the second night.

    title: what a screen reader says in its place.
    """
    if not any(len(points) > 1 for points in series.values()):
        return None
    _theme()
    days = sorted({day for points in series.values() for day, _ in points})
    numbers = [number for points in series.values() for _, number in points]
    chart = Chart()
    # leather finds the range of the days; of numbers that are all the same it makes none
    low, high = min(numbers), max(*numbers, min(numbers) + 1)
    chart.add_y_scale(low, high)
    for colour, (name, points) in zip(_COLOURS, series.items(), strict=False):
        chart.add_line([(_moment(day), number) for day, number in points], name=name, stroke_color=colour)
    ticks = [_moment(day) for day in sorted({days[0], days[len(days) // 2], days[-1]})]
    chart.add_x_axis(ticks=ticks, tick_formatter=lambda day, *_: f"{day:%d %b}")
    chart.add_y_axis(ticks=sorted({low, (low + high) // 2, high}), tick_formatter=lambda number, *_: f"{number:,.0f}")
    svg = chart.to_svg(width=width, height=height)
    # as wide as the page lets it be, and one picture to a screen reader
    label = f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 \\1 \\2"'
    return Markup(_SIZE.sub(label, svg))  # noqa: S704 - numbers and our own words


def _moment(day: date) -> datetime:
    """Leather tells a day from a moment only in part."""
    return datetime.combine(day, time())


def _theme() -> None:
    """Leather has one theme a process."""
    theme.background_color = "none"
    theme.default_series_colors = list(_COLOURS)
    theme.tick_color = "var(--rule)"
    theme.zero_color = "var(--rule)"
    for part in ("title", "legend", "axis_title", "tick"):
        setattr(theme, f"{part}_font_family", "inherit")
    for colour in ("title_color", "legend_color", "label_color", "axis_title_color"):
        setattr(theme, colour, "currentColor")
