"""A table's columns as the UI shows them: type, meaning, unit, and the columns that each is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

# the ending of a column's name -> its unit; money has its currency in the column beside it
_UNITS = {
    "_km": "km",
    "_kw": "kW",
    "_kwh": "kWh",
    "_amount": "of the currency beside it",
    "_g_per_km": "g/km",
    "_seconds": "s",
    "_mb": "MB",
    "bytes": "B",
    "_usd": "USD",
    "_days": "d",
    "_on": "UTC date",
    "_at": "UTC",
}
_NAMED_UNITS = {
    "days_listed": "d",
    "days_listed_total": "d",
    "days_listed_earlier": "d",
    "price_first": "of the currency beside it",
    "price_lowest": "of the currency beside it",
    "latitude": "°",
    "longitude": "°",
    "date": "UTC date",
    "event_date": "UTC date",
    "absent_since": "UTC date",
    "rewrites_since": "UTC date",
}

_MOST_SOURCES = 4


def unit_of(column: str) -> str | None:
    """The unit of a column's values by its name; None where it has none."""
    if column in _NAMED_UNITS:
        return _NAMED_UNITS[column]
    by_length = sorted(_UNITS.items(), key=lambda one: -len(one[0]))
    return next((unit for ending, unit in by_length if column.endswith(ending)), None)


def table_column_schema(
    columns: Sequence[tuple[str, str, str | None]], sources: Mapping[str, Sequence[str]] | None = None
) -> dg.TableSchema:
    """Dagster's column schema from (name, type, description) triples; a unit is a tag of its column.

    sources: column -> what it is made of, told after its description: the open-source UI draws no column lineage.
    """
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=dtype,
                description=_described(name, doc, (sources or {}).get(name, ())),
                tags={"unit": unit} if (unit := unit_of(name)) else {},
            )
            for name, dtype, doc in columns
        ]
    )


def _described(name: str, doc: str | None, sources: Sequence[str]) -> str | None:
    others = list(dict.fromkeys(source for source in sources if source != name))
    if not others:
        return doc
    more = f" and {len(others) - _MOST_SOURCES} more" if len(others) > _MOST_SOURCES else ""
    made_of = f"From {', '.join(f'`{source}`' for source in others[:_MOST_SOURCES])}{more}."
    return f"{doc}. {made_of}" if doc else made_of


def column_lineage(sources: Mapping[str, Iterable[tuple[dg.AssetKey, str]]]) -> dict[str, dg.TableColumnLineage]:
    """The metadata of column lineage: column -> the (asset, column) pairs that it is made of."""
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            deps_by_column={
                name: [dg.TableColumnDep(asset_key=key, column_name=column) for key, column in of_column]
                for name, of_column in sources.items()
            }
        )
    }
