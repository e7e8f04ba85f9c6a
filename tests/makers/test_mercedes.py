"""Mercedes-Benz: a total that says too much is no sign of missing cars, one that says far too much is."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.mercedes import MBUSA_SEARCH
from raw.platforms.onesearch import KR_INVENTORY
from tests.support.one_record import typed
from tests.support.words import Asked, Said, fetched


@pytest.mark.parametrize(("said", "cause"), [(70, None), (75, None), (80, "shortfall")])
def test_the_total_of_korea_is_a_little_too_large(tmp_path: Path, said: int, cause: str | None) -> None:
    cars = [{"identification": {"code": f"c{number}"}} for number in range(70)]

    def answer(asked: Asked) -> object:
        first = (asked.json["variables"]["page"] - 1) * 50
        return {"data": {"search": {"navigation": {"totalResults": said}, "results": cars[first : first + 50]}}}

    day = fetched(tmp_path, KR_INVENTORY, answer)
    assert (day.seal.collected, day.seal.cause) == (70, cause)


def page_of(asked: Asked, classes: dict[str, int]) -> object:
    """The used search of the United States: cars of one class, the facets of all where none is named."""
    wanted = asked.query.get("class")
    vins = [f"{one}{number}" for one, count in classes.items() if one == wanted for number in range(count)]
    first = 12 * int(asked.query["start"])
    paging = {"totalCount": len(vins)}
    facet = [{"value": one, "count": count} for one, count in classes.items() if wanted in (None, one)]
    records = [{"vin": vin} for vin in vins[first : first + 12]]
    result = {"pagedVehicles": {"records": records, "paging": paging}, "facets": {"modelIdentifier": {"values": facet}}}
    return {"success": True, "result": result}


def test_a_class_that_nobody_knew_is_asked_for_when_the_facets_name_it(tmp_path: Path) -> None:
    classes = {"E": 30, "VLE": 13}
    day = fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, classes))
    assert day.seal.complete, day.seal.message
    assert {name: count for name, count in day.seal.slices.items() if count} == {"class=E": 30, "class=VLE": 13}
    assert len(day.seal.slices) == 19


def test_a_host_that_wants_a_class_in_every_request_is_asked_for_those_that_are_known(tmp_path: Path) -> None:
    def answer(asked: Asked) -> object:
        return page_of(asked, {"E": 30}) if "class" in asked.query else Said({"success": False}, 400)

    day = fetched(tmp_path, MBUSA_SEARCH, answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.collected, len(day.seal.slices)) == (30, 18)
    assert "the list of class is not served" in day.manifest.drift[0]


def test_a_car_of_korea() -> None:
    car = {
        "identification": {"code": "a1", "dealerId": "7"}, "vehicleModel": {"bodyType": {"value": "Roadster"}},
        "price": {"grossValue": 62_000_000}, "technicalInformation": {"engine": {"fuelType": {"value": "Kerosene"}}},
    }  # fmt: skip
    done = typed("mercedes", KR_INVENTORY, [car], "kr")
    assert (done.row["price_amount"], done.row["price_currency"], done.row["body_type"]) == (
        62_000_000,
        "KRW",
        "roadster",
    )
    assert (done.row["fuel_type"], done.row["fuel_type_source"], len(done.drift_of("fuel_type"))) == (
        None,
        "Kerosene",
        1,
    )
