"""The words for reading an answer: identities, places of records, nothing, refusals, good statuses, two tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raw.archive.reader import read_pages
from raw.endpoint import Dealers, GraphQL, Offset, PageIndex, Post, Refused, Sign, SinglePage
from raw.fetch.derived import derive_day
from resources.failures import PlatformError
from resources.lake.lake import Lake
from tests.support.words import DAY, OEM, Asked, Said, cars, endpoint, fetched

URL = "https://oem.example/search"


@pytest.mark.parametrize(
    ("identity", "records", "unique"),
    [
        ("vehicle.documentId", [{"vehicle": {"documentId": "a"}}, {"vehicle": {"documentId": 7}}], 2),
        (("vin", "id"), [{"vin": "v1", "id": 1}, {"vin": None, "id": 2}, {"id": 3}, {"vin": " ", "id": 4}], 4),
        (("a.vin", "a.b.id"), [{"a": {"vin": "v1"}}, {"a": {"b": {"id": "x"}}}], 2),
    ],
)
def test_an_identity_may_lie_deep_or_be_the_first_of_several(
    tmp_path: Path, identity: Any, records: list[Any], unique: int
) -> None:
    day = fetched(tmp_path, endpoint(identity=identity), lambda asked: {"cars": records})
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == unique
    assert day.seal.without_identity == 0


@pytest.mark.parametrize("identity", ["vehicle.documentID", "vehicle", "documentId", ("vin", "x.y")])
def test_an_identity_that_no_record_holds_is_drift_that_names_it(tmp_path: Path, identity: Any) -> None:
    declared = endpoint(identity=identity, minimum_expected=0)
    day = fetched(tmp_path, declared, lambda asked: {"cars": [{"vehicle": {"documentId": "a"}}] * 2})
    assert day.seal.cause == "schema_drift"
    assert (identity if isinstance(identity, str) else identity[0]) in str(day.seal.message)


RECORDS = [
    ("", [{"id": 1}, {"id": 2}], 2),
    ("data[].vehicles", {"data": [{"vehicles": [{"id": 1}]}, {"vehicles": None}, {}, {"vehicles": [{"id": 2}]}]}, 2),
    ("[].cars", [{"cars": [{"id": 1}]}, {"cars": []}], 1),
    ("vehicles{}", {"vehicles": {"a": {"id": 1}, "b": {"id": 2}}}, 2),
    ("by_dealer{}.cars", {"by_dealer": {"d1": {"cars": [{"id": 1}]}, "d2": {"cars": None}}}, 1),
]


@pytest.mark.parametrize(("records", "body", "unique"), RECORDS)
def test_records_may_lie_anywhere(tmp_path: Path, records: str, body: Any, unique: int) -> None:
    day = fetched(tmp_path, endpoint(records=records), lambda asked: body)
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, day.seal.collected) == (unique, unique)


def test_records_may_be_identified_by_their_keys(tmp_path: Path) -> None:
    declared = endpoint(records="vehicles{}", identity="key", pages=SinglePage(total="total"))
    body = {"vehicles": {"a": {"x": 1}, "b": {"x": 1}}, "total": 2}
    day = fetched(tmp_path, declared, lambda asked: body)
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == 2


@pytest.mark.parametrize(("records", "body"), [("data[].cars", {"data": {}}), ("", {"cars": []}), ("a{}", {"a": []})])
def test_records_of_another_kind_are_drift(tmp_path: Path, records: str, body: Any) -> None:
    day = fetched(tmp_path, endpoint(records=records, minimum_expected=0), lambda asked: body)
    assert day.seal.cause == "schema_drift"


@pytest.mark.parametrize("nothing_is", [{}, {"exact": []}, None, "none"])
def test_no_list_may_mean_that_nothing_was_found(tmp_path: Path, nothing_is: Any) -> None:
    def answer(asked: Asked) -> Any:
        found = asked.query["model"] == "m3"
        return {"results": cars(1, 2) if found else nothing_is, "total_matches_found": 2 if found else 0}

    declared = endpoint(
        request=_by_model(),
        slices={"model": ("m3", "mx")},
        records="results",
        pages=Offset(start="offset", size=None, step=50, total="total_matches_found"),
        nothing=Sign("total_matches_found", 0),
    )
    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.slices == {"model=m3": 2, "model=mx": 0}


def test_no_list_without_the_sign_of_nothing_is_drift(tmp_path: Path) -> None:
    declared = endpoint(records="results", nothing=Sign("total", 0), minimum_expected=0)
    day = fetched(tmp_path, declared, lambda asked: {"results": {}, "total": 3})
    assert day.seal.cause == "schema_drift"


def _by_model() -> Any:
    from raw.endpoint import Get

    return Get(URL, params={"model": "{model}"})


REFUSALS = [
    (Refused(Sign("cpr_chlge", "true"), "blocked"), {"cpr_chlge": "true"}, 1),
    (Refused(Sign(status=202, no_body=True), "blocked"), Said(b"", 202), 1),
    (
        Refused(Sign(header=("x-amzn-waf-action", "challenge")), "blocked"),
        Said(b"", 202, {"X-Amzn-Waf-Action": "challenge"}),
        1,
    ),
    (Refused(Sign("result.errors", any_value=True), "bad_request"), {"result": {"errors": [1]}, "cars": cars(1)}, 1),
    (Refused(Sign("status.statusCode", 200, is_not=True), "server_error"), {"status": {"statusCode": 500}}, 3),
    (Refused(Sign("status.statusCode", 200, is_not=True), "server_error"), {"cars": cars(1)}, 3),
    (Refused(Sign("code", "unknown_market", status=500), "bad_market"), Said({"code": "unknown_market"}, 500), 3),
    (Refused(Sign("code", "no_market", status=404), "bad_market"), Said({"code": "no_market"}, 404), 1),
    (Refused(Sign(status=403), "rate_limited"), Said(b"slow down", 403), 3),
]


@pytest.mark.parametrize(("refused", "said", "asked"), REFUSALS)
def test_a_refusal_has_its_own_cause_and_is_asked_again_where_that_helps(
    tmp_path: Path, refused: Refused, said: Any, asked: int
) -> None:
    day = fetched(tmp_path, endpoint(refusals=(refused,)), lambda _: said)
    wanted = "server_error" if isinstance(said, Said) and said.status == 500 else refused.cause
    assert day.seal.cause == wanted, day.seal.message
    assert len(day.asked) == asked
    assert [row["cause"] for row in day.rows] == [wanted] * asked


@pytest.mark.parametrize("refused", [one for one, _, _ in REFUSALS])
def test_a_good_answer_is_no_refusal(tmp_path: Path, refused: Refused) -> None:
    good = {"cars": cars(1), "status": {"statusCode": 200}, "result": {"errors": []}, "cpr_chlge": "false"}
    day = fetched(tmp_path, endpoint(refusals=(refused,)), lambda _: good)
    assert day.seal.complete, day.seal.message


def test_a_refusal_that_passes_costs_an_attempt_and_no_record(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        if asked.number == 1:
            return {"status": {"statusCode": 503}, "cars": []}
        start = int(asked.query["from"])
        return {"status": {"statusCode": 200}, "cars": cars(*range(7))[start : start + 3]}

    refusals = (Refused(Sign("status.statusCode", 200, is_not=True), "server_error"),)
    declared = endpoint(refusals=refusals, pages=Offset(start="from", size=None, step=3))
    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, len(day.archived_as("refused"))) == (7, 1)


def test_a_declared_refusal_goes_before_the_errors_of_a_graphql_answer(tmp_path: Path) -> None:
    refusals = (Refused(Sign("errors.0.message", "busy"), "server_error"), Refused(Sign("busy", True), "server_error"))
    declared = endpoint(request=GraphQL(URL, "query q { cars }"), refusals=refusals[1:])
    day = fetched(tmp_path, declared, lambda asked: {"errors": [{"message": "busy"}], "busy": True})
    assert day.seal.cause == "server_error"
    day = fetched(tmp_path / "other", declared, lambda asked: {"errors": [{"message": "busy"}]})
    assert day.seal.cause == "bad_request"


@pytest.mark.parametrize(
    ("success", "status", "complete"),
    [((), 201, True), ((201,), 201, True), ((201,), 200, False), ((), 203, True), ((200,), 206, False)],
)
def test_the_statuses_of_success_are_all_of_2xx_or_those_declared(
    tmp_path: Path, success: tuple[int, ...], status: int, complete: bool
) -> None:
    day = fetched(tmp_path, endpoint(request=Post(URL), success=success), lambda _: Said({"cars": cars(1)}, status))
    assert day.seal.complete == complete, day.seal.message
    assert complete or str(status) in str(day.seal.message)


VEHICLES = endpoint(records="vehicles", pages=PageIndex(index="page", size=None, step=2))
IN_ITS_ANSWERS = endpoint(
    name="dealers",
    yields=Dealers("dealers"),
    records="dealers",
    identity="code",
    answers_of="feed",
    request=VEHICLES.request,
)


def two_tables(asked: Asked) -> Any:
    page = int(asked.query["page"])
    found = cars(0, 1, 2)[page * 2 : page * 2 + 2]
    return {"vehicles": found, "dealers": [{"code": f"d{page}"}, {"code": "both"}] if found else []}


def test_one_answer_yields_two_tables_and_is_asked_for_once(tmp_path: Path) -> None:
    day = fetched(tmp_path, VEHICLES, two_tables)
    lake = Lake((tmp_path / "lake").as_uri())
    dealers = derive_day(lake=lake, oem=OEM, endpoint=IN_ITS_ANSWERS, day=DAY).markets["es"]
    assert dealers.complete, dealers.message
    assert (dealers.unique, dealers.collected) == (3, 4)
    assert dealers.parts == day.seal.parts
    assert [page.address for page in read_pages(lake, dealers)] == [p.address for p in read_pages(lake, day.seal)]
    assert len(day.asked) == 2


def test_the_second_table_is_as_whole_as_the_answers_and_as_its_own_records(tmp_path: Path) -> None:
    lake = Lake((tmp_path / "lake").as_uri())
    with pytest.raises(PlatformError, match="never_landed"):
        derive_day(lake=lake, oem=OEM, endpoint=IN_ITS_ANSWERS, day=DAY)
    fetched(tmp_path, VEHICLES, lambda asked: Said(status=403) if asked.query["page"] == "1" else two_tables(asked))
    dealers = derive_day(lake=lake, oem=OEM, endpoint=IN_ITS_ANSWERS, day=DAY).markets["es"]
    assert (dealers.complete, dealers.cause, dealers.unique) == (False, "blocked", 2)

    fetched(tmp_path, VEHICLES, two_tables)
    assert derive_day(lake=lake, oem=OEM, endpoint=IN_ITS_ANSWERS, day=DAY).markets["es"].complete


def test_a_second_table_that_its_answers_lack_is_drift(tmp_path: Path) -> None:
    fetched(tmp_path, VEHICLES, lambda asked: {"vehicles": cars(1), "dealer": []})
    lake = Lake((tmp_path / "lake").as_uri())
    dealers = derive_day(lake=lake, oem=OEM, endpoint=IN_ITS_ANSWERS, day=DAY).markets["es"]
    assert dealers.cause == "schema_drift"
    assert "dealers" in str(dealers.message)
