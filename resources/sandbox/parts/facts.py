"""Small tables of facts: models and colours of a maker, the colours most makers have, what money is worth.

Model names, prices and colours of the played makers are of the right kind, not a price list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class Fact:
    """A row of a table: an attribute for each column."""

    def __init__(self, **cells: Any) -> None:
        self.__dict__.update(cells)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


_TYPES = {"": str, "int": int, "float": float}


def table(text: str) -> tuple[Fact, ...]:
    """The rows of a table as text: a line a row, `|` between cells, the columns' names in the first line.

    A column is text; `name:int` and `name:float` hold numbers. An empty cell is None.
    """
    header, *lines = (line for line in text.strip().splitlines() if line.strip())
    columns = [cell.strip().partition(":")[::2] for cell in header.split("|")]
    rows = []
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != len(columns):
            raise ValueError(f"a row of {len(cells)} cells in a table of {len(columns)} columns: {line}")
        rows.append(
            Fact(
                **{
                    name: _TYPES[kind](cell) if cell else None
                    for (name, kind), cell in zip(columns, cells, strict=True)
                }
            )
        )
    return tuple(rows)


COLORS = table("""
code|name          |weight:int
WHI |White         |25
PWH |Pearl White   |10
BLK |Black         |24
GRY |Grey metallic |17
SIL |Silver        |10
BLU |Blue metallic |9
RED |Red           |4
GRN |Dark Green    |1
""")

# what a euro buys, and to how much asking prices are rounded
_MONEY = table("""
currency|per_eur:float|rounded_to:int
EUR|1.0 |10
GBP|0.86|5
USD|1.1 |1
KRW|1480|100000
PLN|4.3 |100
AUD|1.75|10
CAD|1.5 |10
CHF|0.95|10
DKK|7.46|100
NOK|11.6|100
SEK|11.4|100
JPY|165 |1000
""")
MONEY: dict[str, Fact] = {row.currency: row for row in _MONEY}

# what a source that writes in its market's language calls things
_WORDS = table("""
word|de|es|en|fr|ko|pl
petrol|Benzin|Gasolina|Petrol|Essence|가솔린|Benzyna
diesel|Diesel|Diésel|Diesel|Diesel|디젤|Diesel
electric|Elektro|Eléctrico|Electric|Électrique|전기|Elektryczny
hybrid|Hybrid|Híbrido|Hybrid|Hybride|하이브리드|Hybryda
gas|Erdgas|Gas natural|Natural gas (CNG)|Gaz naturel|천연가스|Gaz ziemny (CNG)
sales|Verkauf|Ventas|Sales|Ventes|판매|Sprzedaż
service|Service|Taller|Service|Atelier|서비스|Serwis
""")
_BY_WORD = {row.word: row for row in _WORDS}

PERSONS = ("Niemandsson", "Nadiez", "Nobodyska", "Personneau", "Ohnenam")
"""Invented names, so that a test can look for them where no person's name may be."""


def said(word: str, language: str) -> str:
    """What a word of ours is called in a language; in English where the language is not in the table."""
    row = _BY_WORD[word]
    return str(getattr(row, language, row.en))
