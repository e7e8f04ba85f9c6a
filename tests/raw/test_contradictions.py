"""Declarations that cannot work are refused when the definitions load, with the sentence that mends them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import raw
from raw.endpoint import (
    Cursor,
    Dealers,
    First,
    Form,
    Get,
    GraphQL,
    InBody,
    InField,
    InHeader,
    InJsonParam,
    InUrl,
    InVariable,
    Inventory,
    Listed,
    MarketList,
    Offset,
    PageIndex,
    PerSecond,
    Post,
    Quarters,
    Refused,
    Sign,
    SinglePage,
    Split,
    Total,
    Way,
    computed,
)
from raw.endpoint.contradictions import contradiction
from raw.wiring.assets import raw_asset
from raw.wiring.discovery import discover
from resources.failures import Cause, PlatformError
from tests.support.declared import ENDPOINT_IDS, ENDPOINTS
from tests.support.words import endpoint
from transformed.day.assets import transformed_asset

URL = "https://oem.example/"
BY_PAGE: dict[str, Any] = {"index": "page", "size": None, "step": 3}
BY_MODEL = Get(URL, params={"model": "{model}"})
LIST = Listed(Get(URL), "models[].code", count="count")
KNOWN = Listed(Get(URL), "models[].code", known=("new",))
LIST_OF_A = Listed(Get(URL, params={"a": "{a}"}), "models[].code", count="count")
BY_A_AND_B = Get(URL, params={"a": "{a}", "b": "{b}"})
MADE_OF_A = {"a": {"x": {"host": "h"}, "y": {"host": "i"}}}
LOTS: dict[str, Any] = {"slices": {"lot": ("used", "new")}}


def _told() -> str:
    raise AssertionError("a computed value is not asked for when the definitions load")


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"name": "Feed-1"}, "name 'Feed-1' is no name"),
    ({"yields": Inventory("x y")}, "yields 'x y' is no name"),
    ({"markets": {}}, "it has no market"),
    ({"records": "a[b"}, "is no path of records"),
    ({"identity": ("vin", "")}, "an empty identity"),
    ({"request": Get("")}, "it has no request"),
    ({"request": Get(URL + "{model}")}, "the request of es has {model}, which nothing fills"),
    ({"markets": {"es": {"code_of_es": "x"}}}, "code_of_es of es, which no request holds"),
    (
        {"request": BY_MODEL, "markets": {"es": {"model": 1}}, "slices": {"model": ("a",)}},
        "model of es is filled in two",
    ),
    ({"slices": {"model": ("a",)}}, "slices by model, which the request does not hold"),
    ({"of_slice": {"model": {"a": {"x": 1}}}}, "of_slice of model, which is not sliced by these values"),
    ({"slices_overlap": True}, "slices_overlap without slices"),
    ({"way_of_slice": {"lot": {"new": Way(Get(URL))}}}, "way_of_slice of lot names new, by which no market is sliced"),
    (LOTS | {"way_of_slice": {"lot": {"new": Way(BY_MODEL)}}}, "the request of es has {model}, which nothing fills"),
    (
        LOTS | {"way_of_slice": {"lot": {"new": Way(Get(URL), SinglePage(total="n"))}}},
        "ways of which some have a total",
    ),
    (
        LOTS | {"way_of_slice": {"lot": {"new": Way(Get(URL), Offset(start=InBody("from"), size=None, step=1))}}},
        "a Get has no InBody",
    ),
    ({"request": Get(URL + "{a}{b}"), "slices": {"a": LIST, "b": ("x",)}}, "counts of one slice among several"),
    ({"split": Split("model", ("a",)), "pages": SinglePage(cap=3)}, "split by model, which the request does not hold"),
    ({"split": Split("model", ("a",)), "request": BY_MODEL}, "a `split` and nothing that says when"),
    (
        {"split": Quarters("n", "s", "e", "w", box=(1, 2, 3, 4)), "pages": SinglePage(cap=3)},
        "e, n, s, w of es, which no request holds",
    ),
    ({"pages": Offset(start=InBody("from"), size=None, step=1)}, "a Get has no InBody"),
    ({"pages": Offset(start=InVariable("from"), size=None, step=1), "request": Post(URL)}, "a Post has no InVariable"),
    (
        {"pages": Offset(start=InField("from"), size=None, step=1), "request": GraphQL(URL, "")},
        "GraphQL has no InField",
    ),
    (
        {"pages": Offset(start=InJsonParam("q", "a"), size=None, step=1), "request": Form(URL)},
        "Form has no InJsonParam",
    ),
    ({"pages": Offset(start=InUrl("from"), size=None, step=1)}, "the URL has no {from}"),
    ({"pages": Offset(start="from", size=None, step=0)}, "pages of 0 records"),
    ({"pages": Cursor(token="next", place="cursor", size="size")}, "a cursor with `size` and no `step`"),
    ({"pages": SinglePage(window=3)}, "a `window` without pages"),
    ({"pages": PageIndex(**BY_PAGE, window=2)}, "a window of 2 rows for pages of 3"),
    ({"pages": PageIndex(**BY_PAGE, serves_fewer=True)}, "serves_fewer without a `total`"),
    ({"pages": PageIndex(**BY_PAGE, total=Total())}, "a Total in the body and in a header, or in neither"),
    ({"pages": PageIndex(**BY_PAGE, total=Total("a", header="b"))}, "a Total in the body and in a header"),
    ({"pages": PageIndex(**BY_PAGE, total=Total("a", counts="cars"))}, "a Total that counts 'cars'"),
    ({"pages": PageIndex(**BY_PAGE, ends_with=400, ends=Sign(status=400))}, "`ends` and `ends_with`"),
    ({"pages": PageIndex(**BY_PAGE, end_sign=("a", 1))}, "`end_sign` without `ends_with`"),
    ({"pages": PageIndex(**BY_PAGE, ends=Sign())}, "a Sign that every answer carries"),
    ({"nothing": Sign(value=0)}, "a Sign that every answer carries"),
    ({"refusals": (Refused(Sign("a"), "busy"),)}, "a refusal of cause 'busy'"),
    ({"request": Get(URL + "{a}"), "first": First(Get(URL), values={"a": "b"}, secrets=("c",))}, "secrets names c"),
    ({"first": First(Get(URL), values={"token": "b"})}, "token of es, which no request holds"),
    ({"request_of_market": {"gb": Get(URL)}}, "request_of_market names gb"),
    ({"slices_of_market": {"gb": {}}}, "slices_of_market names gb"),
    ({"limits": {"gb": PerSecond(1)}}, "limits names gb"),
    ({"minimum_expected": {"gb": 1}}, "minimum_expected names gb"),
    ({"yields": Inventory("a", debounce_days_in={"gb": 1})}, "debounce_days_in names gb"),
    ({"limit": PerSecond(0)}, "a limit that lets no request through"),
    ({"market_list": MarketList(Get(URL), "a", "b", parameter="m")}, "compared with m, which es lacks"),
    (
        {"request": Post(URL, body={"a": "text"}), "pages": Offset(start="a.b", size=None, step=1)},
        "the request of es cannot be made: a.b leads through a value that is no object",
    ),
    (
        {"request": Post(URL, body={"a": []}), "pages": Offset(start="a.0.b", size=None, step=1)},
        "cannot be made: a.0.b leads to a place that the list has not",
    ),
    ({"request": Get(URL, params={"q": "{a{b}"})}, "a template cannot be read"),
    ({"first": First(Get(URL + "{nothing}"), values={})}, "a request before the pages of es cannot be made: nothing"),
    ({"limit": PerSecond(1, concurrency=0)}, "a limit that lets no request through"),
    ({"limits": {"es": PerSecond(0)}}, "a limit that lets no request through"),
    ({"pages": PageIndex(index="page", size=None, step=0)}, "pages of 0 records"),
    ({"pages": Cursor(token="next", place="cursor", step=3)}, "a cursor with `size` and no `step`"),
    (
        {"slices": {"lot": KNOWN}, "way_of_slice": {"lot": {"new": Way(Get(URL))}}},
        "way_of_slice of lot names new, by which no market is sliced",
    ),
    ({"of_slice": {"model": {"a": {"x": 1}}}, "slices": {"model": LIST}, "request": BY_MODEL}, "of_slice of model"),
    (
        {"request": BY_MODEL, "slices": {"model": ("a", "b")}, "of_slice": {"model": {"a": {"x": 1}, "b": {"y": 1}}}},
        "of_slice of model gives values different parameters",
    ),
    (
        {"request_of_market": {"es": Post(URL)}, "pages": Offset(start=InJsonParam("q", "a"), size=None, step=1)},
        "a Post has no InJsonParam",
    ),
    ({"pages": PageIndex(index="page", size=InBody("size"), step=1)}, "a Get has no InBody"),
    ({"pages": Cursor(token="next", place=InBody("from"))}, "a Get has no InBody"),
    ({"pages": Cursor(token="next", place="from", size=InBody("size"), step=1)}, "a Get has no InBody"),
    ({"refusals": (Refused(Sign(), "blocked"),)}, "a Sign that every answer carries"),
    ({"request": Get(URL + "{a}{b}"), "slices": {"a": LIST, "b": LIST}}, "counts of one slice among several"),
    (
        {"request": Get(URL + "{a}{b}"), "slices": {"a": LIST, "b": LIST_OF_A}},
        "counts of one slice among several",
    ),
    ({"request": Get(URL + "{a}{b}"), "slices": {"a": ("x",), "b": LIST}}, "counts of one slice among several"),
    (
        {"request": BY_MODEL, "markets": {"es": {"model": 1}}, "first": First(Get(URL), values={"model": "b"})},
        "model of es is filled in two ways",
    ),
    (
        {"request": BY_MODEL, "slices": {"model": ("a",)}, "split": Split("model", ("a",)), "pages": SinglePage(cap=3)},
        "model of es is filled in two ways",
    ),
    ({"answers_of": "other", "request": Get("")}, "answers_of='other' is none of no other endpoint"),
    ({"answers_of": "feed", "request": Get("")}, "answers_of='feed' is none of no other endpoint"),
]


@pytest.mark.parametrize(("words", "told"), CONTRADICTIONS, ids=[told for _, told in CONTRADICTIONS])
def test_a_contradiction_is_told_with_what_to_write_instead(words: dict[str, Any], told: str) -> None:
    declared = endpoint(**words)
    found = contradiction(declared, [declared])
    assert found is not None
    assert told in found[0]
    assert found[1].endswith(".")


SOUND: list[dict[str, Any]] = [
    {"request": Post(URL, body={"lead": computed(_told)})},
    {"request": Get(URL, params={"q": '{{"model": "{model}"}}'}), "slices": {"model": ("a",)}},
    {"pages": PageIndex(index=InHeader("x-page"), size=None, step=3, window=9), "request": GraphQL(URL, "")},
    {"request": BY_MODEL, "slices": {"model": LIST}},
    {
        "request": Get("https://{host}/", params={"key": "{key}"}),
        "first": (First(Get(URL), values={"host": "h"}), First(Get("https://{host}/"), values={"key": "k"})),
    },
]


SOUND += [
    {"request": BY_MODEL, "split": Split("model", ("a",)), "pages": SinglePage(cap=3)},
    {"request": BY_MODEL, "split": Split("model", ("a",)), "pages": PageIndex(**BY_PAGE, window=3)},
    {"request": Get(URL + "{from}"), "pages": Offset(start=InUrl("from"), size="size", step=1)},
    {"request_of_market": {"es": Post(URL)}, "pages": Offset(start="from", size="size", step=1)},
    {"request": Form(URL), "pages": Offset(start=InField("from"), size=None, step=1)},
    {"pages": Cursor(token="next", place="cursor", size="size", step=1)},
    {"pages": PageIndex(**BY_PAGE, serves_fewer=True, total="n")},
    {"pages": PageIndex(**BY_PAGE, total=Total("a", counts="pages"))},
    {"pages": PageIndex(**BY_PAGE, total=Total(header="a"))},
    {"pages": PageIndex(**BY_PAGE, ends_with=404, end_sign=("a", 1))},
    {"pages": PageIndex(**BY_PAGE, ends=Sign(status=404))},
    {"nothing": Sign("total", 0), "refusals": (Refused(Sign(header=("a", "b")), "blocked"),)},
    {"nothing": Sign(no_body=True), "refusals": (Refused(Sign(status=418), "timeout"),)},
    {"limits": {"es": PerSecond(0.5, concurrency=1)}, "minimum_expected": {"es": 5}},
    {"market_list": MarketList(Get(URL), "a", "b", parameter="m"), "markets": {"es": {"m": "x"}}},
    {"request": BY_MODEL, "slices": {"model": ("a",)}, "slices_overlap": True},
    {"request": BY_A_AND_B, "slices": {"a": ("x", "y"), "b": LIST_OF_A}},
    {"request": BY_A_AND_B, "slices": {"a": KNOWN, "b": KNOWN}},
    {"request": Get(URL, params={"host": "{host}"}), "slices": {"a": ("x", "y")}, "of_slice": MADE_OF_A},
    {
        "request": Get(URL, params={"host": "{host}", "b": "{b}"}),
        "slices": {"a": ("x", "y"), "b": Listed(Get("https://{host}/"), "models[].code", count="count")},
        "of_slice": MADE_OF_A,
    },
    LOTS | {"way_of_slice": {"lot": {"new": Way(Get(URL)), "used": Way(Post(URL), Offset("from", None, 1))}}},
    LOTS | {"pages": SinglePage(total="n"), "way_of_slice": {"lot": {"new": Way(Get(URL), SinglePage(total="m"))}}},
    {
        "request": Get(URL + "?{n}{s}{e}{w}"),
        "split": Quarters("n", "s", "e", "w", box=(1, 2, 3, 4)),
        "pages": SinglePage(cap=3),
    },
    {
        "request": Get(URL, headers={"key": "{key}"}),
        "first": First(Get(URL), values={"key": "a"}, secrets=("key",)),
    },
]


@pytest.mark.parametrize("words", SOUND)
def test_a_sound_declaration_is_taken(words: dict[str, Any]) -> None:
    declared = endpoint(**words)
    assert contradiction(declared, [declared]) is None


def test_an_endpoint_reads_the_answers_of_a_market_that_they_have() -> None:
    feed = endpoint(markets={"es": {}})
    words: dict[str, Any] = {"name": "dealers", "yields": Dealers("dealers"), "answers_of": "feed"}
    assert contradiction(endpoint(**words, request=Get("")), [feed]) is None
    found = contradiction(endpoint(**words, request=Get(""), markets={"gb": {}}), [feed])
    assert found is not None
    assert "feed has no market gb" in found[0]
    third = endpoint(name="third", yields=Dealers("third"), answers_of="dealers", request=Get(""))
    found = contradiction(third, [feed, endpoint(**words, request=Get("")), third])
    assert found is not None
    assert "answers_of='dealers' is none of feed" in found[0]
    found = contradiction(endpoint(**words), [feed])
    assert found is not None
    assert "it has a request and `answers_of`" in found[0]


@pytest.mark.parametrize(("oem", "one"), ENDPOINTS, ids=ENDPOINT_IDS)
def test_what_the_makers_declare_is_sound(oem: Any, one: Any) -> None:
    assert contradiction(one, oem.endpoints) is None


def test_names_that_do_not_agree_are_refused_with_the_file_to_mend() -> None:
    oem, one = ENDPOINTS[0]
    other = endpoint(name="misspelt", yields=Inventory("misspelt_inventory"))
    with pytest.raises(PlatformError, match=rf"resources/sandbox/{oem.name}\.py plays .*{one.name}") as error:
        raw_asset(oem.name, other, shares_table=False)
    assert 'endpoint="misspelt"' in str(error.value)
    with pytest.raises(PlatformError, match=rf"there is no MISSPELT_INVENTORY in transformed/{oem.name}\.py"):
        transformed_asset(oem.name, other, shares_table=False)
    with pytest.raises(PlatformError, match=r"there is no resources/sandbox/yugo\.py for raw/yugo\.py"):
        raw_asset("yugo", one, shares_table=False)
    with pytest.raises(PlatformError, match=r"there is no transformed/yugo\.py for raw/yugo\.py"):
        transformed_asset("yugo", one, shares_table=False)


def test_a_contradiction_stops_the_load_of_the_definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yugo.py").write_text(
        "from raw.endpoint import Dealers, Endpoint, Get\n"
        "ENDPOINTS = (Endpoint(name='search', yields=Dealers('dealers'), request=Get('https://oem.example/{model}'),"
        " records='a', identity='id', markets={'es': {}}),)\n"
    )
    monkeypatch.setattr(raw, "__path__", [*raw.__path__, str(tmp_path)])
    with pytest.raises(PlatformError, match=r"yugo search: configuration: the request of es has \{model\}") as error:
        discover()
    sys.modules.pop("raw.yugo")
    assert error.value.cause is Cause.CONFIGURATION
