"""The commands of `make`: listed in groups, refused quickly where they are asked wrongly, and `query`, `reset`, the
lines of `maintenance`. `make nightly` has tests of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from consolidated.maintenance.__main__ import Part, lines
from consolidated.query.session import storage_secret
from consolidated.query.views import VIEWS
from resources.lake.lake import CHECKOUT, Lake
from resources.lake.reset import main as reset
from tests.support.consolidated_support import History
from tests.support.typed_days import FIRST_DAY, vehicle

MAKEFILE = (CHECKOUT / "Makefile").read_text()
COMMANDS = re.findall(r"^([a-z]+):.* ## ", MAKEFILE, re.MULTILINE)
# module -> arguments that it has to refuse
WRONG = {
    "consolidated.night.__main__": ["--oem", "nobody"],
    "consolidated.day.retype": ["--oem", "nobody"],
    "consolidated.day.decide": ["accept", "--oem", "a", "--market", "b", "--date", "2026-01-01"],
    "consolidated.change.__main__": ["diff", "--oem", "nobody"],
    "consolidated.day.rebuild": ["--bogus"],
    "consolidated.maintenance.__main__": ["--bogus"],
    "consolidated.night.alerts.__main__": ["--date", "yesterday"],
    "consolidated.night.report.__main__": ["--date", "yesterday"],
    "consolidated.query.__main__": ["--bogus"],
    "resources.lake.reset": ["--bogus"],
    "resources.sizing.report": ["--nights", "0"],
    "transformed.probe.__main__": ["--oem", "audi", "--pages", "0"],
    "transformed.probe.quarantine": ["--oem", "nobody"],
}
REFUSED = """
import contextlib, importlib, io, json, sys
heavy = {"dagster", "polars", "pyarrow", "pyiceberg", "sqlalchemy", "aiohttp", "s3fs", "duckdb"}
found = {}
for name, arguments in json.loads(sys.argv[1]).items():
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(errors):
        try:
            code = importlib.import_module(name).main(arguments)
        except SystemExit as ended:
            code = ended.code
    found[name] = [code, errors.getvalue(), sorted(heavy & sys.modules.keys())]
print(json.dumps(found))
"""


def test_make_lists_every_command_in_groups_within_80_columns() -> None:
    make = shutil.which("make") or ""
    done = subprocess.run([make, "--no-print-directory"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    shown = done.stdout.splitlines()
    assert [line for line in shown if len(line) > 80] == []
    assert re.findall(r"^  ([a-z]+)", done.stdout, re.MULTILINE) == COMMANDS
    groups = [line for line in shown if line and not line.startswith(" ")]
    assert groups == re.findall(r"^##@ (.*)$", MAKEFILE, re.MULTILINE)
    assert len(groups) > 3
    (phony,) = re.findall(r"^\.PHONY:((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert sorted(phony.replace("\\", "").split()) == sorted([*COMMANDS, "help"])


@pytest.mark.slow
def test_a_wrong_wish_is_refused_before_anything_heavy_is_loaded() -> None:
    """All of them in one process, so the last one also shows what importing the commands costs."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, json.dumps(WRONG)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    for name, (code, said, heavy) in json.loads(done.stdout).items():
        assert code == 2, f"{name}: {said}"
        assert said.strip(), name
        assert heavy == [], f"{name} has loaded {heavy}"


@pytest.mark.slow
def test_query_answers_from_every_table_and_every_view(tmp_path: Path) -> None:
    kept = History(tmp_path / "lake")
    for number, price in enumerate(("100", "90")):
        day = FIRST_DAY.replace(day=FIRST_DAY.day + number)
        cars = range(number, number + 30)
        rows = [vehicle(f"car {car}", day, price_amount=Decimal(price), price_currency="EUR") for car in cars]
        kept.day(day, rows)
    sql = " UNION ALL ".join(f"SELECT '{view.name}', count(*) FROM {view.name}" for view in VIEWS)  # noqa: S608
    sql += " UNION ALL SELECT 'utc', (current_setting('TimeZone') = 'UTC')::INT"
    command = [sys.executable, "-m", "consolidated.query", "--sql"]

    def ask(sql: str) -> subprocess.CompletedProcess[str]:
        environment = {"LAKE_URI": str(tmp_path / "lake"), "PATH": "/usr/bin:/bin", "TZ": "Pacific/Kiritimati"}
        return subprocess.run(
            [*command, sql], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
        )

    counted = ask(sql)
    assert counted.returncode == 0, counted.stderr
    found = dict(re.findall(r"(\w+) +│ +(\d+) │", counted.stdout))
    assert found == {
        "stock": "1", "on_sale": "30", "nights": "2", "arrivals": "1", "departures": "0", "price_drops": "29",
        "utc": "1",
    }  # fmt: skip
    wrong = ask("FROM nothing")
    assert wrong.returncode != 0
    assert "nothing" in wrong.stderr


def test_the_storages_credentials_become_a_secret_of_duckdb() -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "it's secret",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8333",
    }
    assert storage_secret(environment) == (
        "CREATE SECRET (TYPE s3, KEY_ID 'key', SECRET 'it''s secret', REGION 'eu-west-1', "
        "ENDPOINT '127.0.0.1:8333', URL_STYLE 'path', USE_SSL False)"
    )


def lake_of(source: str, folder: Path) -> Path:
    lake = Lake((folder / "lake").as_uri())
    lake.stamp(source)
    (folder / "dagster" / "history").mkdir(parents=True)
    return folder / "lake"


@pytest.mark.parametrize(
    ("source", "yes", "code", "says"),
    [
        ("sandbox", "1", 0, "removed"),
        ("sandbox", "", 2, "nobody to ask. Give YES=1"),
        ("sandbox", "no", 2, "YES=no is no answer"),
        ("sandbox", "0", 2, "YES=0 is no answer"),
        ("live", "1", 2, "Give YES=live"),
        ("live", "live", 0, "removed"),
    ],
)
def test_reset_removes_a_lake_and_its_runs_where_it_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    source: str, yes: str, code: int, says: str,
) -> None:  # fmt: skip
    folder = lake_of(source, tmp_path)
    monkeypatch.setenv("LAKE_URI", str(folder))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    assert reset(["--yes", yes]) == code
    said = capsys.readouterr()
    assert says in said.out + said.err
    assert folder.exists() == (tmp_path / "dagster").exists() == (code != 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"LAKE_URI": "s3://bucket/lake"}, "removes nothing elsewhere"),
        ({"PYICEBERG_CATALOG__LAKE__URI": "http://127.0.0.1:1"}, "a catalog elsewhere"),
        ({}, "no stamp of a lake"),
    ],
)
def test_reset_leaves_alone_what_it_cannot_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    settings: dict[str, str], says: str,
) -> None:  # fmt: skip
    (tmp_path / "holiday.jpg").touch()
    for name, value in {"LAKE_URI": str(tmp_path), "DAGSTER_HOME": str(tmp_path / "none"), **settings}.items():
        monkeypatch.setenv(name, value)
    assert reset(["--yes", "1"]) == 2
    assert says in capsys.readouterr().err
    assert (tmp_path / "holiday.jpg").exists()


def test_maintenance_says_what_there_is_to_do_and_sums_it_up() -> None:
    parts = [
        Part("tags", "runs", {"tagged": 1, "removed_tags": 0}),
        Part("compaction", "runs", {"partitions": 2, "files_before": 9, "files_after": 3, "bytes_before": 5}),
        Part("snapshots", "runs", {"snapshots_before": 7, "snapshots_after": 4}),
        Part("orphans", "runs", {"files_before": 9, "files_after": 7, "removed_files": 2, "removed_bytes": 3000}),
        Part("orphans", "dealers", {"files_before": 9, "files_after": 9}),
    ]
    assert list(lines(parts, dry_run=False)) == [
        "  tags of runs: 1 tags set",
        "  compaction of runs: 2 partitions compacted, 6 files fewer",
        "  snapshots of runs: 3 snapshots fewer",
        "  orphans of runs: 2 files removed, 3,000 bytes removed",
        "did, at 5 places: 1 tags set, 2 partitions compacted, 6 files fewer, 3 snapshots fewer, 2 files removed,"
        " 3,000 bytes removed",
    ]
    assert next(iter(lines([], dry_run=True))) == "would do, at 0 places: nothing"
