"""`make query`: what DuckDB's shell is told before it answers, and what is said where there is nothing to open."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyiceberg.catalog import Catalog

from consolidated.query import __main__ as command
from consolidated.query import session
from consolidated.query.__main__ import main
from consolidated.query.session import extension_file, opening, storage_secret
from consolidated.query.views import VIEWS
from consolidated.tables import catalog_tables
from consolidated.tables.definitions import DEALERS, RUNS
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.memory_catalog import memory_catalog


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """The tables `dealers` and `runs`, empty; and DuckDB's extensions under names that are easily told."""
    monkeypatch.setattr(catalog_tables, "TABLES", (RUNS, DEALERS))
    monkeypatch.setattr(session, "extension_file", lambda name: Path(f"/it's/{name}"))
    with memory_catalog(tmp_path) as catalog:
        catalog_tables.ensure_tables(catalog, "sandbox")
        yield catalog


def test_a_session_loads_its_extensions_and_sees_every_table_as_it_is_now(catalog: Catalog, tmp_path: Path) -> None:
    statements = list(opening(Lake(tmp_path.as_uri()), catalog))
    now = {
        one.name: catalog.load_table(one.identifier).metadata_location.removeprefix("file://")
        for one in (DEALERS, RUNS)
    }
    assert statements[: -len(VIEWS)] == [
        "LOAD '/it''s/avro'",
        "LOAD '/it''s/httpfs'",
        "LOAD '/it''s/iceberg'",
        "SET TimeZone = 'UTC'",
        f"CREATE VIEW dealers AS FROM iceberg_scan('{now['dealers']}')",
        f"CREATE VIEW runs AS FROM iceberg_scan('{now['runs']}')",
    ]
    assert all(Path(address).exists() for address in now.values())
    for statement, view in zip(statements[-len(VIEWS) :], VIEWS, strict=True):
        assert statement.startswith(f"CREATE VIEW {view.name} AS SELECT ")
        assert "\n" not in statement, "the shell reads a statement a line"


def test_credentials_are_told_for_a_lake_that_is_no_folder(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the key")
    lake: Any = SimpleNamespace(is_local=False, uri="s3://bucket/lake")
    statements = list(opening(lake, catalog))
    assert statements[4].startswith("CREATE SECRET (TYPE s3, KEY_ID 'the key'")
    assert statements[5].startswith("CREATE VIEW dealers")


def test_a_lake_before_its_first_night_has_nothing_to_ask(tmp_path: Path) -> None:
    with memory_catalog(tmp_path) as empty, pytest.raises(PlatformError) as refused:
        next(opening(Lake(tmp_path.as_uri()), empty))
    assert refused.value.cause is Cause.CONFIGURATION
    assert f"the lake at {tmp_path.as_uri()} has no tables yet. Run `make nightly` first." in str(refused.value)


def test_an_extension_comes_from_the_package_that_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "extensions" / "v1" / "avro.duckdb_extension"
    file.parent.mkdir(parents=True)
    packages = {"duckdb_extension_avro": SimpleNamespace(origin=str(tmp_path / "__init__.py"))}
    monkeypatch.setattr(session, "find_spec", packages.get)
    for name in ("avro", "httpfs"):  # a package without its file, and no package
        with pytest.raises(PlatformError, match=f"DuckDB's extension {name} is not installed. Run `make setup`."):
            extension_file(name)
    file.touch()
    assert extension_file("avro") == file


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "TYPE s3"),
        ({"AWS_SESSION_TOKEN": "a'b"}, "TYPE s3, SESSION_TOKEN 'a''b'"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "TYPE s3, REGION 'eu-west-1'"),
        ({"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}, "TYPE s3, REGION 'eu-west-2'"),
        (
            {"AWS_ENDPOINT_URL": "https://storage:9000"},
            "TYPE s3, ENDPOINT 'storage:9000', URL_STYLE 'path', USE_SSL True",
        ),
        (
            {"AWS_ENDPOINT_URL": "https://storage:9000", "AWS_ENDPOINT_URL_S3": "http://s3:1"},
            "TYPE s3, ENDPOINT 's3:1', URL_STYLE 'path', USE_SSL False",
        ),
    ],
)
def test_what_the_environment_does_not_say_of_the_storage_is_left_to_duckdb(
    environment: dict[str, str], told: str
) -> None:
    assert storage_secret(environment) == f"CREATE SECRET ({told})"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """With what the command begins the shell, which ends with 3, and what the shell is told to read first."""
    begun: list[tuple[list[str], str]] = []

    def run(arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        begun.append((arguments, Path(arguments[3].removeprefix(".read ")).read_text()))
        done = subprocess.CompletedProcess[str](arguments, 3)
        if check:
            done.check_returncode()
        return done

    executable = tmp_path / "bin" / "duckdb"
    executable.parent.mkdir()
    executable.touch(mode=0o755)
    monkeypatch.setattr("sys.executable", str(executable.with_name("python")))
    monkeypatch.setattr(command.subprocess, "run", run)  # type: ignore[attr-defined]
    monkeypatch.setattr(session, "opening", lambda *_: iter(["LOAD 'a'", "CREATE VIEW b"]))
    monkeypatch.setattr("resources.lake.catalog.load_lake_catalog", lambda _: None)
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    return begun


def test_one_question_is_answered_without_a_word_of_welcome(
    shell: list[tuple[list[str], str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for question in ("FROM stock", ""):
        assert main(["--sql", question]) == 3, "the code is the shell's"
        arguments, read = shell.pop()
        assert arguments[:3] == [str(tmp_path / "bin" / "duckdb"), "-no-init", "-cmd"]
        assert arguments[4:] == ["-bail", "-c", question]
        assert read == "LOAD 'a';\nCREATE VIEW b;\n"
        assert not Path(arguments[3].removeprefix(".read ")).exists(), "it holds the credentials"
    assert capsys.readouterr().out == ""


def test_the_shell_opens_with_the_views_that_are_ready(
    shell: list[tuple[list[str], str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 3
    ((arguments, _),) = shell
    assert len(arguments) == 4
    first, second, *views, last = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path.as_uri()}, as it is now: open it again after the next night."
    assert second == "Every table by its name (SHOW TABLES), and ready, one row"
    assert views[0] == "  stock        a maker and market: vehicles listed, absent, delisted, the median price"
    assert [line.split()[0] for line in views] == [view.name for view in VIEWS]
    assert last == "FROM stock; answers; .quit or Ctrl-D leaves."


def test_the_welcome_stands_before_what_the_shell_prints(
    shell: list[tuple[list[str], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()

    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        assert shown.getvalue().endswith(b"leaves.\n")
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr(command.subprocess, "run", run)  # type: ignore[attr-defined]
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown))
    assert main([]) == 0
    assert shell == []


@pytest.mark.parametrize("mode", [0o644, None])
def test_without_duckdbs_shell_the_way_to_it_is_named(
    mode: int | None, shell: list[tuple[list[str], str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executable = tmp_path / "bin" / "duckdb"
    executable.unlink() if mode is None else executable.chmod(mode)
    assert main([]) == 2
    assert capsys.readouterr().err == "configuration: DuckDB's shell is not installed. Run `make setup`.\n"
    assert shell == []
