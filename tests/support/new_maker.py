"""`make maker`: the three modules of a new maker and a test, all of which pass, to be changed into the real ones.

    python -m tests.support.new_maker nissan

They are the made-up maker's (`tests/support/made_up/`), which the whole suite sweeps, under the new name. Its feed is
made up and played by the sandbox: cars by page and dealers, behind a key, in Norway and Sweden.
"""

from __future__ import annotations

import argparse
import keyword
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
_EXAMPLE = "nordlys"
_MADE_UP = Path("tests/support/made_up")
_MODULES = {
    f"{_MADE_UP}/raw/{_EXAMPLE}.py": "raw/{name}.py",
    f"{_MADE_UP}/transformed/{_EXAMPLE}.py": "transformed/{name}.py",
    f"{_MADE_UP}/sandbox/{_EXAMPLE}.py": "resources/sandbox/{name}.py",
    f"{_MADE_UP}/tests/{_EXAMPLE}.py.txt": "tests/makers/test_{name}.py",
}


def main(arguments: list[str] | None = None, checkout: Path = CHECKOUT) -> int:
    """The command. Returns the exit code; nothing is written where the name cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.new_maker", description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the maker's name as a module's: lower case, `nissan`")
    name = parser.parse_args(arguments).name
    files = {checkout / example: checkout / place.format(name=name) for example, place in _MODULES.items()}
    if problem := _problem(name, list(files.values()), checkout):
        print(f"NAME={name} cannot be used: {problem}.", file=sys.stderr)
        return 2
    for example, file in files.items():
        file.write_text(renamed(example.read_text(), name))
        print(f"wrote {file.relative_to(checkout)}")
    if formatter := shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"):
        # a longer name makes longer lines
        subprocess.run([formatter, "format", "--quiet", *map(str, files.values())], check=True, cwd=checkout)
    print(f"next: make probe OEM={name}; then put the maker's own requests, fields and answers there, as in")
    print("docs/add-a-maker.md")
    return 0


def renamed(source: str, name: str) -> str:
    """The source of one of the example's modules with another maker's name."""
    title = " ".join(part.capitalize() for part in name.split("_"))
    for old, new in ((_EXAMPLE.upper(), name.upper()), (_EXAMPLE.capitalize(), title), (_EXAMPLE, name)):
        # a host's name has no underscore
        source = source.replace(f"{old}.example", f"{new.replace('_', '-')}.example").replace(old, new)
    return source


def _problem(name: str, files: list[Path], checkout: Path) -> str | None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        return "a module's name is written in lower-case letters, digits and underscores"
    rooms = [checkout / tier / name for tier in ("raw", "transformed", "resources/sandbox")]
    taken = [str(path.relative_to(checkout)) for path in (*files, *rooms) if path.exists()]
    return f"there is {taken[0]} already" if taken else None


if __name__ == "__main__":
    sys.exit(main())
