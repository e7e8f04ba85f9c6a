"""Where the OEMs' APIs are: played on loopback (sandbox, replay) or the real hosts (live).

It reads `OEM_APIS` and says how a URL is reached, where a credential comes from, and which days may be asked for.
Nothing outside this module knows which of the APIs it talks to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

from resources.apis.sandbox_process import ORIGIN_VARIABLE, check_running, sandbox_process
from resources.ecs.task_environment import in_ecs_task
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    import aiohttp

Source = Literal["sandbox", "replay", "live"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take and how often it is sent again.

    total_seconds, connect_seconds, read_seconds (between two pieces of the body) bound one attempt;
    attempts and budget_seconds bound them together; the backoff before attempt n is drawn from
    0 .. min(backoff_max_seconds, backoff_seconds * 2^(n-2)) (full jitter); a Retry-After of more than
    retry_after_max_seconds is not waited for.
    """

    total_seconds: float = 120.0
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    attempts: int = 5
    budget_seconds: float = 600.0
    backoff_seconds: float = 1.0
    backoff_max_seconds: float = 30.0
    retry_after_max_seconds: float = 120.0


class Connection(Protocol):
    """The way to the APIs. `paces`: whether the declared requests a second are kept; concurrency always is."""

    @property
    def paces(self) -> bool: ...

    @property
    def patience(self) -> Patience: ...

    def reach(self, url: str) -> tuple[str, dict[str, str]]:
        """The URL to send to for an OEM's URL, and the headers that this needs."""

    def credential(self, variable: str) -> str:
        """The credential named by an environment variable. Raises PlatformError(CREDENTIAL_MISSING)."""

    def connector(self, connections: int) -> aiohttp.BaseConnector:
        """A pool of at most that many connections; called inside the event loop."""

    def own_words(self, headers: Mapping[str, str]) -> str | None:
        """What a response's headers say in words of ours, so that a message may quote them: only a replay does."""


@dataclass(frozen=True)
class LiveConnection:
    """The real hosts: URLs as declared, credentials from the environment, politeness kept."""

    patience: Patience = Patience()
    paces: bool = True

    def reach(self, url: str) -> tuple[str, dict[str, str]]:
        return url, {}

    def credential(self, variable: str) -> str:
        """Raises PlatformError: CREDENTIAL_MISSING where unset or empty, CONFIGURATION where no header may hold it."""
        value = os.environ.get(variable, "").strip()  # a secret read from a file ends with a newline
        if not value:
            raise PlatformError(Cause.CREDENTIAL_MISSING, f"the environment variable {variable} is not set")
        if not (value.isascii() and value.isprintable()):
            raise PlatformError(
                Cause.CONFIGURATION,
                f"the environment variable {variable} holds characters that no HTTP header may carry",
            )
        return value

    def connector(self, connections: int) -> aiohttp.BaseConnector:
        import aiohttp

        return aiohttp.TCPConnector(limit=connections)

    def own_words(self, headers: Mapping[str, str]) -> str | None:
        return None


@dataclass(frozen=True)
class LoopbackConnection:
    """The APIs played at `origin` (`http://127.0.0.1:PORT`): every host leads there, told apart by `Host`."""

    origin: str
    patience: Patience = Patience(backoff_seconds=0.05)  # nobody to be spared
    paces: bool = False

    def reach(self, url: str) -> tuple[str, dict[str, str]]:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.origin}{parts.path or '/'}{query}", {"Host": parts.netloc}

    def credential(self, variable: str) -> str:
        from resources.sandbox.serving.credentials import sandbox_credential

        return sandbox_credential(variable)

    def connector(self, connections: int) -> aiohttp.BaseConnector:
        import aiohttp

        return aiohttp.TCPConnector(limit=connections)

    def own_words(self, headers: Mapping[str, str]) -> str | None:
        from resources.sandbox.serving.credentials import PLAYED_SAYS

        return headers.get(PLAYED_SAYS)


@dataclass(frozen=True)
class Apis:
    """What `OEM_APIS` chose. `source` stamps the lake; `captures` is the folder that a replay serves."""

    source: Source
    captures: Path | None = None

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        """The APIs as of `day`, for as long as the context lasts.

        Raises PlatformError(CONFIGURATION) where the sandbox does not start.
        """
        if self.source == "live":
            yield LiveConnection()
            return
        with self.played(day) as origin:
            # SANDBOX_PACED=1 keeps the declared rates on loopback too, to see how long a night takes
            yield LoopbackConnection(origin, paces=os.environ.get("SANDBOX_PACED") == "1")

    @contextmanager
    def played(self, day: date) -> Iterator[str]:
        """The origin of the sandbox that plays `day`: the one at SANDBOX_ORIGIN, or a new process.

        Raises PlatformError(CONFIGURATION) where it does not start, or plays something else.
        """
        running = os.environ.get(ORIGIN_VARIABLE)
        if running:
            yield check_running(running, day, self.captures)
            return
        with sandbox_process(day, self.captures) as origin:
            yield origin

    def may_fetch(self, day: date, today: date) -> None:
        """Refuse a day that cannot be fetched any more, or not yet. `today` is the UTC date.

        The sandbox is told its date and plays any day, up to one ahead so that a next day can be tried.
        Raises PlatformError: NEVER_LANDED, FUTURE_DATE.
        """
        last = today if self.source == "live" else today + timedelta(days=1)
        if day > last:
            raise PlatformError(
                Cause.FUTURE_DATE, f"{day.isoformat()} is in the future: today is {today.isoformat()} UTC"
            )
        if self.source == "live" and day < today:
            raise PlatformError(
                Cause.NEVER_LANDED,
                f"{day.isoformat()} is past and not in the archive: today is {today.isoformat()} UTC",
            )


def apis_from_env() -> Apis:
    """The APIs that `OEM_APIS` names: `sandbox` (also when unset), `replay:<folder of captures>` or `live`.

    Raises PlatformError(CONFIGURATION): another value, no such folder, or unset inside an ECS task, where
    made-up data must never be taken for real.
    """
    value = os.environ.get("OEM_APIS", "")
    if not value and in_ecs_task():
        raise _misconfigured("OEM_APIS is not set, and inside ECS there is no default", "Set OEM_APIS=live.")
    return apis_of(value or "sandbox")


def apis_of(value: str) -> Apis:
    """The APIs that a value of `OEM_APIS` names. Raises PlatformError(CONFIGURATION), as `apis_from_env` does."""
    kind, _, folder = value.partition(":")
    if value == "sandbox":
        return Apis("sandbox")
    if value == "live":
        return Apis("live")
    if kind == "replay" and folder:
        captures = Path(folder).expanduser().resolve()
        if not captures.is_dir():
            raise _misconfigured(f"OEM_APIS={value!r}: there is no folder {captures}", "Name a folder of captures.")
        return Apis("replay", captures)
    raise _misconfigured(f"OEM_APIS={value!r} is unknown", "Use sandbox, replay:<folder of captures> or live.")


def _misconfigured(detail: str, advice: str) -> PlatformError:
    return PlatformError(Cause.CONFIGURATION, detail, advice=advice)
