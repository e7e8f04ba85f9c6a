"""Records that break the contract or the declared types: name -> (changes to a good car, the rule that refuses it)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.transformed_support import DAY

FUTURE = (DAY + timedelta(days=30)).isoformat()
HOSTILE: dict[str, tuple[Any, str]] = {
    "no id": ({"carId": None}, "listing_id"),
    "blank id": ({"carId": "  "}, "listing_id"),
    "negative price": (
        {"typedPrices": [{"type": "retail", "amount": -13590.0, "currencyCode": "EUR"}]},
        "price_amount|min",
    ),
    "price of zero": ({"typedPrices": [{"type": "retail", "amount": 0, "currencyCode": "EUR"}]}, "price_amount|min"),
    "no such currency": (
        {"typedPrices": [{"type": "retail", "amount": 1, "currencyCode": "€"}]},
        "price_currency|regex",
    ),
    "future registration": ({"used": {"initialRegistration": FUTURE}}, "first_registration_is_not_in_the_future"),
    "year of another age": ({"modelYear": 1066}, "model_year|min"),
    "year past the type": ({"modelYear": 99_999}, "model_year|dtype"),
    "negative mileage": ({"used": {"mileage": -5}}, "mileage_km|min"),
    "mileage past the type": ({"used": {"mileage": 1e12}}, "mileage_km|dtype"),
    "vin of 16": ({"vin": "WAUZZZ8V0KA00000"}, "vin|regex"),
    "object for text": ({"carId": {"id": 1}}, "schema_drift"),
    "list for object": ({"dealer": ["Leioa"]}, "schema_drift"),
    "text for number": ({"modelYear": "MY18"}, "schema_drift"),
}
