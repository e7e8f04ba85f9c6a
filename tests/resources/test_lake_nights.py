"""A night on production's lakes is the night on a laptop's, and leaves no secret in any of them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from resources.lake.lake import lake_from_env
from tests.support.lakes import folder_and_sqlite, s3_and_postgres, s3_and_rest
from tests.support.nights import Night, assert_same_content, night_in
from tests.support.representatives import ONE
from tests.support.servers import PostgresServer, S3Server

pytestmark = pytest.mark.slow

VEHICLES = 100


@pytest.fixture(scope="module")
def lakes(
    tmp_path_factory: pytest.TempPathFactory, s3: S3Server, postgres: PostgresServer
) -> dict[str, dict[str, str]]:
    return {
        "folder and SQLite": folder_and_sqlite(tmp_path_factory.mktemp("laptop")),
        "S3 and PostgreSQL": s3_and_postgres(s3, postgres),
        "S3 and REST": s3_and_rest(s3),
    }


def test_the_night_is_the_same_on_every_lake(
    lakes: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice, so that the second joins the first; without what says when it ran, the tables are equal row for row."""
    day = datetime.now(UTC).date()
    contents: dict[str, dict[str, pl.DataFrame]] = {}
    with night_in(tmp_path, monkeypatch, vehicles=VEHICLES, oems=ONE) as night:
        for name, environment in lakes.items():
            with monkeypatch.context() as patched:
                for variable, value in environment.items():
                    patched.setenv(variable, value)
                contents[name] = content_of_a_night(night, day)
                assert environment["LAKE_URI"].removeprefix("file://") in lake_from_env().uri
                assert_no_secret(night)
    laptop = contents.pop("folder and SQLite")
    assert laptop["inventory"].height > VEHICLES / 4, "a night of few markets"
    for content in contents.values():
        assert_same_content(content, laptop)


def content_of_a_night(night: Night, day: date) -> dict[str, pl.DataFrame]:
    result = night.run("nightly", day)
    assert result.success
    snapshots = night.snapshots()
    assert night.run("nightly", day).success
    assert night.snapshots() == snapshots, "the same day again commits nothing"
    return night.content()


def assert_no_secret(night: Night) -> None:
    """No file of the lake and of the tables holds the secret key."""
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "").encode()
    if not secret:
        return
    lake = night.lake
    folders = [lake.uri, night.catalog.load_table("consolidated.inventory").location().rsplit("/", 1)[0]]
    files = [file for folder in folders for file in lake.filesystem.find(folder)]
    assert len(files) > 50
    for file in files:
        assert secret not in lake.filesystem.cat_file(file), file
