"""Replacing a small file that others may be replacing at the same time: compare and swap, in a folder and on S3."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.failures import Cause, PlatformError
from resources.lake.storage_failures import storage_errors
from resources.retries import retrying

if TYPE_CHECKING:
    from resources.lake.lake import Lake

_ATTEMPTS = 12
_LOST_STATUSES = (409, 412)  # two conditional writes at once; the condition does not hold


class _LostError(Exception):
    """Another writer replaced the file in between."""


def swap(lake: Lake, path: str, renewed: Callable[[bytes | None], bytes]) -> None:
    """Replace a file by what `renewed` makes of its content (None: there is no file), as if nobody else wrote.

    On S3 `renewed` is called again with the new content where another writer came in between. Stores other than a
    folder and S3 have no conditional write that fsspec offers: there the last writer wins.
    Raises PlatformError: COMMIT_CONFLICT where other writers keep coming in between, LAKE_UNWRITABLE, and what
    `renewed` raises.
    """
    if lake.is_local:
        with _locked(lake, path):
            lake.write_atomic(path, renewed(_content(lake, path)))
    elif lake.uri.startswith(("s3://", "s3a://")):
        try:
            retrying(_LostError, attempts=_ATTEMPTS)(_swap_on_s3, lake, path, renewed)
        except _LostError as error:
            raise PlatformError(Cause.COMMIT_CONFLICT, f"other writers keep replacing {path}") from error
    else:
        lake.write_atomic(path, renewed(_content(lake, path)))


def as_json(value: Any) -> bytes:
    """As `Lake.write_json` writes it."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode()


def _swap_on_s3(lake: Lake, path: str, renewed: Callable[[bytes | None], bytes]) -> None:
    bucket, _, key = lake.storage_path(path).partition("/")
    etag = _etag(lake, path)
    content = renewed(_content(lake, path) if etag else None)
    condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        with storage_errors(lake.place):
            lake.filesystem.call_s3("put_object", Bucket=bucket, Key=key, Body=content, **condition)
    except OSError as error:
        if _status(error) in _LOST_STATUSES:
            raise _LostError from error
        raise PlatformError(Cause.LAKE_UNWRITABLE, f"cannot write to the lake at {lake.uri}: {error}") from error


def _etag(lake: Lake, path: str) -> str | None:
    with storage_errors(lake.place):
        try:
            return str(lake.filesystem.info(lake.storage_path(path), refresh=True)["ETag"])
        except FileNotFoundError:
            return None


def _status(error: BaseException) -> int | None:
    """The HTTP status behind an error of s3fs, which turns botocore's into OSErrors of its own."""
    cause: BaseException | None = error
    while cause is not None:
        response = getattr(cause, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return int(status) if status is not None else None
        cause = cause.__cause__
    return None


def _content(lake: Lake, path: str) -> bytes | None:
    try:
        return lake.read_bytes(path)
    except FileNotFoundError:
        return None


@contextmanager
def _locked(lake: Lake, path: str) -> Iterator[None]:
    """Hold the lock of the folder in which a file lies; the system takes it back from a process that is killed."""
    folder = Path(lake.storage_path(path)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise PlatformError(Cause.LAKE_UNWRITABLE, f"cannot write to the lake at {lake.uri}: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
