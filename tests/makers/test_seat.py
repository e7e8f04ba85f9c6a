"""SEAT: what differs from CUPRA on the platform VTP (`tests/makers/test_cupra.py`)."""

from __future__ import annotations

from datetime import date

from raw.seat import VTP_SEARCH
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.one_record import typed


def test_a_new_car_has_no_mileage() -> None:
    href = "https://vtpapi.seat.com/restapi/v1/stesnwb/datastore/dealer/ESP00485"
    car = {"carid": "ESP004850000001", "items": [{"key": "manuf", "value": "SEAT"}], "hypermediadealer": {"href": href}}
    row = typed("seat", VTP_SEARCH, [{"car": car}], "es").row
    assert (row["condition"], row["mileage_km"], row["brand"]) == ("new", None, "SEAT")


def test_its_tenants_are_told_apart_from_cupras() -> None:
    routes = [route for route in Sandbox(World(date(2026, 11, 2), 10)).routes if route.host == "vtpapi.seat.com"]
    assert [route.oem for route in routes if route.match("/restapi/v1/stesnwb/search/car")] == ["seat"]
