"""Expressions that the mappings share: numbers in texts, times, and what is no such thing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from transformed.mapping.expressions import (
    at,
    at_key,
    currency,
    either,
    first_amount,
    first_where,
    kilometres,
    money,
    number_before,
    number_of_text,
    positive,
    vin,
    whole_of_text,
)
from transformed.mapping.times import date_of_epoch_ms, date_of_text, time_of_epoch_ms, time_of_text

TEXT, NUMBER = pl.col("text"), pl.col("number")


def of(expression: pl.Expr, value: Any) -> Any:
    dtype = (
        pl.String if isinstance(value, str) or value is None else pl.Float64 if isinstance(value, float) else pl.Int64
    )
    column = "text" if dtype == pl.String else "number"
    return pl.DataFrame({column: [value]}, schema={column: dtype}).select(expression).item()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13590", 13590), ("13590.5", 13590.5), ("99590.0", 99590), ("13590.500", 13590.5), ("0.125", 0.125),
        (" 7 ", 7), ("-3", -3), ("12.34", 12.34), ("12.3456", 12.3456),
        ("13.590", None), ("1.020", None), ("13,590", None), ("1,5", None), ("13 590", None), ("13.590,00", None),
        ("1.234.567", None), ("", None), ("12a", None), (None, None), ("1e3", None), (".", None),
        ("\u0661\u0663", None), ("9" * 20, 1e20),
        ("$13590", 13590), ("13590 €", 13590), ("EUR 13590.50", 13590.5), ("$13,590", None), ("$", None),
    ],
)  # fmt: skip
def test_a_text_is_a_number_where_nobody_can_misread_it(text: str | None, number: float | None) -> None:
    assert of(number_of_text(TEXT), text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13.590", 13590), ("13.590,50", 13590.5), ("1.234.567", 1234567), ("590", 590), ("13590", 13590),
        ("13,590", 13.59), ("13.59", None), ("1.5", None), ("1.2345", None), ("13 590", None),
        ("13.590 €", 13590), ("13.590,50 EUR", 13590.5), ("13.590 km", None), ("\u0661\u0663", None),
    ],
)  # fmt: skip
def test_a_text_in_the_makers_declared_format(text: str, number: float | None) -> None:
    assert of(number_of_text(TEXT, grouping=".", decimal=","), text) == number


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ("70 kW (95 CV)", 70), ("255/187 kW", 187), ("1020 kW", 1020), ("110kW", 110), ("70.5 kW", 70.5),
        ("1,020 kW", None), ("1.020 kW", None), ("1 020 kW", None), ("1\u00a0020 kW", None), ("12,5 kW", None),
        ("kW", None), ("70 kWh", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_number_before_its_unit(text: str | None, power: float | None) -> None:
    assert of(number_before(TEXT, "kW"), text) == power


@pytest.mark.parametrize(
    ("milliseconds", "moment"),
    [
        (1_781_136_000_000, datetime(2026, 6, 11, tzinfo=UTC)),
        (-631_152_000_000, datetime(1950, 1, 1, tzinfo=UTC)),
        (5_000_000_001, datetime(1970, 2, 27, 20, 53, 20, 1000, tzinfo=UTC)),
        (1_781_136_000, None),  # seconds
        (0, None), (-1, None), (5_000_000_000, None), (10**18, None), (-(10**18), None), (1_781_136_000_000_000, None),
    ],
)  # fmt: skip
def test_milliseconds_are_a_time_and_seconds_are_none(milliseconds: int, moment: datetime | None) -> None:
    assert of(time_of_epoch_ms(NUMBER), milliseconds) == moment
    assert (of(date_of_epoch_ms(NUMBER), milliseconds) is None) is (moment is None)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2018-05-10", date(2018, 5, 10)),
        (" 2018-05-10T10:00:00Z", date(2018, 5, 10)),
        # midnight of the OEM's zone: in summer, in winter, in Korea before a leap day, at the end of a year
        ("2026-09-29T22:00:00Z", date(2026, 9, 30)),
        ("2021-02-28T23:00:00.000+00:00", date(2021, 3, 1)),
        ("2020-02-28 15:00Z", date(2020, 2, 29)),
        ("2026-12-31T13:00:00+0000", date(2027, 1, 1)),
        ("2026-09-30T00:00:00+02:00", date(2026, 9, 30)),
        ("2026-09-29T22:15:00Z", date(2026, 9, 29)),
        ("2026-09-29T22:00:00", date(2026, 9, 29)),
        ("2026-09-29T05:00:00Z", date(2026, 9, 29)),
        ("05/2018", None),
        ("2018", None),
    ],
)
def test_a_date_is_read_from_its_iso_form(text: str, day: date | None) -> None:
    assert of(date_of_text(TEXT), text) == day


@pytest.mark.parametrize("amount", [1e12, -1e12, 1e300, float("inf"), float("nan")])
def test_what_no_money_column_holds_is_no_amount(amount: float) -> None:
    assert of(money(NUMBER), amount) is None


@pytest.mark.parametrize(
    ("text", "price"), [("$48,770.00", 48770), ("$1,048,770", 1048770), ("US$ 48,770", 48770), ("$48,77", None)]
)
def test_a_price_in_dollars(text: str, price: float | None) -> None:
    assert of(number_of_text("text", grouping=","), text) == price


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("10/05/2018", ["%d/%m/%Y"], date(2018, 5, 10)),
        (" 05/2018 ", ["%d/%m/%Y", "%m/%Y"], date(2018, 5, 1)),
        ("May 10, 2018", ["%B %d, %Y"], date(2018, 5, 10)),
        ("20180510", ["%Y%m%d"], date(2018, 5, 10)),
        ("31/02/2018", ["%d/%m/%Y"], None),
        ("10/05/2018 soon", ["%d/%m/%Y"], None),
    ],
)
def test_a_date_is_read_by_the_formats_of_its_maker(text: str, formats: list[str], day: date | None) -> None:
    assert of(date_of_text("text", *formats), text) == day


def test_a_year_is_no_date() -> None:
    with pytest.raises(ValueError, match=r"`%Y` names no month"):
        date_of_text("text", "%d/%m/%Y", "%Y")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-12T04:55:22", datetime(2026, 1, 12, 4, 55, 22, tzinfo=UTC)),
        ("2026-01-12 04:55:22", datetime(2026, 1, 12, 4, 55, 22, tzinfo=UTC)),
        ("2026-01-12T04:55:22.123Z", datetime(2026, 1, 12, 4, 55, 22, 123000, tzinfo=UTC)),
        ("2026-01-12T04:55:22+01:00", datetime(2026, 1, 12, 3, 55, 22, tzinfo=UTC)),
        ("2026-01-12T04:55Z", datetime(2026, 1, 12, 4, 55, tzinfo=UTC)),
        ("2026-01-12", None), ("tomorrow", None), ("", None),
    ],
)  # fmt: skip
def test_a_time_is_read_from_its_iso_form(text: str, moment: datetime | None) -> None:
    assert of(time_of_text("text"), text) == moment


def test_the_first_entry_where() -> None:
    prices = [{"type": "list", "amount": 2}, None, {"type": "retail", "amount": 1}, {"type": "retail", "amount": 9}]
    frame = pl.DataFrame({"a": [{"prices": prices}, {"prices": []}, {"prices": None}, {"prices": prices[:1]}]})
    assert frame.select(first_where("a.prices", "amount", type="retail")).to_series().to_list() == [1, None, None, None]
    assert frame.select(first_where("a.prices", "amount", type="retail", amount=9)).to_series()[0] == 9
    assert frame.select(first_where("a.prices", type="list")).to_series()[0] == {"type": "list", "amount": 2}


@pytest.mark.parametrize(
    ("key", "gross"), [("24513", 1), ("UCFRW", 2), ("5", 3), ("ü5", 4), ("4513", None), ("", None), (None, None)]
)
def test_the_entry_of_a_key_that_the_record_names(key: str | None, gross: int | None) -> None:
    prices = [{"key": one, "gross": number} for number, one in enumerate(["24513", "UCFRW", "5", "ü5"], 1)]
    rows = [{"dealer": key, "prices": prices}, {"dealer": key, "prices": []}, {"dealer": key, "prices": None}]
    frame = pl.DataFrame(rows, schema_overrides={"dealer": pl.String})
    assert frame.select(at_key("prices", "dealer", "gross")).to_series().to_list() == [gross, None, None]


def test_a_path_or_an_expression() -> None:
    frame = pl.DataFrame({"a": {"b": " x "}, "c": "y"})
    assert frame.select(at("a.b")).item() == frame.select(at(at("a.b"))).item() == " x "
    assert frame.select(either("a.b", "c")).item() == "x"
    assert frame.select(vin("c")).item() == "Y"


@pytest.mark.parametrize(
    ("text", "number"),
    [("2018", 2018), (" 5 ", 5), ("2018.0", None), ("MY18", None), ("", None), ("\u0661\u0663", None)],
)
def test_a_whole_number_in_a_text(text: str, number: int | None) -> None:
    assert of(whole_of_text("text"), text) == number


@pytest.mark.parametrize(("unit", "expected"), [("km", 1000), ("mi", 1609), ("unit", 1609), (None, 1000)])
def test_a_distance_in_a_unit_of_the_maker_the_record_or_the_market(unit: str | None, expected: int) -> None:
    frame = pl.DataFrame({"market": "es", "distance": 1000, "unit": "MI"})
    assert frame.select(kilometres("distance", unit)).item() == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(5, 9, 5), (None, 9, 9), (0, 9, 9), (-1, 9, 9), (0, None, 0), (0, 0, 0), (None, None, None)],
)
def test_an_amount_of_zero_hides_no_other(first: int | None, second: int | None, expected: int | None) -> None:
    frame = pl.DataFrame({"first": [first], "second": [second]}, schema={"first": pl.Int64, "second": pl.Int64})
    assert frame.select(first_amount("first", "second")).item() == expected


@pytest.mark.parametrize(("stated", "code"), [("EUR", "EUR"), (" eur ", "EUR"), ("", "KRW"), (None, "KRW"), ("€", "€")])
def test_a_currency_in_whatever_letters_and_the_markets_where_none_is_stated(stated: str | None, code: str) -> None:
    frame = pl.DataFrame({"market": ["kr"], "stated": [stated]}, schema={"market": pl.String, "stated": pl.String})
    assert frame.select(currency("stated")).item() == code


@pytest.mark.parametrize(("number", "expected"), [(5, 5), (0.5, 0.5), (0, None), (-1, None)])
def test_zero_says_none(number: float, expected: float | None) -> None:
    assert of(positive("number"), number) == expected
