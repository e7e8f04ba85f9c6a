"""Pages of docs whose consoles a test runs: each command, and the output that the page shows for it."""

from __future__ import annotations

import re
from collections.abc import Iterator


def commands(text: str) -> Iterator[tuple[list[str], str]]:
    """Each command of a console, with the output that follows it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield line.split(), output


def matches(output: str, shown: str) -> bool:
    """Whether an output is what is shown, where `...` alone in a line is any lines and at a line's end any text."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "...\n" else re.escape(line.removesuffix("...\n")) + r".*\n"
        if line.endswith("...\n") else re.escape(line)
        for line in shown.splitlines(keepends=True)
    )  # fmt: skip
    return re.fullmatch(pattern, output) is not None
