"""Copies of a table's metadata share its schemas and snapshots, which nothing can change."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from pydantic import ValidationError

from consolidated.tables.definitions import INVENTORY
from tests.support.consolidated_support import History, nights


@pytest.mark.slow
def test_a_copy_shares_what_is_frozen_and_a_commit_leaves_the_old_metadata_as_it_was(tmp_path: Path) -> None:
    kept = History(tmp_path)
    nights(kept, 1)
    before = kept.catalog.load_table(INVENTORY.identifier).metadata
    copied = copy.deepcopy(before)
    assert copied is not before
    assert copied.snapshots is not before.snapshots
    for ours, theirs in ((before.schemas, copied.schemas), (before.snapshots, copied.snapshots)):
        assert ours
        assert all(one is other for one, other in zip(ours, theirs, strict=True))
        with pytest.raises(ValidationError, match="frozen"):
            ours[0].schema_id = 7

    then = before.model_dump_json()
    nights(kept, 2)
    with kept.catalog.load_table(INVENTORY.identifier).update_schema() as update:
        update.make_column_optional("oem")
    after = kept.catalog.load_table(INVENTORY.identifier).metadata
    assert len(after.snapshots) > len(before.snapshots)
    assert len(after.schemas) > len(before.schemas)
    assert before.model_dump_json() == then
