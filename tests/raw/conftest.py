"""What the tests of raw are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.lake.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake of the test's own."""
    return Lake((tmp_path / "lake").as_uri())
