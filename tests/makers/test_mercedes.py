"""Mercedes-Benz: a total that says too much is no sign of missing cars, one that says far too much is."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.platforms.onesearch import KR_INVENTORY
from tests.support.one_record import typed
from tests.support.words import Asked, fetched


@pytest.mark.parametrize(("said", "cause"), [(70, None), (75, None), (80, "shortfall")])
def test_the_total_of_korea_is_a_little_too_large(tmp_path: Path, said: int, cause: str | None) -> None:
    cars = [{"identification": {"code": f"c{number}"}} for number in range(70)]

    def answer(asked: Asked) -> object:
        first = (asked.json["variables"]["page"] - 1) * 50
        return {"data": {"search": {"navigation": {"totalResults": said}, "results": cars[first : first + 50]}}}

    day = fetched(tmp_path, KR_INVENTORY, answer)
    assert (day.seal.collected, day.seal.cause) == (70, cause)


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
