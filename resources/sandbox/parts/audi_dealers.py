"""Audi's played dealers: one network a country, the same businesses in SCS (beside a car) and in PSS.

The join is by id: SCS has the market-local number (`05346`), PSS puts the country before it (`ESP05346`);
`trackingId` in SCS is PSS's id. PSS also lists workshops that sell nothing, and test dealers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from resources.sandbox.parts.audi_tables import (
    CITIES,
    COUNTRIES,
    PERSON_FIRST_NAMES,
    PERSON_LAST_NAMES,
    Country,
)

_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_OPENS = ("08:00:00", "08:30", "0900")  # the three ways in which PSS writes a time
_CLOSES = ("18:30", "1800", "19:00:00")
_BY_ISO3 = {country.iso3: country for country in COUNTRIES}


@dataclass(frozen=True, slots=True)
class Dealer:
    """scs: the `dealer` object of a car, encoded once; pss: every field that PSS can be asked for."""

    id: str
    scs: msgspec.Raw
    pss: dict[str, Any]
    sells: bool


@lru_cache(maxsize=64)
def network(seed: int, iso3: str) -> list[Dealer]:
    """The dealers of a country, without the test dealers; the dealers that sell come first."""
    country = _BY_ISO3[iso3]
    workshops = country.dealers // 10
    return [
        _dealer(seed, country, number, sells=number < country.dealers - workshops) for number in range(country.dealers)
    ]


def stock_dealers(seed: int, iso3: str) -> list[Dealer]:
    """The dealers with cars on offer."""
    return [dealer for dealer in network(seed, iso3) if dealer.sells]


def pss_dealers(seed: int, iso3: str) -> list[dict[str, Any]]:
    """What `dealersByMarket` lists: the network, and a test dealer in the midst of it."""
    dealers = [dealer.pss for dealer in network(seed, iso3)]
    test: dict[str, Any] = {
        **dict.fromkeys(dealers[0]),
        "dealerId": f"{iso3}A00000",
        "name": "Test",
        "latitude": 0.0,
        "longitude": 0.0,
        "street": "Test",
        "city": "Test",
        "country": iso3,
        "url": "test.com",
        "services": [],
    }
    return [*dealers[:3], test, *dealers[3:]]


def _local_id(country: Country, number: int, draws: bytes) -> str:
    """A number that is unique in its country, in the country's style."""
    if country.iso3 == "USA":
        return f"{number:02d}{'ABCDEFGH'[draws[0] % 8]}{draws[1] % 100:02d}"
    digits = f"{(number * 761 + 5346) % 100_000:05d}"
    return f"A{digits}" if country.iso3 == "DEU" else digits


def _dealer(seed: int, country: Country, number: int, *, sells: bool) -> Dealer:
    draws = blake2b(f"{seed}/audi/{country.iso3}/{number}".encode()).digest()
    identifier = _local_id(country, number, draws)
    cities = CITIES[country.iso3]
    city = cities[number % len(cities)]
    name = country.names[draws[2] % len(country.names)].format(city.name)
    if number >= len(cities):
        name = f"{name} {number // len(cities) + 1}"
    street = country.streets[draws[3] % len(country.streets)]
    house_number = str(1 + draws[4])
    latitude = round(city.latitude + (draws[5] - 128) / 1500, 5)
    longitude = round(city.longitude + (draws[6] - 128) / 1500, 5)
    phone = f"{country.phone}{draws[7]:03d}"
    site = f"{country.iso2.lower()}-{identifier.lower()}.audi.example"
    scs: dict[str, Any] = {
        "id": identifier,
        "name": name.upper() if draws[8] < 60 else name,
        "street": f"{street} {house_number}",
        "zipCode": city.postal_code,
        "city": city.name,
        "geoLocation": {"lat": latitude, "lon": longitude},
        "email": f"info@{site}",
        "phoneNumbers": [{"number": phone, "type": "sales"}],
        "trackingId": f"{country.iso3}{identifier}",
        "isAffiliateCompany": draws[9] < 20,
        "dealerContextLinkData": [
            {
                "context": "A",
                "dealerId": identifier,
                "groupName": name.upper(),
                "hasDealerAddressData": True,
                "geoLocation": {"lat": latitude, "lon": longitude},
            }
        ],
    }
    if draws[10] < 90:  # what must never reach a typed table
        scs["dealerPersons"] = [
            {
                "firstname": PERSON_FIRST_NAMES[draws[11] % len(PERSON_FIRST_NAMES)],
                "lastname": PERSON_LAST_NAMES[draws[12] % len(PERSON_LAST_NAMES)],
            }
        ]
    if draws[13] < 100:
        del scs["isAffiliateCompany"]
    if draws[14] < 12:
        del scs["email"]
    pss = {
        "dealerId": f"{country.iso3}{identifier}",
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "street": street,
        "houseNumber": house_number if draws[15] < 230 else None,
        "city": city.name,
        "region": city.region,
        "zipCode": city.postal_code if draws[16] < 248 else None,
        "country": country.iso3,
        "phone": phone if draws[17] < 243 else None,
        "fax": f"{phone}9" if draws[18] < 80 else None,
        "url": f"https://www.{site}" if draws[19] < 150 else f"www.{site}",
        "email": f"info@{site}" if draws[20] < 230 else None,
        "services": _services(draws[21], sells=sells),
        "openingHours": _opening_hours(country, draws) if draws[22] < 225 else None,
    }
    return Dealer(identifier, msgspec.Raw(msgspec.json.encode(scs)), pss, sells)


def _services(draw: int, *, sells: bool) -> list[str]:
    if not sells:
        return ["service"]
    return ["sales", "usedcars", "service"] if draw < 200 else ["usedcars"] if draw < 220 else ["sales", "usedcars"]


def _opening_hours(country: Country, draws: bytes) -> dict[str, Any]:
    return {
        "departments": [
            {
                "departmentName": department,
                "openingHours": [
                    _weekday(day, position, draws[24 + position]) for position, day in enumerate(_WEEKDAYS)
                ],
            }
            for department in country.departments
        ]
    }


def _weekday(day: str, position: int, draw: int) -> dict[str, Any]:
    if position == 6 or (position == 5 and draw < 128):
        return {"id": day, "open": False, "timeRanges": []}
    ranges = [{"openTime": _OPENS[draw % 3], "closeTime": _CLOSES[draw // 3 % 3]}]
    if draw > 220:  # a midday break
        ranges = [{"openTime": "09:00", "closeTime": "13:00"}, {"openTime": "14:30", "closeTime": "1900"}]
    return {"id": day, "open": True, "timeRanges": ranges}
