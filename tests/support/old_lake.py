"""The small lake of version ccba373 (`make_old_lake.py`), unpacked where its tables look for their files."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.make_old_lake import PLACE
from tests.support.source import CHECKOUT

ARCHIVE = CHECKOUT / "tests" / "data" / "lake-of-ccba373.tar.xz"


@contextmanager
def old_lake() -> Iterator[Path]:
    """The lake's folder, which one test at a time has to itself."""
    with Path(f"{PLACE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(PLACE, ignore_errors=True)
        shutil.unpack_archive(ARCHIVE, PLACE, "xztar")
        try:
            yield PLACE
        finally:
            shutil.rmtree(PLACE, ignore_errors=True)
