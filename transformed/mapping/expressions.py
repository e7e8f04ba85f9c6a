"""Polars expressions that several OEMs' mappings share: cleaning, codes, numbers, money, units, a market's facts.

Where a function takes a Source, that is an expression, or a text: the dotted path of a field of the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from resources.markets import MARKETS

KILOMETRES_PER_MILE = 1.609344
KILOWATTS_PER_HORSEPOWER = 0.745699872  # mechanical horsepower, as quoted in the US
_MONEY = pl.Decimal(14, 2)
_MONEY_LIMIT = 1e12
_CURRENCY = r"(?:\p{Sc}|[A-Z]{3}|US\$|kr\.?|zł)"
_UNITS = ("km", "mi")
_TAX_IS_ADDED = ("ca", "us")
_IS_KILOMETRES, _IS_MILES = r"^(km|kms|kil[oó]m\S+)\.?$", r"^(mi|mls?|miles?)\.?$"

Source = str | pl.Expr


def at(source: Source) -> pl.Expr:
    """The field at a dotted path of nested objects: `at("used.mileage")`."""
    if isinstance(source, pl.Expr):
        return source
    first, *rest = source.split(".")
    expression = pl.col(first)
    for name in rest:
        expression = expression.struct.field(name)
    return expression


def text(source: Source) -> pl.Expr:
    """Text without white space around it; an empty one is no text."""
    stripped = at(source).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def either(*sources: Source) -> pl.Expr:
    """The first of several texts that is there."""
    return pl.coalesce([text(source) for source in sources])


def code(source: Source, codes: Mapping[str, str]) -> pl.Expr:
    """The source's code as ours; an unknown one is null. A mapping writes `Coded`, which reports it as drift."""
    return text(source).replace_strict(dict(codes), default=None, return_dtype=pl.String)


def vin(source: Source) -> pl.Expr:
    """A VIN in upper case. Whether it is a real one the contract finds out, and whether the source says that it is
    temporary stands in the column `vin_is_temporary`."""
    return text(source).str.to_uppercase()


def first_where(entries: Source, field: str | None = None, **values: object) -> pl.Expr:
    """Of a list of objects the first whose fields have these values: `first_where("prices", "amount", type="retail")`.

    With `field` that field of it, else the object. Null where there is none.
    """
    wanted = [pl.element().struct.field(name) == value for name, value in values.items()]
    found = at(entries).list.eval(pl.element().filter(pl.all_horizontal(wanted))).list.first()
    return found.struct.field(field) if field else found


def at_key(entries: Source, key: Source, field: str | None = None) -> pl.Expr:
    """Of the entries of an object whose keys are data the one with a key that the record names: the price of its own
    dealer. With `field` that field of it, else the entry. Null where there is none.
    """
    # Polars compares no entry of a list with a column beside it, so the place of the key is found in the joined keys
    ends = "\x00"
    keys = at(entries).list.eval(pl.element().struct.field("key") + ends).list.join("")
    wanted = text(key) + ends
    start = pl.when(keys.str.starts_with(wanted)).then(0).otherwise(keys.str.find(ends + wanted, literal=True) + 1)
    before = keys.cast(pl.Binary).bin.slice(0, start).cast(pl.String)
    found = at(entries).list.get(before.str.count_matches(ends, literal=True), null_on_oob=True)
    found = pl.when(start.is_not_null()).then(found)
    return found.struct.field(field) if field else found


def money(source: Source) -> pl.Expr:
    """A Float64 amount as Decimal(14, 2), rounded to the cent; null where it does not fit or is not finite.

    A double holds every amount below 10^12 to better than half a cent, so nothing is lost.
    """
    # Polars raises on a number that does not fit, even where it is told not to
    amount = at(source)
    fits = amount.is_between(-_MONEY_LIMIT, _MONEY_LIMIT, closed="none")
    return pl.when(fits).then(amount).cast(_MONEY, strict=False)


def positive(source: Source) -> pl.Expr:
    """A number above 0; null for 0 and less, with which sources say `none` or `not known`."""
    number = at(source)
    return pl.when(number > 0).then(number)


def first_amount(*sources: Source) -> pl.Expr:
    """The first of several amounts that is one; where none is above 0 the first that is stated, which is then told as
    no price. A source writes 0 for a price that it does not know, also where another field has it."""
    return pl.coalesce([positive(source) for source in sources] + [at(source) for source in sources])


def currency(source: Source) -> pl.Expr:
    """The ISO 4217 code that the source states, in capitals whatever it writes; the market's where it states none."""
    return pl.coalesce(text(source).str.to_uppercase(), market_currency())


def price_kind() -> pl.Expr:
    """What a price asked in the row's market is: `asking_net` where the tax on sales is added at the handover, as in
    the United States, else `asking_gross`."""
    return pl.when(pl.col("market").is_in(_TAX_IS_ADDED)).then(pl.lit("asking_net")).otherwise(pl.lit("asking_gross"))


def market_currency() -> pl.Expr:
    """The ISO 4217 code of the row's market, from the column `market`; null for a market without facts."""
    return _market_fact({code: market.currency for code, market in MARKETS.items()})


def market_distance_unit() -> pl.Expr:
    """`km` or `mi`: in what a mileage is quoted in the row's market, from the column `market`; null likewise."""
    return _market_fact({code: market.distance_unit for code, market in MARKETS.items()})


def _market_fact(facts: Mapping[str, str]) -> pl.Expr:
    return pl.col("market").replace_strict(dict(facts), default=None, return_dtype=pl.String)


def kilometres(distance: Source, unit: Source | None = None) -> pl.Expr:
    """A distance in whole kilometres, as Float64; null where the unit is neither kilometres nor miles.

    unit: where it is stated, or `km` or `mi`. A unit that is not stated is the market's; one that merely begins like
    another (`m`, `metres`) is none of the two.
    """
    stated = pl.lit(unit) if isinstance(unit, str) and unit in _UNITS else None if unit is None else text(unit)
    known = market_distance_unit() if stated is None else pl.coalesce(stated, market_distance_unit())
    written = known.str.to_lowercase()
    is_kilometres, is_miles = written.str.contains(_IS_KILOMETRES), written.str.contains(_IS_MILES)
    factor = pl.when(is_kilometres).then(1.0).when(is_miles).then(KILOMETRES_PER_MILE)
    return (at(distance) * factor).round()


def whole_of_text(source: Source) -> pl.Expr:
    """The whole number that a text is, as Int64; null for any other text."""
    return text(source).cast(pl.Int64, strict=False)


def number_of_text(source: Source, *, grouping: str | None = None, decimal: str = ".") -> pl.Expr:
    """The number that a text is, as Float64; null for any other text. A currency before or after it is left out.

    Where the maker's format is known, `grouping` separates thousands and `decimal` begins the decimals: `$48,770.00`
    with `,` and `.`. Without `grouping` a text is only a number where nobody can misread it: `99590.0` is one, `13.590`
    and `1,020` are none.
    """
    cleaned = at(source).str.replace(rf"^\s*{_CURRENCY}?\s*", "").str.replace(rf"\s*{_CURRENCY}?\s*$", "")
    if grouping is None:
        is_number = cleaned.str.contains(r"^[+-]?(\d+|0\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+)$")
        return pl.when(is_number).then(cleaned).cast(pl.Float64, strict=False)
    thousands, point = re.escape(grouping), re.escape(decimal)
    is_number = cleaned.str.contains(rf"^[+-]?(\d+|\d{{1,3}}({thousands}\d{{3}})+)({point}\d+)?$")
    plain = cleaned.str.replace_all(grouping, "", literal=True).str.replace(decimal, ".", literal=True)
    return pl.when(is_number).then(plain).cast(pl.Float64, strict=False)


def number_before(source: Source, unit: str, *, grouping: str | None = None, decimal: str = ".") -> pl.Expr:
    """The number that stands before a unit in a text (`70 kW (95 CV)`), read as `number_of_text` does."""
    found = at(source).str.extract(rf"(?i)(\d+(?:[.,'’\x{{a0}}\x{{202f}} ]\d+)*)\s*{unit}\b")
    return number_of_text(found, grouping=grouping, decimal=decimal)


def web_address(source: Source) -> pl.Expr:
    """A URL with its scheme; https where the source leaves it out."""
    cleaned = text(source)
    return pl.when(cleaned.str.contains(r"^(?i)https?://")).then(cleaned).otherwise(pl.lit("https://") + cleaned)


def sorted_codes(source: Source, codes: Mapping[str, str]) -> pl.Expr:
    """A list of the source's codes as ours, each once, sorted; unknown ones stay as the source has them."""
    return at(source).list.eval(pl.element().replace(dict(codes)).drop_nulls().unique().sort())
