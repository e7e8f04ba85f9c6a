"""What the storage's and the catalog's own errors mean: the setting that is wrong, and the way out.

Belongs here: recognising the errors of s3fs and botocore, of polars' object store, of SQLAlchemy and of Iceberg's
REST catalog, by class name and text, because importing any of them is a step's business. Does not belong here:
the OEMs' errors (`resources/apis/http.py`). No message holds a secret of the environment (`without_secrets`).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from resources.failures import Cause, PlatformError


@dataclass(frozen=True)
class Place:
    """Where it happened: `name` for the message; the settings by which it is found and by which it lets us in.

    libraries: whose errors are errors of this place, empty for all.
    """

    name: str
    address_settings: str
    credential_settings: str
    libraries: tuple[str, ...] = ()

    def is_of(self, chain: Sequence[BaseException]) -> bool:
        names = {type(link).__module__.partition(".")[0] for link in chain}
        return not self.libraries or not names.isdisjoint(self.libraries)


@dataclass(frozen=True)
class _Meaning:
    """The first whose pattern is found in an error's class names and texts counts."""

    pattern: re.Pattern[str]
    cause: Cause
    advice: str


def _meaning(pattern: str, cause: Cause, advice: str) -> _Meaning:
    return _Meaning(re.compile(pattern, re.IGNORECASE), cause, advice)


_MEANINGS = (
    _meaning(
        # without credentials object_store asks for those of an EC2 instance, at this address
        r"NoCredentialsError|PartialCredentialsError|Unable to locate credentials|169\.254\.169\.254|NoAuthTokenError"
        r"|no password supplied",
        Cause.CREDENTIAL_MISSING,
        "Set {credential_settings}.",
    ),
    _meaning(
        r"InvalidAccessKeyId|access key ID you provided|SignatureDoesNotMatch|request signature we calculated"
        r"|ExpiredToken|InvalidToken|UnrecognizedClient|InvalidClientTokenId"
        r"|password authentication failed|role \S+ does not exist|no pg_hba\.conf entry"
        r"|UnauthorizedError|OAuthError|invalid_client|AuthorizationExpiredError",
        Cause.CREDENTIAL_REJECTED,
        "It does not take the credentials: renew {credential_settings}.",
    ),
    _meaning(
        r"NoSuchBucket|specified bucket does not exist|database \S+ does not exist|NoSuchWarehouse|UnknownCatalog"
        r"|Name or service not known|nodename nor servname|could not translate host name|NameResolutionError"
        r"|Could not resolve host|failed to lookup address",
        Cause.CONFIGURATION,
        "It does not exist: create it, or correct {address_settings}.",
    ),
    _meaning(
        r"EndpointConnectionError|ConnectTimeout|ReadTimeout|ConnectionClosedError|ConnectionRefused|ConnectionReset"
        r"|ConnectionError|Connection refused|Connection reset|Remote end closed|RemoteDisconnected"
        r"|connection to server|server closed the connection|terminating connection|the database system is"
        r"|timed out|timeout|error sending request|ServiceUnavailable|ServerError|InternalError|SlowDown"
        r"|TooManyRequests|CommitStateUnknown",
        Cause.CONNECTION,
        "It cannot be reached or does not answer: look whether it runs, then at {address_settings} and the network.",
    ),
    _meaning(
        r"AccessDenied|Forbidden|PermissionError|permission denied|lacked the necessary privileges|ForbiddenError",
        Cause.LAKE_UNWRITABLE,
        "It refuses: {credential_settings} have to be right and allowed to list, read, write and delete there.",
    ),
)
_LONGEST_DETAIL = 400


@contextmanager
def storage_errors(*places: Place) -> Iterator[None]:
    """Raise the errors that are recognised as PlatformErrors about the place that they are of; others pass.

    A missing file stays a FileNotFoundError: it is an answer.
    """
    handled = sys.exception()
    try:
        yield
    except PlatformError:
        raise
    except Exception as error:
        failure = meaning_of(error, *places, handled=handled)
        if failure is None:
            raise
        raise failure from error


def meaning_of(error: BaseException, *places: Place, handled: BaseException | None = None) -> PlatformError | None:
    """The PlatformError that an error of the storage or the catalog means, None where it is none of the known.

    places: where it may have happened; the first that the error can be of counts. handled: the error that was being
    handled when the work began. Python puts it behind every error that is raised meanwhile, and it says nothing of
    them.
    """
    chain = list(_chain(error, handled))
    place = next((place for place in places if place.is_of(chain)), places[-1])
    seen = " ".join(f"{' '.join(one.__name__ for one in type(link).__mro__)}: {link}" for link in chain)
    for meaning in _MEANINGS:
        if meaning.pattern.search(seen):
            settings = {
                "address_settings": place.address_settings,
                "credential_settings": place.credential_settings,
            }
            detail = f"{place.name}: {_text(error)}"
            return PlatformError(meaning.cause, without_secrets(detail), advice=meaning.advice.format(**settings))
    return None


def without_secrets(text: str) -> str:
    """The text without the values of the environment's secrets and without passwords in URLs."""
    for name, value in os.environ.items():
        if value and re.search(r"SECRET|TOKEN|PASSWORD|CREDENTIAL", name):
            for part in {value, value.partition(":")[2]} - {""}:
                text = text.replace(part, "***")
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)


def _text(error: BaseException) -> str:
    # what SQLAlchemy wraps around a driver's error is the statement
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    return text[:_LONGEST_DETAIL] or type(error).__name__


def _chain(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """The error and those that it came from, up to the one that was being handled before."""
    link: BaseException | None = error
    for _ in range(10):
        if link is None or link is handled:
            return
        yield link
        link = link.__cause__ or link.__context__
