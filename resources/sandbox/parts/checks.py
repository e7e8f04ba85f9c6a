"""What a server asks of a request before it answers: keys, constants, tokens with an end, values used once.

A check is a function of a request: None lets it pass, an answer refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Any

from resources.sandbox.parts.request_values import InHeader, Place
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import Answer, Asked, Refusal, World

Check = Callable[[Asked], Answer | None]


def let_pass(asked: Asked, checks: Sequence[Check]) -> None:
    """Raises Refusal with the answer of the first check that refuses the request."""
    for check in checks:
        refused = check(asked)
        if refused is not None:
            raise Refusal(refused)


@dataclass(frozen=True)
class Accepts:
    """A value that a function of it accepts; None stands for a missing one."""

    place: Place
    is_good: Callable[[Any], bool]
    refused: Answer

    def __call__(self, asked: Asked) -> Answer | None:
        return None if self.is_good(self.place.read(asked)) else self.refused


def Fixed(place: Place, value: Any, refused: Answer) -> Accepts:  # noqa: N802 - reads like the others
    """One value: a constant, or a key, version or signature that another answer of this host told (`of_the_day`)."""
    return Accepts(place, lambda found: bool(found == value), refused)


def Present(place: Place, refused: Answer) -> Accepts:  # noqa: N802
    """Any value but none, or an empty text."""
    return Accepts(place, lambda found: found not in (None, ""), refused)


@dataclass(frozen=True)
class Key:
    """The credential that an environment variable declares. Of the sandbox's own kind only: never a real one."""

    place: Place
    variable: str
    refused: Answer
    prefix: str = ""

    @property
    def value(self) -> str:
        return self.prefix + sandbox_credential(self.variable)

    def __call__(self, asked: Asked) -> Answer | None:
        return None if self.place.read(asked) == self.value else self.refused


@dataclass(frozen=True)
class Once:
    """A value that was not sent before: a nonce, a timestamp with a random part."""

    place: Place
    refused: Answer
    _seen: set[Any] = field(default_factory=set, compare=False)

    def __call__(self, asked: Asked) -> Answer | None:
        value = self.place.read(asked)
        if value in (None, "") or value in self._seen:
            return self.refused
        self._seen.add(value)
        return None


class Tokens:
    """Tokens that are minted by one route and asked for by another; each is good for `lasts` answers.

    An end by answers rather than by the clock: the same requests meet the same end on any machine.
    """

    def __init__(self, world: World, lasts: int = 50) -> None:
        self._world, self._lasts = world, lasts
        self._left: dict[str, int] = {}
        self._numbers = count()

    def mint(self) -> str:
        """A new token."""
        token = of_the_day(self._world, f"token {next(self._numbers)}")
        self._left[token] = self._lasts
        return token

    def check(self, place: Place, refused: Answer, prefix: str = "") -> Check:
        """Lets a token pass that was minted and has answers left."""

        def check(asked: Asked) -> Answer | None:
            token = str(place.read(asked) or "")
            left = self._left.get(token.removeprefix(prefix), 0) if token.startswith(prefix) else 0
            if not left:
                return refused
            self._left[token.removeprefix(prefix)] = left - 1
            return None

        return check


def of_the_day(world: World, name: str, length: int = 32) -> str:
    """A text that is another in every world and on every day: a key, a version, the changing part of a host's name."""
    return blake2b(f"{world.seed}/{world.date}/{name}".encode()).hexdigest()[:length]


def headers_of(checks: Sequence[Check]) -> dict[str, str]:
    """The headers that hold the keys which the checks ask for."""
    keys = [check for check in checks if isinstance(check, Key)]
    return {key.place.name: key.value for key in keys if isinstance(key.place, InHeader)}
