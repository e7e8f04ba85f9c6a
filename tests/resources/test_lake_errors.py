"""What an engineer sees where production's lake is set up wrong or is down: the setting to correct, and no secret."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.engine import make_url

from consolidated.tables.catalog_tables import ensure_tables
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import CHECKOUT, lake_from_env
from tests.support.lakes import CATALOG, s3_and_postgres, s3_and_rest
from tests.support.servers import PostgresServer, S3Server, free_ports

pytestmark = pytest.mark.slow

SECRET = "not-to-be-seen-anywhere"
LONGEST_SECONDS = 60


def stamp() -> None:
    lake_from_env().stamp("sandbox")


def tables() -> None:
    ensure_tables(load_lake_catalog(), "sandbox")


def commit() -> None:
    """In a process of its own: polars keeps a store that it has made, whatever the environment says later."""
    program = """
import pickle, sys
from resources.failures import PlatformError
from tests.support.rivals import commit_one
try:
    commit_one("audi", "first")
except PlatformError as failure:
    sys.stdout.buffer.write(pickle.dumps(failure))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    if done.stdout:
        failure: PlatformError = pickle.loads(done.stdout)  # noqa: S301 - of our own child
        raise failure


def nowhere() -> str:
    return f"127.0.0.1:{free_ports(1)[0]}"


def with_password(url: str, *, user: str | None = None, database: str | None = None) -> str:
    return make_url(url).set(password=SECRET, username=user, database=database).render_as_string(hide_password=False)


URI = f"{CATALOG}URI"
CASES: dict[str, tuple[str, Callable[[dict[str, str]], dict[str, str]], Callable[[], None], Cause, str]] = {
    "S3 down": (
        "PostgreSQL",
        lambda _: {"AWS_ENDPOINT_URL_S3": f"http://{nowhere()}"},
        stamp, Cause.CONNECTION, "AWS_ENDPOINT_URL_S3",
    ),
    "S3 down at a commit": (
        "PostgreSQL",
        lambda _: {"AWS_ENDPOINT_URL_S3": f"http://{nowhere()}"},
        commit, Cause.CONNECTION, "AWS_ENDPOINT_URL_S3",
    ),
    # the answer to a HEAD has no body that says why it is refused; the message names the credentials all the same
    "wrong secret key of S3": (
        "PostgreSQL",
        lambda _: {"AWS_SECRET_ACCESS_KEY": SECRET},
        stamp, Cause.LAKE_UNWRITABLE, "AWS_SECRET_ACCESS_KEY",
    ),
    "wrong secret key of S3 at a commit": (
        "PostgreSQL",
        lambda _: {"AWS_SECRET_ACCESS_KEY": SECRET},
        commit, Cause.LAKE_UNWRITABLE, "AWS_SECRET_ACCESS_KEY",
    ),
    # SeaweedFS makes a bucket that somebody writes to, so no other test may name this one
    "no such bucket": (
        "PostgreSQL",
        lambda _: {"LAKE_URI": "s3://no-bucket-of-this-name/lake"},
        stamp, Cause.CONFIGURATION, "LAKE_URI",
    ),
    "REST catalog down": (
        "REST",
        lambda _: {URI: f"http://{nowhere()}"},
        tables, Cause.CONNECTION, URI,
    ),
    "wrong credential of the REST catalog": (
        "REST",
        lambda _: {f"{CATALOG}CREDENTIAL": f"rig:{SECRET}"},
        tables, Cause.CREDENTIAL_REJECTED, f"{CATALOG}CREDENTIAL",
    ),
    "PostgreSQL down": (
        "PostgreSQL",
        lambda _: {URI: f"postgresql+psycopg2://postgres:{SECRET}@{nowhere()}/catalog"},
        tables, Cause.CONNECTION, URI,
    ),
    "no such database": (
        "PostgreSQL",
        lambda lake: {URI: with_password(lake[URI], database="no_such_database")},
        tables, Cause.CONFIGURATION, URI,
    ),
    "no such user of PostgreSQL": (
        "PostgreSQL",
        lambda lake: {URI: with_password(lake[URI], user="nobody_here")},
        tables, Cause.CREDENTIAL_REJECTED, URI,
    ),
}  # fmt: skip


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


@pytest.mark.parametrize("case", CASES)
def test_the_error_names_the_setting_and_holds_no_secret(
    case: str, s3: S3Server, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, wrong, action, cause, setting = CASES[case]
    lake = s3_and_rest(s3) if kind == "REST" else s3_and_postgres(s3, postgres)
    for name, value in lake.items():
        monkeypatch.setenv(name, value)
    if action is commit:
        tables()
    for name, value in wrong(lake).items():
        monkeypatch.setenv(name, value)
    with at_most(LONGEST_SECONDS), pytest.raises(PlatformError) as failure:
        action()
    message = str(failure.value)
    print(f"{case}: {message}")
    assert failure.value.cause is cause
    assert setting in message
    assert SECRET not in message + repr(failure.value)
    assert s3.secret_key not in message + repr(failure.value)
