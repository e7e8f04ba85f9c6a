"""Records that break the contract or the declared types, and records with a value that is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.transformed_support import DAY

FUTURE = (DAY + timedelta(days=30)).isoformat()
HOSTILE: dict[str, tuple[Any, str]] = {
    "no id": ({"carId": None}, "listing_id"),
    "blank id": ({"carId": "  "}, "listing_id"),
    "no such currency": (
        {"typedPrices": [{"type": "retail", "amount": 1, "currencyCode": "€"}]},
        "price_currency|regex",
    ),
    "year of another age": ({"modelYear": 1066}, "model_year|min"),
    "year past the type": ({"modelYear": 99_999}, "model_year|dtype"),
    "negative mileage": ({"used": {"mileage": -5}}, "mileage_km|min"),
    "mileage past the type": ({"used": {"mileage": 1e12}}, "mileage_km|dtype"),
    "object for text": ({"carId": {"id": 1}}, "schema_drift"),
    "list for object": ({"dealer": ["Leioa"]}, "schema_drift"),
    "text for number": ({"modelYear": "MY18"}, "schema_drift"),
}
"""name -> (changes to a good car, the rule that refuses it)."""


def _price(amount: float | str) -> dict[str, Any]:
    return {"typedPrices": [{"type": "retail", "amount": amount, "currencyCode": "EUR"}]}


UNKNOWN: dict[str, dict[str, Any]] = {
    "price_amount of zero": _price(0),
    "price_amount below zero": _price(-13590.0),
    "price_amount of nothing but a cent's part": _price(0.001),
    "price_amount past every car": _price(1e13),
    "price_amount in groups": _price("13.590"),
    "mileage_km in groups": {"used": {"mileage": "12.000"}},
    "first_registration_on in the future": {"used": {"initialRegistration": FUTURE}},
    "first_registration_on in the year 1": {"used": {"initialRegistration": "0001-01-01"}},
    "first_registration_on before cars": {"used": {"initialRegistration": "1900-01-01"}},
    "first_registration_on in seconds": {"used": {"initialRegistrationDate": 1_525_910_400}},
    "vin of 16": {"vin": "WAUZZZ8V0KA00000"},
    "vin of zeros": {"vin": "0" * 17},
    "vin of crosses": {"vin": "X" * 17},
    "vin that counts": {"vin": "12345678901234567"},
    "vin in words": {"vin": "TO BE CONFIRMED"},
    "vin that ends in zeros": {"vin": "WAUZZZ00000000000"},
    "power_kw in groups": {"powerDisplay": "1,020 kW"},
    "power_kw of zero": {"powerDisplay": "0 kW (0 CV)"},
    "model_year of zero": {"modelYear": 0},
}
"""name, beginning with the column -> changes to a good car by which that column is unknown, and the car a row."""
