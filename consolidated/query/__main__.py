"""`make query`: DuckDB's shell on the lake, every table by its name and a few views ready.

    python -m consolidated.query --sql "FROM stock"

With SQL it answers that one question; without it opens the shell.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from consolidated.query.views import VIEWS
from resources.commands.frame import command
from resources.failures import Cause, PlatformError


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: the shell's, or 2 where there is nothing to open."""
    parser = argparse.ArgumentParser(prog="make query", description=__doc__.splitlines()[0])
    parser.add_argument("--sql", help='one question: "FROM stock"')
    options = parser.parse_args(arguments)
    return _query(options.sql)


def _query(sql: str | None) -> int:
    shell = _shell()
    from consolidated.query.session import opening
    from resources.lake.catalog import load_lake_catalog
    from resources.lake.lake import lake_from_env

    lake = lake_from_env()
    statements = list(opening(lake, load_lake_catalog(lake)))
    # a file in a folder of ours alone, and not an argument: on S3 it holds the credentials
    with tempfile.TemporaryDirectory(prefix="query-") as folder:
        start = Path(folder) / "start.sql"
        start.write_text("".join(f"{statement};\n" for statement in statements))
        command = [str(shell), "-no-init", "-cmd", f".read {start}"]
        if sql is not None:
            return subprocess.run([*command, "-bail", "-c", sql], check=False).returncode
        print(_welcome(lake.uri), flush=True)
        return subprocess.run(command, check=False).returncode


def _shell() -> Path:
    """DuckDB's shell, which lies beside this process's Python. Raises PlatformError(CONFIGURATION)."""
    shell = Path(sys.executable).parent / "duckdb"
    if not os.access(shell, os.X_OK):
        detail = "DuckDB's shell is not installed"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Run `make setup`.")
    return shell


def _welcome(uri: str) -> str:
    width = max(len(view.name) for view in VIEWS)
    views = "\n".join(f"  {view.name:{width}}  {view.rows}" for view in VIEWS)
    return (
        f"{uri}, as it is now: open it again after the next night.\n"
        f"Every table by its name (SHOW TABLES), and ready, one row\n{views}\n"
        "FROM stock; answers; .quit or Ctrl-D leaves."
    )


if __name__ == "__main__":
    sys.exit(main())
