"""Which catalog a lake has: pyiceberg's own settings, else SQLite beside a local lake, else a clear error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField, StringType

from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import CHECKOUT, Lake

pytestmark = pytest.mark.slow

SCHEMA = Schema(NestedField(1, "name", StringType(), required=True))


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PYICEBERG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))  # no configuration file of the user's


@pytest.mark.parametrize("name", ["lake", "a lake", "50%", "a%20lake"])
def test_a_local_lake_has_a_catalog_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    catalog = load_lake_catalog(Lake(f"file://{folder}"))
    catalog.create_namespace("tier")
    table = catalog.create_table("tier.rows", SCHEMA)
    assert catalog.name == "lake"
    assert (folder / "catalog.db").is_file()
    assert table.location() == str(folder / "iceberg" / "tier" / "rows")
    assert load_lake_catalog(Lake(f"file://{folder}")).table_exists("tier.rows")


def test_the_lake_is_that_of_the_environment_unless_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "from environment"))
    load_lake_catalog().create_namespace("tier")
    assert len(list(tmp_path.rglob("catalog.db"))) == 1


def test_pyicebergs_own_settings_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__URI", f"sqlite:///{tmp_path}/elsewhere.db")
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__WAREHOUSE", str(tmp_path / "elsewhere"))
    lake = Lake(f"file://{tmp_path}/lake")
    catalog = load_lake_catalog(lake)
    catalog.create_namespace("tier")
    assert catalog.create_table("tier.rows", SCHEMA).location().startswith(str(tmp_path / "elsewhere"))
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"TYPE": "bogus"}, {"TYPE": "sql"}, {"URI": "bogus://x"}, {"WAREHOUSE": "/srv/lake"}, {"TYPE": "glue"},
        {"URI": "sqlite:////nowhere/x.db"}, {"URI": "postgresql+nodriver://ana:hidden@127.0.0.1/x"},
    ],
)  # fmt: skip
def test_settings_that_name_no_catalog_are_refused_with_their_names(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name, value in settings.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", value)
    with pytest.raises(PlatformError, match=f"settings {next(iter(settings)).lower()}: ") as error:
        load_lake_catalog(Lake(f"file://{tmp_path}/lake"))
    assert error.value.cause is Cause.CONFIGURATION
    assert "hidden" not in str(error.value)


def test_an_empty_setting_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TYPE", "URI", "WAREHOUSE"):
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", "")
    load_lake_catalog(Lake(f"file://{tmp_path}/lake"))
    assert (tmp_path / "lake" / "catalog.db").is_file()


@pytest.mark.parametrize("own", [None, "pyiceberg.io.pyarrow.PyArrowFileIO"])
def test_a_lake_elsewhere_goes_through_fsspec_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str | None
) -> None:
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__URI", f"sqlite:///{tmp_path}/elsewhere.db")
    if own:
        monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__PY_IO_IMPL", own)
    catalog = load_lake_catalog(Lake("s3://bucket/lake"))
    assert catalog.properties["py-io-impl"] == (own or "pyiceberg.io.fsspec.FsspecFileIO")


def test_a_lake_elsewhere_without_a_catalog_says_which_variables_to_set() -> None:
    with pytest.raises(PlatformError, match="s3://bucket/lake") as failure:
        load_lake_catalog(Lake("s3://bucket/lake"))
    assert failure.value.cause is Cause.CONFIGURATION
    for variable in ("TYPE", "URI", "WAREHOUSE"):
        assert f"PYICEBERG_CATALOG__LAKE__{variable}" in str(failure.value)


def test_a_catalog_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("a file")
    with pytest.raises(PlatformError, match=r"in the way") as failure:
        load_lake_catalog(Lake(f"file://{tmp_path}/in the way/lake"))
    assert failure.value.cause is Cause.LAKE_UNWRITABLE
    (tmp_path / "lake" / "catalog.db").mkdir(parents=True)
    with pytest.raises(PlatformError, match=r"catalog\.db") as failure:
        load_lake_catalog(Lake(f"file://{tmp_path}/lake"))
    assert failure.value.cause is Cause.LAKE_UNWRITABLE


def test_processes_that_open_a_new_lake_at_the_same_time_all_succeed(tmp_path: Path) -> None:
    program = (
        "import sys; from resources.lake.lake import Lake; from resources.lake.catalog import load_lake_catalog;"
        "import pyiceberg.catalog.sql; print('ready', flush=True); sys.stdin.readline();"
        f"print(load_lake_catalog(Lake('file://{tmp_path}/lake')).list_namespaces())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=60) == ("[]\n", "")


def test_importing_the_catalog_module_loads_nothing_heavy() -> None:
    program = (
        "import sys, resources.lake.catalog; print([n for n in ('pyiceberg', 'polars', 'pyarrow') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
