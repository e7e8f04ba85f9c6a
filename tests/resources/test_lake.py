"""The lake: whole files or none."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from resources.failures import Cause, PlatformError
from resources.lake.first_day import first_partition_day
from resources.lake.lake import CHECKOUT, Lake, lake_at, lake_from_env


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake((tmp_path / "lake").as_uri())


@pytest.mark.slow
def test_an_atomic_write_leaves_the_old_content_or_the_new_when_killed(lake: Lake, tmp_path: Path) -> None:
    lake.write_atomic("file", b"a" * 1000)
    program = f"""
from resources.lake.lake import Lake
lake = Lake({lake.uri!r})
while True:
    for letter in (b"a", b"b"):
        lake.write_atomic("file", letter * 1_000_000)
"""
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT)
        try:
            process.wait(0.4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        content = lake.read_bytes("file")
        assert len(content) in (1000, 1_000_000)
        assert len(set(content)) == 1


def test_a_lake_that_cannot_be_written_says_where_and_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    lake = Lake((tmp_path / "file").as_uri())
    for write in (
        lambda: lake.stamp("sandbox"),
        lambda: lake.write_json("a/b.json", {}),
        lambda: lake.open_write("a/b.parquet"),
    ):
        with pytest.raises(PlatformError) as error:
            write()
        assert error.value.cause is Cause.LAKE_UNWRITABLE
        assert lake.uri in str(error.value)
        assert "LAKE_URI" in str(error.value)


def test_the_lake_is_in_the_checkout_unless_the_environment_names_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LAKE_URI", raising=False)
    for value, uri in (
        (None, f"file://{CHECKOUT}/lake"), (" \n", f"file://{CHECKOUT}/lake"), ("s3://bucket/lake/", "s3://bucket/lake"),
        ("S3://bucket/lake\n", "s3://bucket/lake"), ("some/folder", f"file://{Path.cwd()}/some/folder"),
    ):  # fmt: skip
        if value is not None:
            monkeypatch.setenv("LAKE_URI", value)
        assert lake_from_env().uri == uri


@pytest.mark.parametrize("name", ["my lake", "50 % [a] #1", "a%20b", "é'q?"])
def test_a_folder_is_the_one_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for value in (str(tmp_path / name), f"file://{tmp_path / name}"):
        monkeypatch.setenv("LAKE_URI", value)
        lake_from_env().stamp("sandbox")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    lake_from_env().write_atomic("raw/audi/scs_search/2023-05-01/x", b"")
    monkeypatch.setenv("NIGHTS_SINCE", "lake")
    assert first_partition_day(in_ecs=False) == date(2023, 5, 1)


def test_a_lake_that_an_older_version_wrote_into_a_folder_of_another_name_is_not_begun_anew(tmp_path: Path) -> None:
    Lake(f"file://{tmp_path}/my%20lake").stamp("sandbox")
    with pytest.raises(PlatformError, match=r"was written to .*/my%20lake by an older version") as error:
        lake_at(str(tmp_path / "my lake"))
    assert error.value.cause is Cause.LAKE_MOVED
    (tmp_path / "my%20lake").rename(tmp_path / "my lake")
    with pytest.raises(PlatformError, match="make rebuild"):
        lake_at(str(tmp_path / "my lake")).source()


@pytest.mark.parametrize(
    "value",
    [
        "s3:/bucket/lake",
        "file:/srv/lake",
        "file://host/lake",
        "s3://",
        "file://",
        "~nobody-of-that-name/lake",
        "s4://b/l",
    ],
)
def test_what_is_no_address_of_a_lake_is_refused_with_its_variable(value: str) -> None:
    with pytest.raises(PlatformError, match="LAKE_URI=") as error:
        lake_at(value).source()
    assert error.value.cause is Cause.CONFIGURATION


def test_listing_a_folder_that_is_not_there_is_empty(lake: Lake) -> None:
    assert lake.list("raw/audi") == []
    lake.write_atomic("raw/audi/b", b"")
    lake.write_atomic("raw/audi/a/x", b"")
    assert lake.list("raw/audi") == ["a", "b"]


def test_a_missing_file_is_an_answer_whatever_else_is_being_handled(tmp_path: Path) -> None:
    try:
        raise ConnectionError("Connection refused")
    except ConnectionError:
        with pytest.raises(FileNotFoundError):
            Lake(tmp_path.as_uri()).read_bytes("nothing")
