"""One vehicle, one row a day: the rule of HISTORY.md against a model in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.counts import count
from transformed.contract.contracts import Vehicle
from transformed.contract.one_vehicle import one_row_of_each
from transformed.day.duplicates import keys_of, seen_twice

pytestmark = pytest.mark.slow

PROVENANCE = ("archive_address", "fetched_at")
COMPARED = [name for name in Vehicle.column_names() if name not in PROVENANCE]
VINS = ["WAUZZZ8V0KA000001", "WAUZZZ8V0KA000002", "WAUZZZ8V0KA000003"]


def vehicle(**values: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(Vehicle.column_names())
    row.update(
        archive_address="part#0/0",
        fetched_at=datetime(2026, 6, 24, tzinfo=UTC),
        oem="audi",
        market="es",
        brand="Audi",
        vin_is_temporary=False,
    )
    return row | values


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=Vehicle.create_empty().schema)


def kept(parts: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows that stay of a day whose rows lie in these parts."""
    day = pl.concat([frame(rows).with_row_index("row").with_columns(part=number) for number, rows in enumerate(parts)])
    keys = pl.concat([keys_of(frame(rows), "listing_id", number) for number, rows in enumerate(parts)])
    places = ["part", "row"]
    day = day.cast({"part": pl.UInt32}).join(seen_twice(keys).drop("market"), on=places, how="left")
    doubled = day.filter(pl.col("vehicle").is_not_null())
    counts = one_row_of_each(doubled, ["market", "vehicle"], columns=COMPARED, identity="listing_id")
    stays = pl.concat([day.filter(pl.col("vehicle").is_null()), counts]).sort(places)
    return stays.drop(*places, "vehicle").to_dicts()


def model(rows: list[dict[str, Any]]) -> set[tuple[str, str, int, Decimal | None]]:
    """(market, listing, fields filled, price) of the rows that stay."""
    real = defaultdict(set)
    for row in rows:
        if row["vin"] and not row["vin_is_temporary"]:
            real[row["market"], row["listing_id"]].add(row["vin"])
    groups = defaultdict(list)
    for row in rows:
        vins = real[row["market"], row["listing_id"]]
        groups[row["market"], min(vins) if vins else row["listing_id"]].append(row)

    def rank(row: dict[str, Any]) -> tuple[Any, ...]:
        price = row["price_amount"]
        return -filled(row), price is None, price or 0, row["listing_id"]

    return {outcome(min(group, key=rank)) for group in groups.values()}


def filled(row: dict[str, Any]) -> int:
    return sum(row[name] is not None for name in row if name not in PROVENANCE)


def outcome(row: dict[str, Any]) -> tuple[str, str, int, Decimal | None]:
    return row["market"], row["listing_id"], filled(row), row["price_amount"]


rows_of_vehicles = st.lists(
    st.builds(
        vehicle,
        market=st.sampled_from(["es", "gb"]),
        listing_id=st.sampled_from(["a", "b", "c", "d"]),
        vin=st.sampled_from([None, *VINS]),
        vin_is_temporary=st.sampled_from([False, False, True]),
        price_amount=st.sampled_from([None, Decimal("1.00"), Decimal("2.00")]),
        trim=st.sampled_from([None, "S line", "Basis"]),
        model=st.sampled_from([None, "A1"]),
    ),
    min_size=1,
    max_size=12,
)


@given(rows_of_vehicles)
@settings(max_examples=count(60, 2000), deadline=None)
def test_the_rows_that_stay_are_those_of_the_model(rows: list[dict[str, Any]]) -> None:
    stayed = kept([rows])
    assert {outcome(row) for row in stayed} == model(rows)
    assert len(stayed) == len(model(rows))


@given(st.data(), rows_of_vehicles)
@settings(max_examples=count(60, 2000), deadline=None)
def test_the_order_of_pages_and_the_cut_into_parts_decide_nothing(
    data: st.DataObject, rows: list[dict[str, Any]]
) -> None:
    def contents(parts: list[list[dict[str, Any]]]) -> list[str]:
        return sorted(repr({**row, "archive_address": None}) for row in kept(parts))

    shuffled = [
        {**row, "archive_address": f"part#{place}/0"} for place, row in enumerate(data.draw(st.permutations(rows)))
    ]
    cut = data.draw(st.integers(0, len(rows)))
    assert contents([shuffled[:cut], shuffled[cut:]]) == contents([rows])


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ({"trim": None, "price_amount": Decimal("1.00")}, "fuller"),
        ({"price_amount": Decimal("9.00")}, "cheaper"),
        ({"listing_id": "z"}, "smaller"),
    ],
)
def test_fuller_then_cheaper_then_smaller(other: dict[str, Any], stays: str) -> None:
    best = vehicle(listing_id="m", vin=VINS[0], price_amount=Decimal("5.00"), trim="S line")
    for rows in ([best, best | other], [best | other, best]):
        assert kept([rows]) == [best], stays


def test_what_still_ties_is_decided_by_the_content_in_the_contracts_order() -> None:
    rows = [vehicle(listing_id="a", trim="Basis", model="A1"), vehicle(listing_id="a", trim="Advanced", model="A3")]
    for order in (rows, rows[::-1]):
        assert kept([order]) == [rows[0]], "the model stands before the trim"


def test_an_unknown_price_is_not_low() -> None:
    unknown = vehicle(listing_id="a", price_amount=None, trim="S line", model=None)
    known = vehicle(listing_id="a", price_amount=Decimal("5.00"), trim=None, model=None)
    assert kept([[unknown], [known]]) == [known]


def test_a_temporary_vin_identifies_nothing() -> None:
    rows = [vehicle(listing_id=name, vin=VINS[0], vin_is_temporary=True) for name in ("a", "b")]
    assert kept([rows]) == rows


def test_the_same_vin_in_two_markets_is_two_rows() -> None:
    rows = [vehicle(listing_id="a", vin=VINS[0], market=market) for market in ("es", "gb")]
    assert kept([rows]) == rows


def test_a_listing_whose_vin_only_one_row_has_is_that_vehicle() -> None:
    without = vehicle(listing_id="a", vin=None, trim="S line", model="A1", dealer_id="1")
    with_vin = vehicle(listing_id="a", vin=VINS[0])
    other_ad = vehicle(listing_id="b", vin=VINS[0], trim="S line")
    assert kept([[without, with_vin, other_ad]]) == [without]
