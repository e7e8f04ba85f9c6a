"""The charts of the morning report: a line a series, the days and numbers at its axes, and the page's own colours."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

from consolidated.night.report.charts import line_chart

NIGHTS = [date(2026, 11, day) for day in (1, 2, 4, 5)]
_SVG = "{http://www.w3.org/2000/svg}"


def chart(**series: list[tuple[date, int]]) -> ET.Element:
    found = line_chart("cars & <days>", series)
    assert found is not None
    return ET.fromstring(str(found))  # noqa: S314 - our own


def texts(svg: ET.Element, part: str) -> list[str]:
    """Of the marks at the axes, or of the legend, the words."""
    groups = [one for one in svg.iter(f"{_SVG}g") if part in (one.get("class") or "")]
    return [one.text or "" for group in groups for one in group.iter(f"{_SVG}text")]


def test_there_is_no_chart_before_the_second_night() -> None:
    assert line_chart("x", {}) is None
    assert line_chart("x", {"a": []}) is None
    assert line_chart("x", {"a": [(NIGHTS[0], 5)], "b": [(NIGHTS[1], 5)]}) is None
    assert line_chart("x", {"a": [(NIGHTS[0], 5)], "b": [(NIGHTS[0], 5), (NIGHTS[1], 5)]}) is not None


def test_a_line_a_series_from_the_first_day_to_the_last_and_from_the_lowest_number_to_the_highest() -> None:
    svg = chart(cars=list(zip(NIGHTS, (1000, 2000, 3500, 1500), strict=True)), dealers=[(NIGHTS[0], 3500)])
    assert texts(svg, "axis bottom") == ["01 Nov", "04 Nov", "05 Nov"]
    assert texts(svg, "axis left") == ["1,000", "2,250", "3,500"]
    lines = list(svg.iter(f"{_SVG}path"))
    assert [one.get("stroke") for one in lines] == ["var(--line)", "var(--line-2)"]
    points = [[float(number) for number in re.findall(r"[\d.]+", one.get("d") or "")] for one in lines]
    places, heights = points[0][0::2], points[0][1::2]
    width = places[-1]
    assert [round(place / width, 3) for place in places] == [0, 0.25, 0.75, 1], "a night is as wide as another"
    rises = [heights[0] - height for height in heights]
    assert [round(rise / max(rises), 3) for rise in rises] == [0, 0.4, 1, 0.2]
    assert points[1] == [0, heights[2]], "both series are drawn to one scale"
    assert [one.text for one in svg.iter(f"{_SVG}text")][:2] == ["cars", "dealers"]


def test_a_number_that_stays_the_same_is_a_line_at_the_bottom() -> None:
    svg = chart(cars=[(NIGHTS[0], 7), (NIGHTS[1], 7)])
    assert texts(svg, "axis left") == ["7", "8"]
    assert texts(svg, "axis bottom") == ["01 Nov", "02 Nov"]
    (line,) = svg.iter(f"{_SVG}path")
    lower, upper = (float(one.get("y") or "") for one in svg.iter(f"{_SVG}text") if one.text in ("7", "8"))
    assert 0 <= upper < lower < 160
    assert line.get("d", "").split()[2::3] == [f"{lower:g}"] * 2


def test_a_chart_is_one_picture_in_the_colours_of_the_page() -> None:
    svg = chart(cars=[(NIGHTS[0], 7), (NIGHTS[1], 9)])
    assert {name: svg.get(name) for name in ("role", "aria-label", "viewBox", "width")} == {
        "role": "img", "aria-label": "cars & <days>", "viewBox": "0 0 320 160", "width": None,
    }  # fmt: skip
    colours = {one.get(name) for one in svg.iter() for name in ("fill", "stroke")}
    assert colours == {None, "none", "currentColor", "var(--line)", "var(--rule)"}
    assert {one.get("font-family") for one in svg.iter(f"{_SVG}text")} == {"inherit"}
