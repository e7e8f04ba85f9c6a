"""The lake: where files lie, how they are written whole or not at all, and which source they come from.

Belongs here: paths, fsspec access, the lake's stamp. Does not belong here: what is in the files.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from resources.failures import Cause, PlatformError
from resources.lake.storage_failures import Place, storage_errors

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CHECKOUT = Path(__file__).resolve().parents[2]
_STAMP = "source.json"
_STAMP_VERSION = 2
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")
_S3_ADDRESS_SETTINGS = "LAKE_URI, AWS_REGION and (for a storage that is not AWS's) AWS_ENDPOINT_URL_S3"
S3_CREDENTIAL_SETTINGS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or the task's role"


@dataclass(frozen=True)
class Lake:
    """A lake at `uri`, an absolute fsspec URL without a trailing slash.

    Paths handed to its methods are relative to it, with forward slashes: `raw/<oem>/<endpoint>/...`.
    Credentials and endpoint of S3 come from the environment (AWS_*), for s3fs, pyiceberg and polars alike.
    Every method raises PlatformError where the storage cannot be reached, does not know us, or refuses:
    CONNECTION, CREDENTIAL_MISSING, CREDENTIAL_REJECTED, CONFIGURATION, LAKE_UNWRITABLE.
    """

    uri: str

    @cached_property
    def _filesystem_and_root(self) -> tuple[AbstractFileSystem, str]:
        import fsspec

        # a listing that is remembered hides what other tasks have written since
        settings = {} if self.is_local else {"use_listings_cache": False}
        try:
            filesystem, root = fsspec.core.url_to_fs(self.uri, **settings)
        except (ValueError, ImportError) as error:  # a scheme that fsspec does not know, or whose library is not there
            raise replace(_no_address(self.uri), detail=f"LAKE_URI={self.uri} cannot be opened: {error}") from error
        return filesystem, root

    @property
    def filesystem(self) -> AbstractFileSystem:
        return self._filesystem_and_root[0]

    @property
    def is_local(self) -> bool:
        return self.uri.startswith("file://")

    @property
    def place(self) -> Place:
        return storage_place(f"the lake at {self.uri}")

    def storage_path(self, path: str) -> str:
        """The path as the filesystem (not the URL) names it."""
        return f"{self._filesystem_and_root[1]}/{path}"

    def url(self, path: str) -> str:
        """The full URL of a path, as polars, pyarrow and pyiceberg take it; a local one is a plain path."""
        return self.storage_path(path) if self.is_local else f"{self.uri}/{path}"

    def list(self, folder: str) -> list[str]:
        """The names (not paths) directly in a folder, sorted; empty where there is no such folder."""
        try:
            with storage_errors(self.place):
                entries = self.filesystem.ls(self.storage_path(folder), detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries)

    def read_bytes(self, path: str) -> bytes:
        """Raises FileNotFoundError."""
        with storage_errors(self.place):
            return cast("bytes", self.filesystem.cat_file(self.storage_path(path)))

    def read_json(self, path: str) -> Any:
        return json.loads(self.read_bytes(path))

    def open_read(self, path: str) -> IO[bytes]:
        with storage_errors(self.place):
            return cast("IO[bytes]", self.filesystem.open(self.storage_path(path), "rb"))

    def open_write(self, path: str) -> IO[bytes]:
        """A new file, visible to readers only through a manifest that names it."""
        full = self.storage_path(path)
        with self._write_errors():
            self._make_folder_of(full)
            return cast("IO[bytes]", self.filesystem.open(full, "wb"))

    def write_atomic(self, path: str, content: bytes) -> None:
        """Write a file so that a reader sees the old content or the new, whatever kills the writer."""
        full = self.storage_path(path)
        with self._write_errors():
            self._make_folder_of(full)
            if not self.is_local:
                self.filesystem.pipe_file(full, content)  # a PUT is atomic
                return
            with _temporary(full, content) as temporary:
                temporary.replace(full)

    def write_new(self, path: str, content: bytes) -> bool:
        """Write a file, whole, unless there is one: then False. Of several writers one alone is told True."""
        full = self.storage_path(path)
        with self._write_errors():
            self._make_folder_of(full)
            try:
                if self.is_local:
                    with _temporary(full, content) as temporary:
                        os.link(temporary, full)  # unlike a rename, refuses to replace
                else:
                    with self.filesystem.open(full, "xb") as file:  # a conditional PUT
                        file.write(content)
            except OSError:
                # s3fs has no FileExistsError for a condition that does not hold
                if not self.filesystem.exists(full):
                    raise
                return False
        return True

    def remove(self, path: str) -> None:
        """Remove a file, or nothing where there is none."""
        with self._write_errors(), suppress(FileNotFoundError):
            self.filesystem.rm_file(self.storage_path(path))

    def write_json(self, path: str, value: Any) -> None:
        self.write_atomic(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode())

    def stamp(self, source: str) -> None:
        """Bind the lake to its source (sandbox, replay, live) at the first write; refuse any other ever after.

        A stamp of an older version is given the lake's address. Raises PlatformError(SOURCE_MIXED), and what `source`
        raises.
        """
        with self._write_errors():
            found = self.source() or self._create_stamp(source)
            if found == source and "address" not in self._read_stamp():
                self.write_json(_STAMP, self._stamp_of(source))
        if found != source:
            raise PlatformError(
                Cause.SOURCE_MIXED,
                f"the lake at {self.uri} holds {found} data and OEM_APIS asks for {source}",
                advice=f"Set LAKE_URI to another lake for {source} data (with its own catalog),"
                f" or set OEM_APIS back to {found}.",
            )

    def source(self) -> str | None:
        """What the lake is stamped with, None for a lake never written.

        Raises PlatformError: LAKE_MOVED where the stamp names another address, LAKE_DAMAGED where it cannot be read,
        FORMAT_UNKNOWN where a newer version of the platform wrote it.
        """
        stamp = self._read_stamp()
        address = stamp.get("address", self.uri)
        if address != self.uri:
            raise PlatformError(
                Cause.LAKE_MOVED,
                f"the lake at {self.uri} was moved or copied from {address}, where its tables look for their files",
                advice=f"Set LAKE_URI to {address} if that lake is meant; to work with this one, run `make rebuild`.",
            )
        return str(stamp["source"]) if stamp else None

    def stamp_anew(self, source: str) -> None:
        """Bind the lake to its present address, whatever its stamp says: for a lake whose tables are made again."""
        with self._write_errors():
            self.write_json(_STAMP, self._stamp_of(source))

    def stamped_source(self) -> str | None:
        """The source in the stamp, whatever address it names. Raises as `source` does but for LAKE_MOVED."""
        stamp = self._read_stamp()
        return str(stamp["source"]) if stamp else None

    def _stamp_of(self, source: str) -> dict[str, Any]:
        return {"source": source, "address": self.uri, "version": _STAMP_VERSION}

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp = self.read_json(_STAMP)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except ValueError as error:
            raise self._bad_stamp(f"is no JSON ({error})") from error
        if not isinstance(stamp, dict) or not isinstance(stamp.get("source"), str):
            raise self._bad_stamp("names no source")
        version = stamp.get("version", 1)
        if not isinstance(version, int) or version > _STAMP_VERSION:
            detail = f"{self.uri}/{_STAMP} has version {version}, and this platform knows versions to {_STAMP_VERSION}"
            raise PlatformError(Cause.FORMAT_UNKNOWN, detail, advice="Upgrade the platform.")
        return stamp

    def _bad_stamp(self, what: str) -> PlatformError:
        return PlatformError(
            Cause.LAKE_DAMAGED,
            f"the stamp {self.uri}/{_STAMP} {what}",
            advice='Write it anew: {"source": "live"}, or sandbox or replay, as the manifests in raw/ say.',
        )

    def _create_stamp(self, source: str) -> str:
        """Create the stamp, whole, unless another writer did; the source that the lake has then."""
        if self.write_new(_STAMP, json.dumps(self._stamp_of(source)).encode()):
            return source
        return self.source() or source

    def _make_folder_of(self, full: str) -> None:
        """An object store has no folders, and s3fs would create a bucket that is missing."""
        if not self.uri.startswith(tuple(f"{scheme}://" for scheme in _OBJECT_STORES)):
            self.filesystem.makedirs(full.rsplit("/", 1)[0], exist_ok=True)

    @contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            with storage_errors(self.place):
                yield
        except OSError as error:
            raise PlatformError(Cause.LAKE_UNWRITABLE, f"cannot write to the lake at {self.uri}: {error}") from error


@contextmanager
def _temporary(full: str, content: bytes) -> Iterator[Path]:
    """A file beside `full` with the content, on disk; gone afterwards unless it was renamed."""
    temporary = Path(f"{full}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def storage_place(name: str) -> Place:
    """What is stored at a URL, for error messages; `name` holds the URL."""
    if "s3://" in name or "s3a://" in name:
        return Place(name, _S3_ADDRESS_SETTINGS, S3_CREDENTIAL_SETTINGS)
    return Place(name, "LAKE_URI", "the permissions")


def lake_from_env() -> Lake:
    """The lake at `LAKE_URI`: any fsspec URL or a folder; `lake/` in the checkout where it is unset or blank.

    Raises PlatformError as `lake_at` does.
    """
    return lake_at(os.environ.get("LAKE_URI", "").strip() or str(CHECKOUT / "lake"))


def lake_at(value: str) -> Lake:
    """The lake at an fsspec URL or in a folder, whose name is taken as it is written: `/my lake`, `file:///my lake`.

    Raises PlatformError: CONFIGURATION for what is neither, LAKE_MOVED where an older version wrote the lake into a
    folder of another name.
    """
    value = value.strip()
    scheme, is_url, place = value.partition("://")
    if not is_url:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", value):
            raise _no_address(value)
        return _lake_in(value)
    if not place.strip("/") or (scheme.lower() == "file" and not place.startswith("/")):
        raise _no_address(value)
    return Lake(f"{scheme.lower()}://{place.rstrip('/')}")


def _lake_in(value: str) -> Lake:
    try:
        folder = Path(value).expanduser().resolve()
    except RuntimeError as error:  # of `~somebody`
        raise _no_address(value) from error
    # percent-encoded, the name was that of another folder, beside the one that was meant
    before = Path(folder.as_uri().removeprefix("file://"))
    if before != folder and (before / _STAMP).exists() and not (folder / _STAMP).exists():
        raise PlatformError(
            Cause.LAKE_MOVED,
            f"the lake of {folder} was written to {before} by an older version",
            advice="Move the folder to where it is meant to be, then run `make rebuild`.",
        )
    return Lake(f"file://{folder}")


def _no_address(value: str) -> PlatformError:
    return PlatformError(
        Cause.CONFIGURATION,
        f"LAKE_URI={value} is no address of a lake",
        advice="Name a folder, or a URL as s3://bucket/lake or file:///srv/lake.",
    )
