"""The benchmark's own parts: what it counts, what it tells the peer, what it prints. No test here times anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from raw.endpoint.paging import Offset
from raw.wiring.discovery import discover
from tests.bench import loading, measure, overlap, peer, writers
from tests.bench.__main__ import table
from tests.bench.opened import opened_below
from tests.bench.subject import stock_of, subject
from tests.bench.writers import Commits

_TWO_GENERATIONS = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; x = bytearray(80_000_000); time.sleep(0.2)"])
"""


def test_a_process_whose_parent_has_ended_is_counted(tmp_path: Path) -> None:
    result = tmp_path / "cost.json"
    command = [sys.executable, measure.__file__, str(result), sys.executable, "-c", _TWO_GENERATIONS]
    subprocess.run(command, check=True)
    assert json.loads(result.read_text())["peak_mb"] > 70


def test_files_count_as_often_as_they_are_opened_to_be_read_and_not_where_they_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "stands").write_text("a")
    (tmp_path / "elsewhere").write_text("a")
    with opened_below(tmp_path) as opened:
        for _ in range(2):
            (folder / "stands").read_text()
        (folder / "made").write_text("a")
        list(folder.iterdir())
    assert opened.to_read == 2
    with opened_below(folder) as opened:
        (folder / "made").read_text()
        (tmp_path / "elsewhere").read_text()
    assert opened.to_read == 1


def test_the_peer_is_told_of_every_market_of_the_stock_as_it_is_declared() -> None:
    endpoint = stock_of(subject())
    told = peer.configuration("http://127.0.0.1:1", endpoint, {})
    names = [one["name"] for one in told["resources"]]
    assert len(set(names)) == len(names) >= len(endpoint.markets) >= 2
    assert {name.split("_")[1] for name in names} == set(endpoint.markets)
    assert isinstance(endpoint.pages, Offset)
    for one in told["resources"]:
        assert one["endpoint"]["paginator"]["limit"] == endpoint.pages.step
        assert "{" not in one["endpoint"]["path"]
        assert "<" not in "".join(one["endpoint"]["headers"].values())  # credentials, not their names


def test_lists_are_found_below_objects_and_not_below_lists() -> None:
    record = {"a": {"b": [{"c": [1]}], "d": 1}, "e": []}
    assert list(peer.paths_of_lists(record)) == [("a", "b"), ("e",)]


def test_the_table_fits_a_terminal() -> None:
    figures = {"cpu_seconds": 12345.678, "wall_seconds": 12345.678, "peak_mb": 123456.7}
    steps = ("raw", "transformed", "consolidated", "dealers", "outside steps")
    names = [f"{day}{step}" for day in ("day 1", "day 2", "small day") for step in ("", *(f", {one}" for one in steps))]
    names += ["day 1, forked steps", "dlt", "dlt tuned", *(f"floor of {step}" for step in steps[:3])]
    found = {f"{name}.{figure}": value for name in names for figure, value in figures.items()}
    lines = table(found)
    assert max(map(len, lines)) <= 80
    alone = table({name: value for name, value in found.items() if "dlt" not in name})
    assert [line for line in alone if "dlt" in line] == []
    assert len(alone) == len(lines) - 2


def test_the_lines_of_the_writers_fit_a_terminal_under_their_head() -> None:
    told = writers.line("PostgreSQL", Commits(1234.5, 1234.5, 1234.5, 123.4, 0.01))
    assert len(writers.HEAD) <= len(told) <= 80
    assert told.endswith("12340.0 x")


def test_a_checkout_of_copied_makers_has_every_module_of_each(tmp_path: Path) -> None:
    tiers = ("raw", "transformed", "resources/sandbox")
    modules = [tmp_path / tier / f"{oem.name}.py" for tier in tiers for oem in discover()]
    for module in modules:
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(module.stem)
    loading.add_copies(tmp_path, 3)
    assert len(list(tmp_path.rglob("*.py"))) == 3 * len(modules)
    for number in (2, 3):
        assert all(module.with_stem(f"{module.stem}_{number}").read_text() == module.stem for module in modules)


def test_the_slowest_maker_is_the_one_with_the_longest_fetch() -> None:
    spans = [
        ("a__raw__stock", 5.0),
        ("a__raw__dealers", 4.0),
        ("b__raw__stock", 7.0),
        ("a__consolidated__x", 90.0),
        ("x", 1),
    ]
    assert overlap.longest(spans) == {"a": 5.0, "b": 7.0, "": 16.0}
