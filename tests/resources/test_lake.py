"""The lake: whole files or none."""

import subprocess
import sys
from pathlib import Path

import pytest

from resources.failures import Cause, PlatformError
from resources.lake.lake import CHECKOUT, Lake, lake_from_env


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
    assert lake_from_env().uri == (CHECKOUT / "lake").as_uri()
    monkeypatch.setenv("LAKE_URI", "s3://bucket/lake/")
    assert lake_from_env().uri == "s3://bucket/lake"
    monkeypatch.setenv("LAKE_URI", "some/folder")
    assert lake_from_env().uri == (Path.cwd() / "some" / "folder").as_uri()


def test_listing_a_folder_that_is_not_there_is_empty(lake: Lake) -> None:
    assert lake.list("raw/audi") == []
    lake.write_atomic("raw/audi/b", b"")
    lake.write_atomic("raw/audi/a/x", b"")
    assert lake.list("raw/audi") == ["a", "b"]
