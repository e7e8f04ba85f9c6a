"""Polestar: two services in one market, configurations without VIN; the days that a collector kept."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from raw.polestar import INVENTORY
from tests.support.one_record import Typed, typed
from tests.support.transformed_support import captures


def _labels(text: str | None) -> dict[str, Any]:
    return {"labels": [{"label": text}]}


def _ad(row: dict[str, Any]) -> dict[str, Any]:
    """A collector's row as the first service told it."""
    return {
        "id": row["id"], "firstTimeRegistration": row["firstRegistration"], "vatDeductible": row["vatDeductible"],
        "price": {"retail": row["price"], "currency": row["currency"]},
        "mileageInfo": {"distance": row["mileageRaw"], "metric": row["mileageUnit"]},
        "partnerLocation": {"name": row["partner"], "city": row["locationCity"]},
        "vehicleDetails": {
            "vin": row["vin"], "cycleState": row["cycleState"], "drivetrainInfo": [{"label": row["drivetrain"]}],
            "modelDetails": {"code": row["modelCode"], "displayName": row["displayName"],
                             "modelYear": row["modelYear"]},
            "motorInfo": _labels(row["motorLabel"]), "rangeInformation": [{"value": row["rangeKm"]}],
            "engineDetails": {"powerInfo": [{"label": row["power"]}]}, "exterior": _labels(row["color"]),
        },
    }  # fmt: skip


def _configuration(row: dict[str, Any]) -> dict[str, Any]:
    """A collector's row as the second service told it."""
    said = {"Model": (row["modelCode"], row["displayName"]), "Engine": (row["motorCode"], row["motorLabel"]),
            "Color": (row["colorCode"], row["color"]), "Drive": (None, row["drivetrain"])}  # fmt: skip
    return {
        "id": row["id"].split(":")[2], "pno34": row["pno34"], "modelYear": row["modelYear"],
        "earliestDeliveryDate": row["deliveryDate"],
        "cashPriceData": {"listPrice": {"totals": {"car": {"carTotalPrice": {"value": row["listPrice"]}}}},
                          "discounted": {"totals": {"car": {"carTotalPrice": {"value": row["price"]}}}}},
        "content": [{"featureType": kind, "code": code, "name": name} for kind, (code, name) in said.items()],
        "techData": {"engineBev_TotalKw": row["power"], "engineBev_ElectricRange": f"{row['rangeKm']} km"},
    }  # fmt: skip


def _saved(*path: str) -> Any:
    return json.loads(gzip.decompress(captures("polestar", *path[:-1], f"{path[-1]}.json.gz").read_bytes()))


def _both(rows: list[dict[str, Any]], market: str) -> list[Typed]:
    lots = {"preowned": _ad, "stock": _configuration}
    return [
        typed("polestar", INVENTORY, [make(row) for row in rows if row["source"] == lot], market)
        for lot, make in lots.items()
    ]


# the last day that asked all markets, and one that asked Spain and carried the others over; every day under soak
@pytest.mark.slow
@pytest.mark.parametrize("look", ["2026-08-21T0948Z", "2026-08-18T0517Z"])
def test_a_collectors_days(look: str) -> None:
    day = json.loads(
        gzip.decompress((captures("polestar", "inventory_normalized") / f"inventory_{look}.json.gz").read_bytes())
    )
    assert len(day["markets"]) == 7
    assert {*day["markets"]} < {*INVENTORY.markets}
    for market, told in day["markets"].items():
        lots = _both([row for row in day["vehicles"] if row["country"] == market], market)
        rows = [row for lot in lots for row in lot.rows]
        assert Counter("stock" if row["condition"] == "new" else "preowned" for row in rows) == Counter(
            told["bySource"]
        )
        assert (len({row["listing_id"] for row in rows}), [lot.quarantine for lot in lots]) == (told["count"], [[], []])
        assert [line for lot in lots for line in lot.drift if "unknown" in line or "drive_type" in line] == []
        assert {row["vin"] is None for row in rows if row["condition"] == "new"} == {True}
        assert all(row["price_amount"] and row["power_kw"] and row["electric_range_km"] for row in rows)


@pytest.mark.parametrize(
    ("look", "certified", "used"), [("2025-09-05T0231Z", 119, 64), ("2025-09-05T1836Z", None, None)]
)
def test_days_of_the_united_states(look: str, certified: int | None, used: int | None) -> None:
    saved = _saved("us_searchVehicleAds_normalized", look)
    found = saved if isinstance(saved, list) else [row for of_model in saved.values() for row in of_model]
    ads = [
        {
            "id": row.get("vehicle_id") or row["id"], "firstTimeRegistration": row["first_time_registration"],
            "price": {"retail": row["retail_price"], "currency": "USD"},
            "partnerLocation": {"name": row["partner_location"]},
            "mileageInfo": {"distance": row["mileage"], "metric": "mi"},
            "vehicleDetails": {"vin": row["vin"], "cycleState": row["state"],
                               "modelDetails": {"displayName": row["model"], "modelYear": row["year"]}},
        }
        for row in found
    ]  # fmt: skip
    done = typed("polestar", INVENTORY, ads, "us")
    assert (len(done.rows), done.quarantine) == (len(found), [])
    conditions = Counter(row["condition"] for row in done.rows)
    assert certified is None or conditions == {"certified": certified, "used": used}
    assert {row["price_kind"] for row in done.rows} == {"asking_net"}


def test_the_price_of_a_configuration_is_the_smaller_one() -> None:
    car = _configuration(dict.fromkeys(("modelCode", "displayName", "motorCode", "motorLabel", "colorCode", "color",
        "drivetrain", "power", "rangeKm")) | {"id": "stock:es:a", "pno34": "534", "modelYear": 2027, "listPrice": 46990,
        "price": 41900.0, "deliveryDate": "2026-10-21T00:00:00Z"})  # fmt: skip
    row = typed("polestar", INVENTORY, [car], "es").row
    assert (row["price_amount"], row["list_price_amount"]) == (Decimal(41900), Decimal(46990))
    assert (row["listing_id"], row["vin"], str(row["expected_on"])) == ("a", None, "2026-10-21")
