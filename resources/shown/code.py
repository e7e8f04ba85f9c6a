"""Where an asset's code stands, as the UI links to it.

Belongs here: a file and a line, found without importing the module. Does not belong here: what the code does.
"""

from __future__ import annotations

import os
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import dagster as dg

from resources.lake.lake import CHECKOUT

VARIABLE = "CODE_URL"


def code_metadata(module: str, word: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """The metadata by which the UI links to the line of a module that begins with `word`, else to the first that holds
    it, else to its beginning.

    The link is to the file in the checkout, which the UI opens in an editor. Where `CODE_URL` is set, such as
    `https://github.com/acme/oem-stock/blob/main`, it is to that address. Empty where there is no such module.
    """
    place = _place(module, word)
    if place is None:
        return {}
    path, line = place
    name = path.relative_to(CHECKOUT).as_posix() if path.is_relative_to(CHECKOUT) else path.name
    base = os.environ.get(VARIABLE, "").rstrip("/")
    with warnings.catch_warnings():  # the classes are in beta, and Dagster's minor version is pinned
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = (
            dg.UrlCodeReference(url=f"{base}/{name}#L{line}", label=name)
            if base
            else dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=name)
        )
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


@cache  # the makers' consolidated assets all link to the same two places
def _place(module: str, word: str) -> tuple[Path, int] | None:
    """The file of a module and the line to link to; None where there is no such module."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin)
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [number for number, text in enumerate(lines, start=1) if word in text]
    return path, next((number for number in found if lines[number - 1].startswith(word)), found[0] if found else 1)
