"""Copies of a table's metadata share what is in it and is frozen, which nothing can change."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from pydantic import ValidationError

from consolidated.tables.definitions import INVENTORY
from consolidated.tables.shared_metadata import SHARED
from tests.support.consolidated_support import History, nights


@pytest.mark.slow
def test_a_copy_shares_what_is_frozen_and_a_commit_leaves_the_old_metadata_as_it_was(tmp_path: Path) -> None:
    kept = History(tmp_path)
    nights(kept, 2)
    before = kept.catalog.load_table(INVENTORY.identifier).metadata
    copied = copy.deepcopy(before)
    assert copied is not before
    shared = set()
    for name in type(before).model_fields:
        ours, theirs = getattr(before, name), getattr(copied, name)
        if not isinstance(ours, (list, dict)):
            continue
        assert theirs is not ours, name
        held = list(zip(ours, theirs, strict=True))
        held = [(ours[one], theirs[one]) for one, _ in held] if isinstance(ours, dict) else held
        for one, other in held:
            if isinstance(one, SHARED):
                shared.add(type(one))
                assert one is other, name
                with pytest.raises(ValidationError, match="frozen"):
                    setattr(one, next(iter(type(one).model_fields), "root"), 7)
    assert shared == set(SHARED)

    then = before.model_dump_json()
    nights(kept, 3)
    with kept.catalog.load_table(INVENTORY.identifier).update_schema() as update:
        update.make_column_optional("oem")
    after = kept.catalog.load_table(INVENTORY.identifier).metadata
    assert len(after.snapshots) > len(before.snapshots)
    assert len(after.schemas) > len(before.schemas)
    assert before.model_dump_json() == then
