"""A step of transformed, its day typed by hand: what it tells, which checks fail for which cause, and when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest

from raw.audi import PSS_DEALERS
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.typed_days import market_report
from transformed.day import shown, transform
from transformed.day.assets import transformed_asset
from transformed.day.report import MarketReport, Report, write_report

DAY = date(2026, 11, 25)
BY_DESIGN = "test_dealer"


def market(name: str = "es", *, received: int = 100, refused: int = 0, merged: int = 0, **values: Any) -> MarketReport:
    typed = {"accepted": received - refused - merged, "quarantined": refused, "duplicates": merged}
    return market_report(received, **{"market": name, **typed, **values})


def report_of(*markets: MarketReport, **values: Any) -> Report:
    usual: dict[str, Any] = {
        "files": [], "quarantine_file": None, "quarantined_by_rule": {}, "interpretation": "0123456789abcdef"
    }  # fmt: skip
    named = {one.market: one for one in markets}
    return Report(
        oem="audi", name=PSS_DEALERS.yields.name, endpoint=PSS_DEALERS.name, table="dealers", date=DAY.isoformat(),
        source="sandbox", contract_version=2, markets=named, **usual | values,
    )  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    return Lake(tmp_path.as_uri())


def step_of(made: Report | PlatformError, *, shares_table: bool = False) -> dg.MaterializeResult[None]:
    """What the step tells where typing the day gives this."""

    def transform_day(**_: object) -> Report:
        if isinstance(made, PlatformError):
            raise made
        return made

    asset = transformed_asset("audi", PSS_DEALERS, shares_table=shares_table)
    with pytest.MonkeyPatch.context() as patch, dg.build_asset_context(partition_key=DAY.isoformat()) as context:
        patch.setattr(transform, "transform_day", transform_day)
        told: Any = asset(context)
    return cast("dg.MaterializeResult[None]", told)


Said = tuple[bool, str, str | None, Sequence[str]]


def checks_of(told: dg.MaterializeResult[None]) -> dict[str, Said]:
    """Of each check but that of the size: whether it passed, its severity, its lines, its causes."""
    found: dict[str, Said] = {}
    for check in told.check_results or ():
        causes: Any = check.metadata.get("causes")
        said = (check.passed, check.severity.name, check.description, causes.value if causes else [])
        found[str(check.check_name)] = said
    del found["size"]
    return found


GOOD: Said = (True, "WARN", None, [])


def test_a_step_tells_the_sums_of_its_markets_and_which_columns_come_from_which_fields(lake: Lake) -> None:
    one = market("es", received=100, refused=9, merged=2, sightings=95, without_identity=3)
    other = market("gb", received=10, merged=1, sightings=10, without_identity=1)
    told = step_of(report_of(one, other, quarantined_by_rule={BY_DESIGN: 4, "name": 5}, drift=["a field", "a code"]))
    metadata = dict(told.metadata or {})
    counts = {name: value for name, value in metadata.items() if name in (*_COUNTS, "dagster/partition_row_count")}
    assert counts == {
        "dagster/partition_row_count": 98, "received": 110, "accepted": 98, "quarantined": 9, "excluded": 4,
        "duplicates": 3, "sightings": 105, "without_identity": 4, "drift_lines": 2,
    }  # fmt: skip
    assert (metadata["interpretation"], metadata["contract_version"]) == ("0123456789abcdef", 2)
    assert str(metadata["dagster/uri"]).endswith(f"/transformed/audi/pss_dealers/{DAY}")
    lineage: Any = metadata["dagster/column_lineage"]
    of_id = lineage.deps_by_column["dealer_id"]
    assert of_id == [dg.TableColumnDep(dg.AssetKey(["audi", "raw", PSS_DEALERS.name]), "dealerId")]
    schema: Any = metadata["dagster/column_schema"]
    assert "From `dealerId`." in next(one.description for one in schema.columns if one.name == "dealer_id")


_COUNTS = (
    "received", "accepted", "quarantined", "excluded", "duplicates", "sightings", "without_identity", "drift_lines"
)  # fmt: skip


def test_where_the_quarantine_lies_and_what_is_worst_in_it(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "quarantine_worst", lambda _, report: f"the worst of {report.quarantine_file}")
    told = step_of(report_of(market(), quarantine_file="transformed/q.parquet", drift=["a field"])).metadata or {}
    assert told["quarantine"] == lake.url("transformed/q.parquet")
    assert told["quarantine_worst"] == dg.MetadataValue.md("the worst of transformed/q.parquet")
    assert told["drift"] == dg.MetadataValue.md("* a field")
    without = step_of(report_of(market(), fill={"es": {"name": 1.0}})).metadata or {}
    assert without["quarantine"] == "none"
    assert "name" in str(without["filled"])


def test_a_good_day_passes_every_check(lake: Lake) -> None:
    assert checks_of(step_of(report_of(market(merged=5)))) == {
        "conservation": (True, "ERROR", None, []), "contract": GOOD, "drift": GOOD, "attributes": GOOD
    }  # fmt: skip


@pytest.mark.parametrize(("broken", "severity"), [(5, "WARN"), (6, "ERROR")])
def test_more_than_one_record_in_twenty_that_breaks_the_contract_is_an_error(
    broken: int, severity: str, lake: Lake
) -> None:
    by_rule = {BY_DESIGN: 20, "name": broken}
    checks = checks_of(step_of(report_of(market(refused=20 + broken), quarantined_by_rule=by_rule)))
    assert checks["contract"] == (False, severity, f"contract_broken: name, {broken} of 100", ["contract_broken"])
    assert checks["conservation"] == (True, "ERROR", None, []), "a refused record is accounted for"


def test_what_is_left_out_by_design_breaks_no_contract(lake: Lake) -> None:
    checks = checks_of(step_of(report_of(market(refused=90), quarantined_by_rule={BY_DESIGN: 90})))
    assert checks["contract"] == GOOD


def test_records_that_are_not_accounted_for_are_named_by_their_market(lake: Lake) -> None:
    checks = checks_of(step_of(report_of(market("es", refused=2, merged=1, accepted=96), market("gb"))))
    assert checks["conservation"] == (False, "ERROR", "es: received 100, accounted for 99", ["conservation_broken"])
    too_many = checks_of(step_of(report_of(market("es", merged=1, accepted=100))))
    assert too_many["conservation"][2] == "es: received 100, accounted for 101"


@pytest.mark.parametrize(("cause", "named"), [("not_json", "not_json"), (None, "defect")])
def test_a_market_that_could_not_be_typed_is_told_with_its_cause(cause: str | None, named: str, lake: Lake) -> None:
    failed = market("gb", received=0, complete=False, cause=cause)
    other = market("es", complete=False, cause="shortfall")
    checks = checks_of(step_of(report_of(other, failed, failed={"gb": "the page is no JSON"})))
    assert checks["conservation"] == (False, "ERROR", "the page is no JSON", [named])


def test_drift_is_a_warning_with_its_lines(lake: Lake) -> None:
    checks = checks_of(step_of(report_of(market(), drift=["a field", "a code"])))
    assert checks["drift"] == (False, "WARN", "a field\na code", ["schema_drift"])


def test_a_column_that_has_faded_since_the_days_before_is_a_warning(lake: Lake) -> None:
    write_report(lake, report_of(market(), fill={"es": {"name": 1.0}}), date(2026, 11, 24))
    checks = checks_of(step_of(report_of(market(), fill={"es": {"name": 0.0}})))
    sentence = "schema_drift of attributes: es: 0% of the rows have name, 100% did in the 1 days before"
    assert checks["attributes"] == (False, "WARN", sentence, ["schema_drift"])


def test_nothing_typed_is_a_failed_check_and_no_rows_where_another_endpoint_fills_the_table(lake: Lake) -> None:
    failure = PlatformError(Cause.NEVER_LANDED, "nothing has landed", oem="audi")
    told = step_of(failure, shares_table=True)
    assert (told.metadata or {})["dagster/partition_row_count"] == 0
    expected = (False, "ERROR", str(failure), ["never_landed"])
    assert checks_of(told) == {"conservation": expected, "contract": GOOD, "drift": GOOD, "attributes": GOOD}


@pytest.mark.parametrize(
    ("cause", "shares_table"), [(Cause.NEVER_LANDED, False), (Cause.LAKE_UNWRITABLE, False), (Cause.LAKE_DAMAGED, True)]
)
def test_else_the_step_fails_with_the_sentence_and_the_runbook(cause: Cause, shares_table: bool, lake: Lake) -> None:
    failure = PlatformError(cause, "nothing could be typed", oem="audi")
    with pytest.raises(dg.Failure) as raised:
        step_of(failure, shares_table=shares_table)
    assert raised.value.description == str(failure)
    assert raised.value.metadata["cause"].value == cause.value
    assert raised.value.allow_retries is failure.policy.retry


@pytest.mark.parametrize(
    ("oem", "name", "lacks", "advice"),
    [
        ("yugo", "stock", "there is no transformed/yugo.py for raw/yugo.py", "Write transformed/yugo.py with the"),
        ("audi", "nothing_yet", "there is no NOTHING_YET in transformed/audi.py", "the mapping NOTHING_YET, or"),
    ],
)
def test_an_endpoint_without_a_mapping_is_refused_with_the_way_out(
    oem: str, name: str, lacks: str, advice: str
) -> None:
    endpoint = replace(PSS_DEALERS, yields=replace(PSS_DEALERS.yields, name=name))
    with pytest.raises(PlatformError) as raised:
        transformed_asset(oem, endpoint, shares_table=False)
    assert (raised.value.cause, raised.value.detail) == (Cause.CONFIGURATION, lacks)
    assert (raised.value.oem, raised.value.endpoint) == (oem, endpoint.name)
    assert advice in str(raised.value)


def test_a_step_waits_for_the_raw_step_of_its_endpoint() -> None:
    asset = transformed_asset("audi", PSS_DEALERS, shares_table=False)
    assert set(asset.dependency_keys) == {dg.AssetKey(["audi", "raw", PSS_DEALERS.name])}
    assert asset.key == dg.AssetKey(["audi", "transformed", PSS_DEALERS.yields.name])
    assert "The dealers of audi as `pss_dealers` publishes them" in str(asset.specs_by_key[asset.key].description)
