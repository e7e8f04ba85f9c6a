"""Captured days: finding and reading their files, and saying which days there are.

What a capture holds, and how its records are paged, is the maker's module's to know.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from resources.sandbox.serving.routes import ANY, Answer, Asked, Refusal, Route

_SUFFIX = ".json.gz"


@dataclass(frozen=True)
class CapturedDays:
    """The captures of one endpoint: `<folder>/<oem>/<endpoint's folder>/<date>.json.gz`, one file a day."""

    root: Path
    oem: str
    name: str

    def days(self) -> list[str]:
        return sorted(
            path.name.removesuffix(_SUFFIX) for path in (self.root / self.oem / self.name).glob(f"*{_SUFFIX}")
        )

    def read(self, day: date) -> Any:
        """The decoded capture of a day. Raises Refusal(404) that says which days there are."""
        path = self.root / self.oem / self.name / f"{day.isoformat()}{_SUFFIX}"
        try:
            content = gzip.decompress(path.read_bytes())
        except FileNotFoundError:
            self._refuse(day)
        return msgspec.json.decode(content)

    def _refuse(self, day: date) -> NoReturn:
        days = self.days()
        if not days:
            raise no_capture(self.oem, self.root)
        raise Refusal(
            404,
            {
                "message": f"no capture of {self.oem} on {day.isoformat()} in {self.root}",
                "captured_days": {"first": days[0], "last": days[-1], "count": len(days)},
            },
        )


def no_capture(oem: str, folder: Path) -> Refusal:
    return Refusal(404, {"message": f"no capture of {oem} in {folder}"})


def without_captures(route: Route, folder: Path) -> Route:
    """The route of an OEM of which nothing was captured: its host refuses everything."""

    def refuse(asked: Asked) -> Answer:
        raise no_capture(route.oem, folder)

    return replace(route, answer=refuse, path=ANY, method=ANY)
