"""Sizes by evidence: `sizes.toml`, which `make sizing APPLY=1` writes from measured nights, and people review.

Belongs here: reading and writing the file. Does not belong here: which size the nights ask for
(`resources.sizing.apply`). The definitions read it, so nothing heavy is imported.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from resources.failures import Cause, PlatformError
from resources.sizing.sizes import Size, size_of

SIZES_FILE = Path(__file__).parent / "sizes.toml"
_HEAD = """\
# Written by `make sizing APPLY=1` from the nights that each entry names; reviewed as a diff. An entry wins over its
# tier's default and loses to an asset's own `ecs/cpu` and `ecs/memory`. An asset without an entry keeps its tier's.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """An asset's size and what it rests on: the nights, their highest memory (MB of 2**20 bytes), mean busy vCPUs, and
    how many attempts ran out of memory."""

    size: Size
    nights: tuple[str, ...]
    peak_memory_mb: float
    busy_vcpus: float
    out_of_memory: int = 0


@cache
def measured_sizes(file: Path = SIZES_FILE) -> Mapping[str, Measured]:
    """The entries by asset (`<oem>/raw/<endpoint>`); none where there is no file.

    Raises PlatformError(CONFIGURATION), which names the file and the asset, for anything that is no entry.
    """
    if not file.exists():
        return {}
    try:
        document = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise _refusal(file, f"it is no TOML: {error}") from error
    return {asset: _measured(file, asset, entry) for asset, entry in document.items()}


def measured_size(asset: str, file: Path = SIZES_FILE) -> Size | None:
    """The size that measured nights ask for; None for an asset that nobody has measured."""
    found = measured_sizes(file).get(asset)
    return found.size if found else None


def write_sizes(entries: Mapping[str, Measured], file: Path = SIZES_FILE) -> None:
    """Write the file whole, assets by name, so that a diff shows what changed."""
    lines = [_HEAD]
    for asset, entry in sorted(entries.items()):
        lines.append(
            f'["{asset}"]\n'
            f"cpu = {entry.size.cpu}\n"
            f"memory_mb = {entry.size.memory_mb}\n"
            f"peak_memory_mb = {entry.peak_memory_mb:.0f}\n"
            f"busy_vcpus = {entry.busy_vcpus:.2f}\n"
            f"out_of_memory = {entry.out_of_memory}\n"
            f"nights = {json.dumps(list(entry.nights))}\n"
        )
    file.write_text("\n".join(lines))
    measured_sizes.cache_clear()


def _measured(file: Path, asset: str, entry: object) -> Measured:
    where = f"{file.name}, {asset}"
    if not isinstance(entry, dict):
        raise _refusal(file, f"{asset} is no table")
    size = size_of(entry.get("cpu"), entry.get("memory_mb"), where)
    if size is None:
        raise _refusal(file, f"{asset} has neither cpu nor memory_mb")
    try:
        return Measured(
            size,
            tuple(str(night) for night in entry["nights"]),
            float(entry["peak_memory_mb"]),
            float(entry["busy_vcpus"]),
            int(entry.get("out_of_memory", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _refusal(file, f"{asset}: {error!r}") from error


def _refusal(file: Path, problem: str) -> PlatformError:
    return PlatformError(
        Cause.CONFIGURATION,
        f"{file.name} of resources/sizing: {problem}",
        advice="Correct the entry, or delete it: its asset then has its tier's size, until `make sizing APPLY=1`.",
    )
