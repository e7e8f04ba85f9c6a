"""Vehicle identification numbers that are valid in form (ISO 3779) and unique, of vehicles that do not exist."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"  # no I, O, Q
_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"  # 2010 is A; repeats after 30 years
_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        (*range(10), *range(1, 9), *range(1, 6), 7, *range(9, 10), *range(2, 10)),
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
SERIALS = 33**6


def year_code(model_year: int) -> str:
    """The tenth character of a VIN."""
    return _YEARS[(model_year - 2010) % 30]


def serial_code(serial: int) -> str:
    """A number below `SERIALS` as the last six characters of a VIN."""
    characters = []
    for _ in range(6):
        serial, digit = divmod(serial, 33)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))


def with_check_digit(vin: str) -> str:
    """The VIN with its ninth character replaced by the check digit that US law asks for (49 CFR 565.15)."""
    remainder = sum(_VALUES[character] * weight for character, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return f"{vin[:8]}{'X' if remainder == 10 else remainder}{vin[9:]}"
