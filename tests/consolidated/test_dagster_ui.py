"""A night in Dagster's real UI, by a real browser: the graph, a run, its checks, `make nightly`, the report.

`PICTURES=docs pytest tests/consolidated/test_dagster_ui.py` takes the pictures of the docs anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from consolidated.night.assets import JOB, REPORT
from consolidated.night.runs import maker_job
from raw.endpoint.declaration import Inventory
from resources.lake.days import today
from resources.lake.first_day import VARIABLE
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support import few_makers
from tests.support.browser import chromium
from tests.support.dagster_ui import Person, dg_dev
from tests.support.declared import MANY_MARKETS, aim, with_few_markets
from tests.support.source import CHECKOUT

MAKER = with_few_markets(MANY_MARKETS)
STOCK = MAKER.yielding(Inventory)[0]
JOB_OF_MAKER = maker_job(MAKER.name)
INVENTORY = f"{MAKER.name}/consolidated/inventory"
_OURS = ("LAKE_URI", "OEM_APIS", "DAGSTER_", "PYICEBERG_", "SANDBOX_", "ALERT_", VARIABLE)


def planted_fault() -> str:
    """One market of vehicles is refused, as its own requests alone name it."""
    routes = Sandbox(World(today(), 200)).routes
    places = [aim(MAKER, STOCK, market, routes) for market in STOCK.markets]
    return f"{[place for place in places if place.count('/') == 2][-1]}:status-403"


@pytest.mark.slow
def test_a_night_as_the_ui_shows_it(tmp_path: Path) -> None:
    pictures = CHECKOUT / os.environ["PICTURES"] if os.environ.get("PICTURES") else None
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    environment |= {
        "LAKE_URI": str(tmp_path / "lake"), "SANDBOX_VEHICLES": "200", **few_makers.environment([MAKER]),
    }  # fmt: skip
    home = tmp_path / "dagster"
    with dg_dev(home, environment | {"SANDBOX_FAULTS": planted_fault()}) as address, chromium() as browser:
        person = Person(browser.new_page(), address, pictures)
        a_night_is_materialized(person)
        the_graph_shows_its_outcome(person)
        the_asset_tells_rows_and_columns(person)
        the_failed_check_says_why(person)
        nightly = [sys.executable, "-m", "consolidated.night", "--oem", MAKER.name]
        person.looks_away()
        at_home = environment | {"DAGSTER_HOME": str(home)}
        done = subprocess.run(nightly, cwd=CHECKOUT, env=at_home, capture_output=True, text=True, timeout=1500)
        assert done.returncode == 0, done.stdout + done.stderr
        make_nightly_stands_under_its_job(person)
        the_report_is_found(person, tmp_path / "lake")


def a_night_is_materialized(person: Person) -> None:
    person.goes_to_job(JOB_OF_MAKER)
    person.sees(f"The day of {MAKER.name} alone")
    person.clicks("Materialize all")
    person.clicks("Latest")
    person.clicks("Launch 1 run")
    expect(person.page.get_by_text("Launch runs to materialize")).to_have_count(0)
    person.waits_for_the_run_of(JOB_OF_MAKER)
    person.goes_to_job(JOB_OF_MAKER, "runs")
    person.sees("Success")


def the_graph_shows_its_outcome(person: Person) -> None:
    person.goes_to("asset-groups")
    person.sees("transformed")
    person.page.keyboard.press("Alt+KeyE")  # expand all groups
    for endpoint in MAKER.endpoints:
        person.sees(endpoint.name)
    person.takes_picture("asset-graph")
    person.goes_to_asset(INVENTORY, "lineage&lineageScope=upstream&lineageDepth=2")
    person.sees("100% filled", times=3)  # the partitions begin where the lake does
    person.sees(re.compile(r"\d / \d Passed"), times=3)
    person.takes_picture("asset-lineage")


def the_asset_tells_rows_and_columns(person: Person) -> None:
    person.goes_to_asset(INVENTORY, "overview")
    person.sees("with its history")
    row = person.page.get_by_role("row").filter(has_text="dagster/partition_row_count")
    expect(row.get_by_role("cell").last).to_have_text(re.compile(r"^\s*[1-9][\d,]*\s*$"))
    person.page.get_by_placeholder("Filter columns").fill("price_lowest")
    person.sees("price_amount")
    person.takes_picture("asset")
    person.clicks("Plots")
    plot = person.sees("dagster/partition_row_count")
    plot.first.scroll_into_view_if_needed()
    expect(person.page.locator("canvas").first).to_be_visible()


def the_failed_check_says_why(person: Person) -> None:
    person.goes_to_asset(INVENTORY, "checks")
    person.sees("Failed")
    person.sees("Law 5: A bad day retires nothing.")
    person.sees("When it fails: ")
    person.sees(re.compile(r"blocked: status 403"))
    person.takes_picture("failed-check")


def make_nightly_stands_under_its_job(person: Person) -> None:
    person.goes_to_job(JOB_OF_MAKER, "runs")
    person.sees("Success", times=2)
    person.goes_to_job(JOB, "runs")
    person.sees("Success", times=1)
    person.goes_to("runs")
    person.sees(JOB)
    person.takes_picture("runs")
    expect(person.page.get_by_text("__ephemeral_asset_job__")).to_have_count(0)


def the_report_is_found(person: Person, lake: Path) -> None:
    person.goes_to_asset("/".join(REPORT.path), "overview")
    person.sees("The morning report")
    (page,) = (lake / "reports").glob("*.html")
    person.sees(str(page))
    person.page.goto(page.as_uri())
    expect(person.page.locator("h1")).to_be_visible()
