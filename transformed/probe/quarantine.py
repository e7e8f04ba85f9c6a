"""`make quarantine`: a maker's records that became no row: which rule, which text, where in the archive, the record.

    python -m transformed.probe.quarantine --oem <oem> --date 2026-11-25

Of a record it shows the fields that the mapping reads and no others: the rest may hold persons. What is left out by
design is counted. A row comes back when the mapping is mended and the day is typed again: `make diff`, `make publish`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from raw.wiring.arguments import day_argument, maker_argument
from resources.commands.frame import command
from resources.failures import Cause, PlatformError, printable

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from raw.endpoint.declaration import Endpoint
    from raw.wiring.discovery import Oem
    from resources.lake.lake import Lake

_GROUPS = 20
_EXAMPLES = 2
_RECORD_CHARACTERS = 600


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0 where nothing is refused, 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m transformed.probe.quarantine", description=__doc__.splitlines()[0])
    parser.add_argument("--oem", required=True, help="the maker's module name")
    parser.add_argument("--date", help="the day, 2026-11-25; the last typed one by default")
    options = parser.parse_args(arguments)
    day = day_argument(options.date) if options.date else None
    maker = maker_argument(options.oem)
    from resources.lake.lake import lake_from_env

    lake = lake_from_env()
    refused = sum([_show(lake, maker, endpoint, day) for endpoint in maker.endpoints])
    if refused:
        print(f"mend transformed/{maker.name}.py, then: make diff OEM={maker.name}, and make publish")
    return 1 if refused else 0


def _show(lake: Lake, maker: Oem, endpoint: Endpoint, day: date | None) -> int:
    """Print what of an endpoint's day is in quarantine; how many records were refused."""
    from transformed.day.output import read_quarantine
    from transformed.day.report import read_report

    day = day or _last_day(lake, maker, endpoint)
    if day is None:
        print(f"== {maker.name} {endpoint.name}: no day was typed yet")
        return 0
    print(f"== {maker.name} {endpoint.name} {day}")
    try:
        rows = read_quarantine(lake, read_report(lake, maker.name, endpoint.yields.name, day))
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        print("the day was never typed")
        return 0
    found = Grouped(rows)
    for line in _lines(found, _records(lake, maker.name, endpoint, day, found.examples)):
        print(printable(line), flush=True)
    return found.refused


class Grouped:
    """The quarantine by rule and column, the most frequent first. refused: how many records; excluded: of each rule,
    how many that are left out by design. examples: address of each record that is shown -> its market."""

    def __init__(self, rows: pl.DataFrame) -> None:
        """rows: columns as in `quarantine.QUARANTINE_SCHEMA`."""
        import polars as pl

        from transformed.day.quarantine import EXCLUDED_MESSAGE

        by_design = pl.col("message").eq_missing(pl.lit(EXCLUDED_MESSAGE))
        self.excluded = dict(rows.filter(by_design).group_by("rule").len().sort("rule").iter_rows())
        rows = rows.filter(by_design.not_())
        self.refused = rows.height
        self.groups = [
            (str(rule), column, of_rule)
            for (rule, column), of_rule in sorted(
                rows.group_by("rule", "column"), key=lambda one: (-one[1].height, str(one[0]))
            )
        ]
        self.examples = {
            row["archive_address"]: row["market"]
            for _, _, of_rule in self.groups[:_GROUPS]
            for row in of_rule.sort("market", "archive_address").head(_EXAMPLES).to_dicts()
        }


def _lines(found: Grouped, records: Mapping[str, str]) -> Iterator[str]:
    if found.excluded:
        yield f"left out by design: {', '.join(f'{count:,} {rule}' for rule, count in found.excluded.items())}"
    if not found.refused:
        yield "nothing was refused"
    for rule, column, rows in found.groups[:_GROUPS]:
        yield f"{rows.height:,} records break {rule}{f' (column {column})' if column else ''}"
        for row in rows.filter(rows["archive_address"].is_in(list(found.examples))).head(_EXAMPLES).to_dicts():
            yield f"  {row['market']} {row['identity'] or 'without identity'}: {row['value'] or row['message']}"
            yield f"    {row['archive_address']}"
            yield f"    {records.get(row['archive_address'], 'the archive no longer has it')}"
    if len(found.groups) > _GROUPS:
        yield f"and {len(found.groups) - _GROUPS} other rules"


def _records(lake: Lake, oem: str, endpoint: Endpoint, day: date, examples: Mapping[str, str]) -> dict[str, str]:
    """The fields of the records at these addresses that the mapping reads, as JSON within bounds, by address."""
    from raw.archive.reader import read_pages
    from raw.archive.seal import read_seal
    from transformed.mapping.loading import mapping_of

    if not examples:
        return {}
    try:
        seal = read_seal(lake, oem, endpoint.name, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        return {}
    schema = mapping_of(oem, endpoint).record
    pages: dict[str, list[str]] = {}
    for address in examples:
        pages.setdefault(address.rpartition("/")[0], []).append(address)
    found = {}
    for market in sorted(set(examples.values()) & seal.markets.keys()):
        for page in read_pages(lake, seal.markets[market]):
            for address in pages.get(page.address, ()):
                index = int(address.rpartition("/")[2])
                found[address] = record_text(page.body, endpoint.records, index, schema)
    return found


def record_text(body: bytes, records: str, index: int, schema: Any) -> str:
    """A record of a page as JSON, cut at 600 characters: the fields of `schema` and no others."""
    import msgspec

    from raw.archive.record_list import RecordList

    try:
        of_page = RecordList(records).in_page(msgspec.json.decode(body)) or []
        text = msgspec.json.encode(_only(of_page[index], schema)).decode()
    except (msgspec.DecodeError, IndexError, ValueError):
        return "it cannot be read as JSON"
    return text if len(text) <= _RECORD_CHARACTERS else f"{text[:_RECORD_CHARACTERS]}..."


def _only(value: Any, schema: Any) -> Any:
    """What of a value the schema names; of anything else that is no plain value only its kind."""
    import polars as pl

    if isinstance(schema, pl.Struct) and isinstance(value, dict):
        return {field.name: _only(value[field.name], field.dtype) for field in schema.fields if field.name in value}
    if isinstance(schema, pl.List) and isinstance(value, list):
        return [_only(one, schema.inner) for one in value]
    return f"<{type(value).__name__}>" if isinstance(value, dict | list) else value


def _last_day(lake: Lake, maker: Oem, endpoint: Endpoint) -> date | None:
    from transformed.day.report import typed_days

    return max(typed_days(lake, maker.name, endpoint.yields.name), default=None)


if __name__ == "__main__":
    sys.exit(main())
