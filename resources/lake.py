"""The lake: where files lie, how they are written whole or not at all, and which source they come from.

Belongs here: paths, fsspec access, the lake's stamp. Does not belong here: what is in the files.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CHECKOUT = Path(__file__).resolve().parent.parent
_STAMP = "source.json"


@dataclass(frozen=True)
class Lake:
    """A lake at `uri`, an absolute fsspec URL without a trailing slash.

    Paths handed to its methods are relative to it, with forward slashes: `raw/audi/scs_search/...`.
    Every method raises PlatformError(LAKE_UNWRITABLE) where the storage refuses a write.
    """

    uri: str

    @cached_property
    def _filesystem_and_root(self) -> tuple[AbstractFileSystem, str]:
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(self.uri)
        return filesystem, root

    @property
    def filesystem(self) -> AbstractFileSystem:
        return self._filesystem_and_root[0]

    @property
    def is_local(self) -> bool:
        return self.uri.startswith("file://")

    def storage_path(self, path: str) -> str:
        """The path as the filesystem (not the URL) names it."""
        return f"{self._filesystem_and_root[1]}/{path}"

    def url(self, path: str) -> str:
        """The full URL of a path, as polars, pyarrow and pyiceberg take it; a local one is a plain path."""
        return self.storage_path(path) if self.is_local else f"{self.uri}/{path}"

    def exists(self, path: str) -> bool:
        return bool(self.filesystem.exists(self.storage_path(path)))

    def list(self, folder: str) -> list[str]:
        """The names (not paths) directly in a folder, sorted; empty where there is no such folder."""
        self.filesystem.invalidate_cache()
        try:
            entries = self.filesystem.ls(self.storage_path(folder), detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries)

    def read_bytes(self, path: str) -> bytes:
        """Raises FileNotFoundError."""
        return cast("bytes", self.filesystem.cat_file(self.storage_path(path)))

    def read_json(self, path: str) -> Any:
        return json.loads(self.read_bytes(path))

    def open_read(self, path: str) -> IO[bytes]:
        return cast("IO[bytes]", self.filesystem.open(self.storage_path(path), "rb"))

    def open_write(self, path: str) -> IO[bytes]:
        """A new file, visible to readers only through a manifest that names it."""
        full = self.storage_path(path)
        try:
            self.filesystem.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
            return cast("IO[bytes]", self.filesystem.open(full, "wb"))
        except (OSError, PermissionError) as error:
            raise self._unwritable(error) from error

    def write_atomic(self, path: str, content: bytes) -> None:
        """Write a file so that a reader sees the old content or the new, whatever kills the writer."""
        full = self.storage_path(path)
        try:
            self.filesystem.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
            if not self.is_local:
                self.filesystem.pipe_file(full, content)  # a PUT is atomic
                return
            with _temporary(full, content) as temporary:
                temporary.replace(full)
        except OSError as error:
            raise self._unwritable(error) from error

    def write_json(self, path: str, value: Any) -> None:
        self.write_atomic(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode())

    def stamp(self, source: str) -> None:
        """Bind the lake to its source (sandbox, replay, live) at the first write; refuse any other ever after.

        Raises PlatformError(SOURCE_MIXED).
        """
        try:
            found = self.source() or self._create_stamp(source)
        except OSError as error:
            raise self._unwritable(error) from error
        if found != source:
            raise PlatformError(
                Cause.SOURCE_MIXED,
                f"the lake at {self.uri} holds {found} data and OEM_APIS asks for {source}",
                advice=f"Set LAKE_URI to another lake for {source} data (with its own catalog),"
                f" or set OEM_APIS back to {found}.",
            )

    def source(self) -> str | None:
        """What the lake is stamped with, None for a lake never written."""
        try:
            return str(self.read_json(_STAMP)["source"])
        except FileNotFoundError:
            return None

    def _create_stamp(self, source: str) -> str:
        """Create the stamp, whole, unless another writer did; the source that the lake has then."""
        full = self.storage_path(_STAMP)
        content = json.dumps({"source": source}).encode()
        self.filesystem.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
        try:
            if self.is_local:
                with _temporary(full, content) as temporary:
                    os.link(temporary, full)  # unlike a rename, refuses to replace
            else:
                with self.filesystem.open(full, "xb") as file:  # a conditional PUT
                    file.write(content)
        except FileExistsError:
            return self.source() or source
        return source

    def _unwritable(self, error: OSError) -> PlatformError:
        return PlatformError(Cause.LAKE_UNWRITABLE, f"cannot write to the lake at {self.uri}: {error}")


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


def lake_from_env() -> Lake:
    """The lake at `LAKE_URI`: any fsspec URL or a folder; `lake/` in the checkout where it is unset."""
    value = os.environ.get("LAKE_URI") or str(CHECKOUT / "lake")
    if "://" not in value:
        value = Path(value).expanduser().resolve().as_uri()
    return Lake(value.rstrip("/"))
