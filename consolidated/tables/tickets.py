"""Turns among writers whose catalog has no lock to offer (REST, Glue): a queue of tickets in the lake's storage.

A writer draws the ticket after the last one by a conditional write, which one writer alone can win, and has its turn
when every ticket before it has ended. A ticket says who drew it and when, for a person who looks into `turns/`. An
ended ticket has a mark beside it. The last ones stay, so that the numbers only grow, and a writer that looked a moment
ago does not take a number that was had already.

No clocks of two machines are compared: a writer that sees one ticket stay the first for longer than a turn takes ends
it, since the writer that drew it has died. A turn that is had twice for that reason costs a commit more tries.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resources.failures import PlatformError

if TYPE_CHECKING:
    from resources.lake.lake import Lake

FOLDER = "turns"
KEPT = 20
"""Tickets that have ended, beside the last one."""
LONGEST_TURN_SECONDS = 20.0
_SHORTEST_TURN_SECONDS = 0.2
_POLL_SECONDS = 0.05  # of who is next
_TICKET, _ENDED = ".json", ".ended"


@contextmanager
def ticket(lake: Lake, table: str, longest_wait_seconds: float) -> Iterator[None]:
    """Have the turn of a table within the block; go on without it after that time, or where the storage fails."""
    queue = _Queue(lake, f"{FOLDER}/{table}")
    with ExitStack() as drawn:
        with suppress(PlatformError, OSError):
            number = queue.draw()
            drawn.callback(queue.end, number)
            queue.wait(number, longest_wait_seconds)
        yield


@dataclass
class _Queue:
    lake: Lake
    folder: str
    _waiting: list[int] = field(default_factory=list)
    _ended: list[int] = field(default_factory=list)
    """The tickets at the last look, in order."""

    def draw(self) -> int:
        """The number of a ticket that nobody else has."""
        drawn_by = {"owner": f"{platform.node()} {os.getpid()}", "drawn_at": datetime.now(UTC).isoformat()}
        self._look()
        number = max([*self._ended, *self._waiting], default=0) + 1
        while not self.lake.write_new(self._path(number), json.dumps(drawn_by).encode()):
            number += 1
        return number

    def wait(self, number: int, longest_wait_seconds: float) -> None:
        until = time.monotonic() + longest_wait_seconds
        first, first_since = 0, 0.0
        self._look()
        while (before := [one for one in self._waiting if one < number]) and time.monotonic() < until:
            if before[0] != first:
                first, first_since = before[0], time.monotonic()
            elif time.monotonic() - first_since > LONGEST_TURN_SECONDS:
                self.end(first)
            time.sleep(_POLL_SECONDS + _SHORTEST_TURN_SECONDS * (len(before) - 1))
            self._look()

    def end(self, number: int) -> None:
        """Let the next ticket have its turn, and remove those that have ended long before."""
        with suppress(PlatformError, OSError):
            self.lake.write_atomic(self._path(number, _ENDED), b"")
            for one in self._ended:
                if one < number - KEPT:
                    # the mark last: a ticket without one would be waited for
                    self.lake.remove(self._path(one))
                    self.lake.remove(self._path(one, _ENDED))

    def _look(self) -> None:
        names = self.lake.list(self.folder)
        drawn, ended = (
            {int(number) for name in names if (number := name.removesuffix(end)) != name and number.isdecimal()}
            for end in (_TICKET, _ENDED)
        )
        self._waiting, self._ended = sorted(drawn - ended), sorted(ended)

    def _path(self, number: int, end: str = _TICKET) -> str:
        return f"{self.folder}/{number:012}{end}"
