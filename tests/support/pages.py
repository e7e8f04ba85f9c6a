"""The pages of `docs/` that are made from the code: the settings and the data dictionary.

`python -m tests.support.pages` writes them anew; `tests/resources/test_pages.py` says when that is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dataframely as dy

from consolidated.tables.definitions import TABLES, TableDefinition
from resources.shown.settings import SETTINGS
from tests.support.declared import OEMS, credentials
from tests.support.source import CHECKOUT
from transformed.contract.contracts import CONTRACTS, IDENTITY

MADE_BY = "<!-- made by python -m tests.support.pages -->"
DOCS = CHECKOUT / "docs"


def settings_page() -> str:
    """Every environment variable by its subject, and the credentials of each maker."""
    lines = ["# Which settings are there?", MADE_BY, "", "Settings are environment variables. A laptop needs none."]
    for group in SETTINGS:
        lines += ["", f"## {group.subject}", "", "| variable | meaning | unset |", "|---|---|---|"]
        lines += [f"| `{one.variable}` | {one.meaning} | {one.unset} |" for one in group.settings]
    lines += ["", "## Credentials of the makers", ""]
    lines += ["`OEM_APIS=live` needs them; the sandbox brings its own. [The makers](makers.md) say where each is had."]
    lines += ["", "| maker | variables |", "|---|---|"]
    lines += [
        f"| {oem.name} | {', '.join(f'`{name}`' for name in sorted(credentials(oem)))} |"
        for oem in OEMS
        if credentials(oem)
    ]
    return "\n".join(lines) + "\n"


def dictionary_page() -> str:
    """Every column of every table, with its type and meaning."""
    lines = ["# What does each column mean?", MADE_BY, ""]
    lines += ["The Iceberg tables of the namespace `consolidated`, then the typed days of `transformed`, which are"]
    lines += ["Parquet; a column may be null where it does not say *never*. [Queries](query.md) shows how to ask them."]
    for definition in TABLES:
        lines += _table(definition)
    for name, identity in IDENTITY.items():
        lines += ["", f"## Typed: {name}", "", f"One row a record that keeps the contract; `{identity}` identifies it."]
        lines += _rows(CONTRACTS[name].columns())
    return "\n".join(lines) + "\n"


def _table(definition: TableDefinition) -> list[str]:
    parts = ", ".join(
        f"`{name}`" if str(transform) == "identity" else f"{transform} of `{name}`"
        for name, transform in definition.partitions
    )
    return ["", f"## {definition.name}", "", f"{definition.doc} Partitioned by {parts}.", *_rows(definition.columns)]


def _rows(columns: Mapping[str, dy.Column]) -> list[str]:
    lines = ["", "| column | type | null | meaning |", "|---|---|---|---|"]
    for name, column in columns.items():
        doc = str((column.metadata or {}).get("doc") or "").replace("|", "/")
        lines.append(f"| `{name}` | {column.dtype} | {'' if column.nullable else 'never'} | {doc} |")
    return lines


PAGES = {"settings.md": settings_page, "dictionary.md": dictionary_page}


def write(folder: Path = DOCS) -> None:
    for name, page in PAGES.items():
        (folder / name).write_text(page())


if __name__ == "__main__":
    write()
