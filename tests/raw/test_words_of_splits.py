"""The words that split a slice of which a host does not give all, by facets and by boxes, and what a union proves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from raw.endpoint import Get, Offset, Quarters, Sign, SinglePage, Split
from tests.support.words import Asked, cars, endpoint, fetched

URL = "https://oem.example/search"
BY_MODEL = Get(URL, params={"model": "{model}"})
STOCK = {"m1": cars(1, 2), "m2": cars(3), "m3": cars(4, 5, 6)}


def test_an_empty_finer_slice_may_state_no_total(tmp_path: Path) -> None:
    declared = endpoint(
        request=BY_MODEL,
        pages=Offset(start="from", size="size", step=2, total="total", window=4, ends=Sign("cars", None)),
        split=Split("model", ("m1", "m2", "m3", "m4")),
    )

    def answer(asked: Asked) -> Any:
        found = STOCK.get(asked.query["model"], []) if asked.query.get("model") else cars(1, 2, 3, 4, 5, 6)
        start = int(asked.query["from"])
        return {"total": len(found), "cars": found[start : start + 2]} if found else {"cars": None}

    day = fetched(tmp_path / "whole", declared, answer)
    assert day.seal.complete, day.seal.message
    fewer = replace(declared, split=Split("model", ("m1", "m4")))
    assert fetched(tmp_path / "fewer", fewer, answer).seal.cause == "shortfall"


BY_FACET = endpoint(
    request=Get(URL, params={"model": "{model}", "color": "{color}"}),
    pages=Offset(start="from", size=None, step=2, total="total", window=4),
    split=(Split("model", "facets.models[].code"), Split("color", ("red", "blue"))),
)
FEED = [
    {"id": number, "model": model, "color": color}
    for number, (model, color) in enumerate(
        [*[("m1", "red")] * 3, *[("m1", "blue")] * 4, ("m2", "red"), ("m3", "blue")]
    )
]


def by_facet(asked: Asked, hidden: frozenset[int] = frozenset()) -> Any:
    model, color = asked.query["model"], asked.query["color"]
    matching = [one for one in FEED if model in ("", one["model"]) and color in ("", one["color"])]
    # what is hidden is counted, and only a search without a filter lists it
    found = [one for one in matching if one["id"] not in hidden or not model]
    total = len(matching) if not model else len(found)
    start = int(asked.query["from"])
    assert start < 4, "no page past the window is asked for"
    models = dict.fromkeys(one["model"] for one in matching)
    return {
        "cars": found[start : start + 2],
        "total": total,
        "facets": {"models": [{"code": model} for model in models]},
    }


def test_a_cut_slice_is_split_by_one_facet_after_the_other(tmp_path: Path) -> None:
    day = fetched(tmp_path, BY_FACET, by_facet)
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == len(FEED)
    assert set(day.seal.slices) == {"", "model=m1", "model=m1&color=red", "model=m1&color=blue", "model=m2", "model=m3"}


@pytest.mark.parametrize("hidden", [0, 4, 7, 8])
def test_finer_slices_that_do_not_make_up_the_whole_are_a_shortfall(tmp_path: Path, hidden: int) -> None:
    day = fetched(tmp_path, BY_FACET, lambda asked: by_facet(asked, frozenset({hidden})))
    if day.seal.unique < len(FEED):
        assert day.seal.cause == "shortfall", day.seal.message
    else:
        assert day.seal.complete, "the first page of the whole named the car that no finer slice holds"


def test_finer_slices_that_overlap_prove_no_more_than_their_union(tmp_path: Path) -> None:
    """Nine records in all; three finer slices of three, of which two are the same."""

    def answer(asked: Asked) -> Any:
        model = asked.query["model"]
        found = {"": cars(*range(9)), "a": cars(0, 1, 2), "b": cars(0, 1, 2), "c": cars(3, 4, 5)}[model]
        start = int(asked.query["from"])
        return {"cars": found[start : start + 2], "total": len(found)}

    declared = replace(BY_FACET, split=Split("model", ("a", "b", "c")), request=BY_MODEL)
    day = fetched(tmp_path, declared, answer)
    assert day.seal.cause == "shortfall", day.seal.message


def test_a_slice_that_no_split_makes_small_enough_is_told(tmp_path: Path) -> None:
    declared = replace(BY_FACET, split=Split("model", ("m1", "m2", "m3")), request=BY_MODEL)
    day = fetched(tmp_path, declared, lambda asked: by_facet(replace(asked, query={**asked.query, "color": ""})))
    assert day.seal.cause == "window"
    assert "model=m1" in str(day.seal.message)


def test_a_split_by_a_facet_that_the_answer_lacks_is_told(tmp_path: Path) -> None:
    day = fetched(tmp_path, BY_FACET, lambda asked: {**by_facet(asked), "facets": None})
    assert day.seal.cause == "window"


@pytest.mark.parametrize(("slack", "cause"), [(0, "shortfall"), (2, None)])
def test_finer_slices_may_lack_as_much_as_a_total_that_is_not_trusted_is_off(
    tmp_path: Path, slack: int, cause: str | None
) -> None:
    def answer(asked: Asked) -> Any:
        model, start = asked.query["model"], int(asked.query["from"])
        found = {"": cars(*range(6)), "a": cars(0, 1, 2), "b": cars(3, 4, 5)}[model]
        return {"cars": found[start : start + 2], "total": len(found) if model else len(found) + 2}

    declared = replace(BY_FACET, split=Split("model", ("a", "b")), request=BY_MODEL)
    day = fetched(tmp_path, replace(declared, trusted_total=False, total_slack=slack), answer)
    assert day.seal.cause == cause


def test_a_parameter_that_is_left_out_before_the_split(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        assert asked.query.get("model") != ""
        return by_facet(replace(asked, query={"model": "", "color": "", **asked.query}))

    declared = replace(BY_FACET, split=(
        Split("model", "facets.models[].code", before=()), Split("color", ("red", "blue"), before=()),
    ))  # fmt: skip
    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert [one.query for one in day.asked][:2] == [{"from": "0"}, {"from": "0", "model": "m1"}]
    assert set(day.seal.slices) == {"", "model=m1", "model=m1&color=red", "model=m1&color=blue", "model=m2", "model=m3"}


POINTS = {f"car-{number}": (35 + number * 0.011, -100 + (number % 7) * 0.013) for number in range(60)}
BOX = endpoint(
    request=Get(URL, params={"n": "{north}", "s": "{south}", "e": "{east}", "w": "{west}"}),
    pages=SinglePage(cap=10),
    split=Quarters(north="north", south="south", east="east", west="west", box=(49.5, -125.0, 24.5, -66.9)),
)


def in_box(asked: Asked) -> Any:
    north, south, east, west = (float(asked.query[name]) for name in "nsew")
    found = [
        {"id": name}
        for name, (latitude, longitude) in POINTS.items()
        if south <= latitude <= north and west <= longitude <= east
    ]
    return {"cars": found[:10]}


def test_a_box_is_quartered_until_no_answer_is_cut_off(tmp_path: Path) -> None:
    day = fetched(tmp_path, BOX, in_box)
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == len(POINTS)


def test_a_box_that_is_too_small_to_be_quartered_is_told(tmp_path: Path) -> None:
    crowd = [{"id": number} for number in range(10)]
    day = fetched(tmp_path, BOX, lambda asked: {"cars": crowd if float(asked.query["s"]) < 30 else []})
    assert day.seal.cause == "capped", day.seal.message
    assert len(day.asked) < 100


def test_slices_of_two_orders_are_united(tmp_path: Path) -> None:
    orders = {"asc": [*range(6)], "desc": [9, 8, 7, 6, 5, 4]}
    declared = endpoint(
        request=Get(URL, params={"sort": "{sort}"}),
        slices={"sort": ("asc", "desc")},
        slices_overlap=True,
        pages=SinglePage(total="total"),
        trusted_total=True,
        total_slack=9,
    )

    def answer(asked: Asked) -> Any:
        found = orders[asked.query["sort"]]
        # each order loses ties, so a single page holds less than its total
        return {"cars": cars(*found), "total": 6}

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, day.seal.reported_total) == (10, 6)


def test_a_union_has_to_reach_the_largest_total(tmp_path: Path) -> None:
    declared = endpoint(
        request=Get(URL, params={"sort": "{sort}"}),
        slices={"sort": ("asc", "desc")},
        slices_overlap=True,
        pages=Offset(start="from", size=None, step=5, total="total"),
    )

    def answer(asked: Asked, lost: int = 0) -> Any:
        order = list(range(10 - lost)) if asked.query["sort"] == "asc" else list(range(9 - lost, -1, -1))
        start = int(asked.query["from"])
        return {"cars": cars(*order[start : start + 5]), "total": 10}

    assert fetched(tmp_path, declared, answer).seal.complete
    day = fetched(tmp_path / "lost", declared, lambda asked: answer(asked, 3))
    assert not day.seal.complete
