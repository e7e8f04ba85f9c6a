"""Mercedes-Benz USA's played dealers, the same objects in the dealer service and inside every car."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import asin, cos, radians, sin, sqrt
from typing import Any

import msgspec

from resources.sandbox.parts.mercedes_tables import CITIES, REGION_CODES, City

_DEALERS = 140
_WITHOUT_STOCK = 12
_EARTH_RADIUS_MILES = 3958.8
_DIRECTIONS = ("", " North", " South")
_STREETS = ("Motor Avenue", "Auto Mall Drive", "Commerce Boulevard", "Highway 50")
_PROGRAMS: tuple[list[str], ...] = (
    ["eqready"],
    ["prmrexp", "eqready"],
    ["maybach", "zevst", "eqready"],
    ["amg", "maybach", "eqready"],
    [],
)
# what is asked from where no dealer is: the middle of the country, with a ZIP that the collectors use
_CENTRE = (66952, 39.81, -98.56)


@dataclass(frozen=True, slots=True)
class Dealer:
    """A dealer without its distance, which depends on the ZIP of the request."""

    id: str
    gssn_outlet_id: str
    zip_code: str
    latitude: float
    longitude: float
    value: dict[str, Any]

    def seen_from(self, place: tuple[float, float]) -> dict[str, Any]:
        """The dealer object with its distance in miles from a place (latitude, longitude)."""
        address = self.value["address"][0]
        location = {
            **address["location"],
            "dist": str(miles_between(place, (self.latitude, self.longitude))),
            "distunit": "miles",
        }
        return {**self.value, "address": [{**address, "location": location}]}


@dataclass(frozen=True)
class Network:
    """The dealers as seen from a ZIP: miles and the encoded object of each, by the dealer's index."""

    miles: list[float]
    encoded: list[msgspec.Raw]


@lru_cache(maxsize=8)
def dealers(seed: int) -> list[Dealer]:
    """All dealers; the dealers without stock come last."""
    return [_dealer(seed, number) for number in range(_DEALERS)]


def with_stock(seed: int) -> int:
    """How many of them have cars on offer."""
    return len(dealers(seed)) - _WITHOUT_STOCK


@lru_cache(maxsize=32)
def network(seed: int, zip_code: int) -> Network:
    place = place_of(seed, zip_code)
    everyone = dealers(seed)
    return Network(
        [miles_between(place, (dealer.latitude, dealer.longitude)) for dealer in everyone],
        [msgspec.Raw(msgspec.json.encode(dealer.seen_from(place))) for dealer in everyone],
    )


def place_of(seed: int, zip_code: int) -> tuple[float, float]:
    """Where a ZIP lies: as ZIPs run from east to west, at the dealer with the nearest number."""
    places = [_CENTRE, *((int(dealer.zip_code), dealer.latitude, dealer.longitude) for dealer in dealers(seed))]
    _, latitude, longitude = min(places, key=lambda place: abs(place[0] - zip_code))
    return latitude, longitude


def miles_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance."""
    latitude, other_latitude = radians(one[0]), radians(other[0])
    half = sin((other_latitude - latitude) / 2) ** 2
    half += cos(latitude) * cos(other_latitude) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * _EARTH_RADIUS_MILES * asin(sqrt(half))


def _dealer(seed: int, number: int) -> Dealer:
    draws = blake2b(f"{seed}/mercedes/{number}".encode()).digest()
    city = CITIES[number * 7 % len(CITIES)]
    direction = _DIRECTIONS[number // len(CITIES)]
    name = f"Mercedes-Benz of {city.name}{direction}"
    identifier = f"{(number * 6007 + 1127) % 100_000:05d}"
    outlet = f"GS00{10_000 + number * 37}"
    latitude = round(city.latitude + (draws[0] - 128) / 800, 7)
    longitude = round(city.longitude + (draws[1] - 128) / 800, 7)
    zip_code = f"{int(city.zip_code) + number // len(CITIES):05d}"
    site = f"http://www.mb{identifier}.example"
    programs = _PROGRAMS[draws[2] % len(_PROGRAMS)]
    value = {
        "id": identifier,
        "name": name,
        "gssnOutletId": outlet,
        "regionCode": REGION_CODES[city.region],
        "marketCode": f"{1 + draws[3] % 13:02d}",
        "address": [_address(city, zip_code, draws, latitude, longitude)],
        "contact": [
            {"type": kind, "value": f"(555) 01{position}-{number:02d}{draws[5 + position] % 100:02d}"}
            for position, kind in enumerate(("phone", "fax", "servicePhone", "partsPhone"))
        ],
        "url": site,
        "programs": programs,
        "languages": ["en"] if draws[9] < 180 else ["en", "es"],
        "activities": [
            {"name": "sales", "url": ""},
            {"name": "service", "url": f"{site}/service/schedule-service"},
        ],
        "placeId": f"played-place-{identifier}",
        "badges": programs[:1],
    }
    return Dealer(identifier, outlet, zip_code, latitude, longitude, value)


def _address(city: City, zip_code: str, draws: bytes, latitude: float, longitude: float) -> dict[str, Any]:
    return {
        "type": "primary",
        "line1": f"{100 + draws[10] * 9} {_STREETS[draws[11] % len(_STREETS)]}",
        "line2": "",
        "city": city.name,
        "state": city.state,
        "zip": zip_code,
        "country": "US",
        "region": city.region,
        "location": {"lat": str(latitude), "lng": str(longitude)},
    }
