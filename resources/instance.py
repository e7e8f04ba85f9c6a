"""The Dagster instance of the checkout, for the command lines that start or read runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from resources.lake.lake import CHECKOUT

if TYPE_CHECKING:
    import dagster as dg


@contextmanager
def checkout_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of the checkout: `make` names it by DAGSTER_HOME; without make it is the same folder."""
    import dagster as dg

    home = Path(os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT / ".dagster")))
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    with dg.DagsterInstance.get() as instance:
        yield instance
