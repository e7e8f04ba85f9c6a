"""How often files below a folder are opened to be read, by whatever library: Linux tells it (inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CLOSED_WRITTEN, _CLOSED_READ, _OPENED, _CREATED = 0x08, 0x10, 0x20, 0x100
# an event like the one before it is not told again, so what comes between two openings is asked for, too
_ASKED_FOR = _CLOSED_WRITTEN | _CLOSED_READ | _OPENED | _CREATED
_OF_A_FOLDER, _LOST = 0x40000000, 0x4000
_EVENT = struct.Struct("iIII")


@dataclass
class Opened:
    """to_read: how often files were opened but to be made, known when the block has ended."""

    to_read: int = 0


@contextmanager
def opened_below(folder: Path) -> Iterator[Opened]:
    """Count in the block what is opened in the folders that stand before it."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(os.O_NONBLOCK)
    found = Opened()
    try:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and library.inotify_add_watch(descriptor, os.fsencode(path), _ASKED_FOR) < 0:
                raise OSError(ctypes.get_errno(), f"cannot watch {path}")
        yield found
        counts = Counter(_events(descriptor))
        found.to_read = counts[_OPENED] - counts[_CREATED]  # a file that is made is opened once for that
    finally:
        os.close(descriptor)


def _events(descriptor: int) -> Iterator[int]:
    """What happened to files, an event each."""
    while True:
        try:
            events = os.read(descriptor, 1 << 20)
        except BlockingIOError:
            return
        at = 0
        while at < len(events):
            _, kind, _, length = _EVENT.unpack_from(events, at)
            at += _EVENT.size + length
            if kind & _LOST:
                raise RuntimeError("more files were opened than the kernel keeps in mind")
            if not kind & _OF_A_FOLDER:
                yield kind
