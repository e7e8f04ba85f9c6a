"""Audi's dealers as rows: addresses, services, opening hours, and the tests that PSS serves among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raw.audi import PSS_DEALERS
from tests.support.one_record import typed
from tests.support.transformed_support import DAY, body_of, captures, lake_at, land, quarantine_of, rows_of
from transformed.day.transform import transform_day


def test_the_composite_dealers(tmp_path: Path) -> None:
    body = captures("audi", "pss_dealers", "COMPOSITE_example_dealersByMarket.json").read_bytes()
    lake = lake_at(tmp_path)
    land(lake, "audi", PSS_DEALERS, {"de": [body]})
    report = transform_day(lake=lake, oem="audi", endpoint=PSS_DEALERS, day=DAY)
    (found,) = rows_of(lake, report)
    assert {name: found[name] for name in found if name not in ("archive_address", "fetched_at", "oem", "market")} == {
        "dealer_id": "DEUA26159",
        "name": "Autohaus Beispiel GmbH",
        "street": "Beispielstraße 1",
        "postal_code": "77815",
        "city": "Bühl",
        "region": "Baden-Württemberg",
        "country_code": "DE",
        "latitude": 48.6951,
        "longitude": 8.135,
        "phone": "+49 7223 000000",
        "website": "https://www.beispiel.audi",
        "services": ["sales", "service", "used_cars"],
        "opening_hours": '{"Verkauf": {"Mo": [["08:00", "18:30"]], "Su": []}}',
    }
    assert report.drift == []
    assert (report.markets["de"].received, report.markets["de"].quarantined) == (2, 1)
    (test_dealer,) = quarantine_of(lake, report)
    assert (test_dealer["rule"], test_dealer["identity"]) == ("test_dealer", "DEUA00000")


DEALER: dict[str, Any] = {"dealerId": "ESPA1", "name": "Audi Uno", "street": "Gran Vía", "country": "ESP"}


def dealer(**changes: Any) -> dict[str, Any]:
    return typed("audi", PSS_DEALERS, [{**DEALER, **changes}], "es").row


@pytest.mark.parametrize("time", ["08:00:00", "08:00", "0800", "8:00"])
def test_times_have_one_form(time: str) -> None:
    hours = [
        {
            "id": "Tu",
            "open": True,
            "timeRanges": [{"openTime": "16:00", "closeTime": "20:00"}, {"openTime": time, "closeTime": "1330"}],
        },
        {"id": "Mo", "open": False, "timeRanges": None},
    ]
    departments = [
        {"departmentName": "Ventas", "openingHours": hours},
        {"departmentName": "Taller", "openingHours": None},
    ]
    found = dealer(openingHours={"departments": departments})
    assert found["opening_hours"] == (
        '{"Taller": {}, "Ventas": {"Mo": [], "Tu": [["08:00", "13:30"], ["16:00", "20:00"]]}}'
    )


@pytest.mark.parametrize("hours", [None, {}, {"departments": None}, {"departments": []}, {"departments": [None]}])
def test_no_opening_hours(hours: Any) -> None:
    assert dealer(openingHours=hours)["opening_hours"] is None


@pytest.mark.parametrize(
    ("url", "website"),
    [
        ("www.uno.audi", "https://www.uno.audi"),
        ("http://uno.audi", "http://uno.audi"),
        ("HTTPS://uno.audi", "HTTPS://uno.audi"),
        ("", None),
        (None, None),
    ],
)
def test_a_web_site_has_its_scheme(url: str | None, website: str | None) -> None:
    assert dealer(url=url)["website"] == website


@pytest.mark.parametrize(
    ("services", "ours"),
    [
        (["usedcars", "sales", "sales"], ["sales", "used_cars"]),
        (["etron", None], ["etron"]),
        ([], []),
        (None, None),
    ],
)
def test_services(services: Any, ours: Any) -> None:
    assert dealer(services=services)["services"] == ours


@pytest.mark.parametrize(("country", "code"), [("ESP", "ES"), ("AND", "AD"), ("es", "ES"), (None, None)])
def test_countries_are_alpha_2(country: str | None, code: str | None) -> None:
    assert dealer(country=country)["country_code"] == code


@pytest.mark.parametrize("changes", [{"street": "test"}, {"url": "https://www.test.com/"}])
def test_test_dealers_are_told_from_dealers(changes: dict[str, Any]) -> None:
    others = {**DEALER, "dealerId": "ESPA2", "url": "mytest.com"}
    found = typed("audi", PSS_DEALERS, [{**DEALER, **changes}, others], "es")
    assert [row["dealer_id"] for row in found.rows] == ["ESPA2"]
    assert [row["rule"] for row in found.quarantine] == ["test_dealer"]


def test_a_dealer_sent_twice_is_one_row(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    land(lake, "audi", PSS_DEALERS, {"es": [body_of(PSS_DEALERS, [DEALER, {**DEALER, "phone": "+34 0"}, DEALER])]})
    report = transform_day(lake=lake, oem="audi", endpoint=PSS_DEALERS, day=DAY)
    assert [row["phone"] for row in rows_of(lake, report)] == ["+34 0"]
    assert report.markets["es"].duplicates == 2
