"""One commit: data files go, data files come, in one snapshot, and the table's metadata stays as small as it was.

The commit writes only metadata. It merges the small manifests of the OEM whose files it adds, so that no commit reads
or writes another OEM's manifests; and it drops the oldest snapshots beyond a number, except those that a tag names.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update import RemoveSnapshotsUpdate
from pyiceberg.table.update.snapshot import _ManifestMergeManager, _OverwriteFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyiceberg.manifest import DataFile, ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata

SNAPSHOTS_AT_MOST = 100
"""So many of a table's snapshots stay beside those with a tag: some nights of twenty makers."""
_MANIFESTS_AT_MOST = 5
_MANIFEST_BYTES = 32 * 1024
"""A manifest under this is small: about a hundred files. A night reads the one that grows, 0.2 ms a file, and the list
of all, 0.04 ms a manifest. At 1,000 nights of 15 makers larger ones cost more, when each look read both."""
_LARGEST_MANIFEST_BYTES = 8 * 1024 * 1024


def commit_files(
    table: Table,
    *,
    gone: Iterable[DataFile],
    come: Iterable[DataFile],
    snapshot_properties: Mapping[str, str],
    table_properties: Mapping[str, str],
) -> None:
    """Replace data files of the loaded table by others, which are written already, in one commit.

    Raises CommitFailedException where another writer committed since the table was loaded.
    """
    gone, come = list(gone), list(come)
    with table.transaction() as transaction:
        change = _Replacement(
            operation=_operation(gone, come),
            transaction=transaction,
            io=table.io,
            snapshot_properties=dict(snapshot_properties),
        )
        for file in gone:
            change.delete_data_file(file)
        for file in come:
            change.append_data_file(file)
        change.commit()
        if table_properties:
            transaction.set_properties(dict(table_properties))
        if old := snapshots_over(table.metadata, SNAPSHOTS_AT_MOST - 1):
            transaction._apply((RemoveSnapshotsUpdate.model_validate({"snapshot-ids": old}),))


def snapshots_over(metadata: TableMetadata, at_most: int) -> list[int]:
    """The ids of the oldest snapshots beyond the latest `at_most`, without those that a tag or a branch names."""
    latest_first = sorted(metadata.snapshots, key=lambda one: one.sequence_number or 0, reverse=True)
    named = {reference.snapshot_id for reference in metadata.refs.values()}
    return [one.snapshot_id for one in latest_first[at_most:] if one.snapshot_id not in named]


def _operation(gone: list[DataFile], come: list[DataFile]) -> Operation:
    if not gone:
        return Operation.APPEND
    return Operation.OVERWRITE if come else Operation.DELETE


class _Replacement(_OverwriteFiles):
    """pyiceberg's overwrite, which leaves no manifest of deleted files behind and merges the small ones."""

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        ours = {self.snapshot_id, None}
        kept = [
            one for one in manifests
            if one.added_snapshot_id in ours or one.has_added_files() or one.has_existing_files()
        ]  # fmt: skip
        merger: Any = _ManifestMergeManager(_LARGEST_MANIFEST_BYTES, 1, True, self)
        makers = {_maker_of(one) for one in kept if one.added_snapshot_id in ours}
        small: dict[tuple[int, bytes | None], list[ManifestFile]] = defaultdict(list)
        for one in kept:
            if one.manifest_length < _MANIFEST_BYTES and _maker_of(one) in makers:
                small[one.partition_spec_id, _maker_of(one)].append(one)
        for of_maker in small.values():
            if len(of_maker) > _MANIFESTS_AT_MOST:
                kept = [*merger.merge_manifests(of_maker), *(one for one in kept if one not in of_maker)]
        return kept


def _maker_of(manifest: ManifestFile) -> bytes | None:
    """The OEM of all files of a manifest, None where they are of several: `oem` is every table's first partition."""
    first = manifest.partitions[0] if manifest.partitions else None
    return first.lower_bound if first is not None and first.lower_bound == first.upper_bound else None
