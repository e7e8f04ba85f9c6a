"""What lies in a storage, by the storage's own clock: files, unfinished uploads, and what time it is there.

Belongs here: listing and removing through fsspec, on a folder and on object stores. Does not belong here: which
files may go (`resources/lake/sweep.py` and who calls it).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# an age compares two times of the storage: a step's clock may be wrong by any amount
_MODIFIED = ("LastModified", "mtime", "updated", "last_modified")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the storage lists it; `path` is as the filesystem names it, without a scheme."""

    path: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """A multipart upload to S3 that was neither completed nor aborted: it is paid for and no listing shows it."""

    bucket: str
    key: str
    upload_id: str
    initiated_at: datetime


def is_local(filesystem: AbstractFileSystem) -> bool:
    return "file" in _protocols(filesystem)


def path_in(filesystem: AbstractFileSystem, location: str) -> str:
    """One name for a file however it is written: no scheme, and in a folder no links on the way."""
    stripped = str(filesystem._strip_protocol(location))
    return str(Path(stripped).resolve()) if is_local(filesystem) else stripped


def list_files(filesystem: AbstractFileSystem, folder: str) -> dict[str, StoredFile]:
    """Every file below a folder by its `path_in`; none where there is no such folder. Nothing remembered is used."""
    filesystem.invalidate_cache()
    try:
        found = filesystem.find(path_in(filesystem, folder), detail=True)
    except FileNotFoundError:
        return {}
    return {
        str(path): StoredFile(str(path), int(entry["size"]), _modified(filesystem, str(path), entry))
        for path, entry in found.items()
    }


def storage_now(filesystem: AbstractFileSystem, folder: str) -> datetime:
    """What the storage's clock says: the time that it gives to a file written now, which is removed again."""
    path = f"{path_in(filesystem, folder)}/storage-clock-{uuid.uuid4().hex}"
    if is_local(filesystem):
        filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    filesystem.pipe_file(path, b"")
    try:
        filesystem.invalidate_cache()
        return _modified(filesystem, path, filesystem.info(path))
    finally:
        filesystem.rm_file(path)


def remove_files(filesystem: AbstractFileSystem, paths: Iterable[str]) -> None:
    """Remove files one by one, in the order given, so that a kill on the way leaves only the later ones."""
    for path in paths:
        with suppress(FileNotFoundError):
            filesystem.rm_file(path)


def unfinished_uploads(filesystem: AbstractFileSystem, folder: str) -> list[UnfinishedUpload]:
    """The multipart uploads under way or forgotten below a folder; none where the storage is not S3."""
    if "s3" not in _protocols(filesystem):
        return []
    bucket, _, prefix = path_in(filesystem, folder).partition("/")
    found: list[UnfinishedUpload] = []
    marker: dict[str, str] = {}
    while True:
        answer: Any = filesystem.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/", **marker)
        found.extend(
            UnfinishedUpload(bucket, one["Key"], one["UploadId"], one["Initiated"].astimezone(UTC))
            for one in answer.get("Uploads") or ()
        )
        if not answer.get("IsTruncated"):
            return found
        marker = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}


def abort_upload(filesystem: AbstractFileSystem, upload: UnfinishedUpload) -> None:
    with suppress(FileNotFoundError):
        filesystem.call_s3("abort_multipart_upload", Bucket=upload.bucket, Key=upload.key, UploadId=upload.upload_id)


def _protocols(filesystem: AbstractFileSystem) -> tuple[str, ...]:
    protocol = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _modified(filesystem: AbstractFileSystem, path: str, entry: dict[str, Any]) -> datetime:
    value: datetime | float | None = next((entry[name] for name in _MODIFIED if entry.get(name) is not None), None)
    if value is None:
        value = filesystem.modified(path)
    assert value is not None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
