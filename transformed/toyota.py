"""Toyota in the United States: the records of the search that it shares with Lexus, and its dealers."""

import json
import re
from collections.abc import Mapping

import polars as pl

from transformed.contract.contracts import Dealer
from transformed.mapping.declaration import TableMapping, paths
from transformed.mapping.expressions import at, sorted_codes, text, web_address
from transformed.mapping.fields import fields
from transformed.mapping.opening_hours import opening_hours
from transformed.platforms.toyota import VEHICLES

LOCATE_VEHICLES_INVENTORY = VEHICLES

_DAYS = ("Su", "Mo", "Tu", "We", "Th", "Fr", "Sa")
_RANGE = re.compile(r"(\d{2})(\d{2}),(\d{2})(\d{2})")


def _week(hours: str | None) -> dict[str, list[list[str]]] | None:
    """The days of a department. hours: JSON of seven lists from Sunday on, `["0900,1800"]` or `["Closed"]`."""
    days = json.loads(hours) if hours else None
    if not isinstance(days, list) or len(days) != len(_DAYS):
        return None
    found = {day: [_RANGE.fullmatch(str(part)) for part in parts or ()] for day, parts in zip(_DAYS, days, strict=True)}
    week = {day: [[f"{m[1]}:{m[2]}", f"{m[3]}:{m[4]}"] for m in parts if m] for day, parts in found.items()}
    return {day: week[day] for day in (*_DAYS[1:], _DAYS[0])}


def _hours(departments: Mapping[str, Mapping[str, str | None] | None]) -> str | None:
    """Opening hours as the contract has them; None where no department states any."""
    weeks = {name: _week((department or {}).get("hours")) for name, department in departments.items()}
    stated = {name: week for name, week in sorted(weeks.items()) if week}
    return json.dumps(stated) if stated else None


US_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="dealerId name address1 zip city state phone url services[]",
        number="latitude longitude",
        json="sales.hours service.hours parts.hours",
    ),
    ignored=paths(
        """
        code currentDayHours dealerAttributes distance email encodedDashedCity encodedDashedName espFinanceUrl espUrl
        fax finance fmp fmpt1 general hoursParts hoursSales hoursService lat long miraiSales pma phoneNumberFinance
        phoneNumberParts phoneNumberService region regionId serviceCenterOnly tda tdaId *.phone *.url *.hoursMap
        """
    ),
    columns={
        "dealer_id": text("dealerId"),
        "name": text("name"),
        "street": text("address1"),
        "postal_code": text("zip"),
        "city": text("city"),
        "region": text("state"),
        "country_code": pl.col("market").str.to_uppercase(),
        "latitude": at("latitude"),
        "longitude": at("longitude"),
        "phone": text("phone"),
        "website": web_address("url"),
        # PPSAL and other codes of the maker's own stay as they are: what they stand for is said nowhere
        "services": sorted_codes("services", {}),
        "opening_hours": opening_hours(pl.struct("sales", "service", "parts"), _hours),
    },
)
