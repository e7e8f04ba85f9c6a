"""Ford in Spain: a key for each request, and refusals with status 200 whose code stands in the body."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.ford import E_USED, new_key
from resources.lake.lake import Lake
from tests.support.one_record import typed
from tests.support.played import PlayedApis
from tests.support.sweeps import DAY


def fetched(endpoint: Endpoint, folder: Path) -> Any:
    lake, apis = Lake(folder.as_uri()), PlayedApis("sandbox", vehicles=300)
    return fetch_day(lake=lake, oem="ford", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None).markets[
        "es"
    ]


def asking(**changes: Any) -> Endpoint:
    return replace(E_USED, request=replace(E_USED.request, **changes))


def test_a_key_is_the_time_and_a_nonce() -> None:
    keys = {new_key() for _ in range(100)}
    stamp, nonce = b64decode(keys.pop()).decode().split(":")
    assert (len(keys), len(stamp), len(nonce)) == (99, 13, 32)


def test_a_wrong_request_is_no_empty_stock(tmp_path: Path) -> None:
    request: Any = E_USED.request
    assert fetched(E_USED, tmp_path / "good").complete
    in_the_body = fetched(asking(body={**request.body, "locale": "fr_FR"}), tmp_path / "locale")
    assert (in_the_body.complete, in_the_body.cause) == (False, "server_error")
    swapped = fetched(asking(body={**request.body, "longLatCoordinates": "40.0,-3.70"}), tmp_path / "swapped")
    assert (swapped.complete, swapped.cause) == (False, "empty_feed")
    once = fetched(asking(headers={**request.headers, "x-eusl-k": "MTc2NDA5NjAwMDAwMDphYg=="}), tmp_path / "key")
    assert not once.complete


def test_nobodys_number_plate() -> None:
    car = {"Vehicle": {"Identity": {"ID": 7, "RegistrationNumber": "1234ZZZ"}, "Brand": {"ShortDescription": "FORD"},
                       "CurrentCondition": {"CurrentOdometerReading": {"value": 41000}}},
           "VendorInformation": {"VendorCode": "57512", "Price": {"value": 21900.0}}}  # fmt: skip
    found = typed("ford", E_USED, [car], "es")
    assert (found.row["listing_id"], found.row["mileage_km"], found.row["brand"]) == ("7", 41000, "Ford")
    assert "1234ZZZ" not in str(found)
