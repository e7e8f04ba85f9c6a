"""What a command costs: `python tests/bench/measure.py <result.json> <command> ...`.

Counted are the command's process and every process that comes of it, also one whose parent has ended: they become
children of this process, which waits for all of them. The server that the command talks to was started by somebody
else and is not counted. Linux only (`PR_SET_CHILD_SUBREAPER`).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


@dataclass(frozen=True)
class Cost:
    """peak_mb: of the process of the tree that had the largest resident set, in MB of 2**20 bytes."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    exit_code: int = 0


def cost_of(command: list[str]) -> Cost:
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    begun = time.monotonic()
    process = subprocess.Popen(command)
    exit_code = process.wait()
    wall_seconds = time.monotonic() - begun
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(used.ru_utime + used.ru_stime, wall_seconds, used.ru_maxrss / 1024, exit_code)


if __name__ == "__main__":
    cost = cost_of(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(asdict(cost)))
    sys.exit(cost.exit_code)
