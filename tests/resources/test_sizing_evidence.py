"""Sizes by evidence: which sizes measured nights ask for, the file that holds them, and who reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import definitions
from resources import graph
from resources.failures import PlatformError
from resources.sizing.apply import sizes_by_evidence, tier_size
from resources.sizing.billing import PULL_SECONDS, Work, cheapest_size
from resources.sizing.costs import Step, as_measured, night_usd, of_document, of_tiers, small_night, steps_of, table
from resources.sizing.evidence import SIZES_FILE, Measured, measured_size, measured_sizes, write_sizes
from resources.sizing.fitting import COMFORTABLE_SHARE, Need
from resources.sizing.prices import PRICES, task_cost_usd
from resources.sizing.sizes import DECLARED_BY_TAG, TIER_SIZES, Size, resolve_size, step_size, step_tags
from resources.sizing.uses import COORDINATOR, StepUse
from tests.support.declared import OEMS, assets

NIGHTS = ("2026-11-21", "2026-11-22", "2026-11-23")
STEP = "maker/consolidated/inventory"
SMALLER, LARGER = Size(256, 1024), Size(8192, 32768)


def use(night: str, peak_mb: float = 400, size: Size = TIER_SIZES["consolidated"], **changes: object) -> StepUse:
    made = StepUse(night, STEP, size, Need(peak_mb, 0.3), 70.0, "us-east-1")
    return replace(made, **changes)  # type: ignore[arg-type]


def of_nights(*peaks_mb: float) -> list[StepUse]:
    """A use a night, the newest first, as the report reads them."""
    return [use(night, peak) for night, peak in zip(NIGHTS, peaks_mb, strict=False)][::-1]


def test_three_nights_make_a_step_smaller_with_room_above_the_highest_of_them() -> None:
    (found,) = sizes_by_evidence(of_nights(300, 550, 200), {}).values()
    assert found == Measured(SMALLER, NIGHTS, 550, 0.3)
    assert found.size.memory_mb >= 550 / COMFORTABLE_SHARE
    assert sizes_by_evidence(of_nights(300, 550), {}) == {}, "two nights are too few"
    assert sizes_by_evidence([], {}) == {}, "what nobody has measured keeps its tier's size"


def test_a_size_that_fits_changes_nothing_and_one_that_is_too_full_grows_after_one_night() -> None:
    known = {STEP: Measured(SMALLER, NIGHTS, 550, 0.3)}
    fits = [use(night, 600, SMALLER) for night in NIGHTS]
    assert sizes_by_evidence(fits, known) == known, "no entry changes for the sake of its nights"
    (grown,) = sizes_by_evidence([use(NIGHTS[-1], 900, SMALLER)], known).values()
    assert grown.size.memory_mb >= 900 / COMFORTABLE_SHARE
    assert grown.nights == NIGHTS[-1:]


def test_a_step_that_ran_out_of_memory_gets_one_step_more_after_one_night() -> None:
    needed = SMALLER.next_up()
    assert needed is not None
    killed = use(NIGHTS[-1], COMFORTABLE_SHARE * needed.memory_mb, SMALLER, end="out_of_memory")
    (grown,) = sizes_by_evidence([killed], {STEP: Measured(SMALLER, NIGHTS, 550, 0.3)}).values()
    assert (grown.size.memory_mb, grown.out_of_memory) == (needed.memory_mb, 1)
    # and stays there for as long as the night stands among the last ones
    quiet = [use(night, 300, grown.size) for night in NIGHTS]
    assert sizes_by_evidence([*quiet, killed], {STEP: grown}) == {STEP: grown}


def test_the_coordinator_is_never_resized() -> None:
    assert sizes_by_evidence([use(night, step=COORDINATOR) for night in NIGHTS], {}) == {}


def test_a_short_step_is_cheapest_on_few_vcpus_and_a_long_one_is_not_made_slow() -> None:
    current, need = Size(1024, 4096), Need(200, 1.0)
    assert cheapest_size(need, Work(5, 5), current) == Size(256, 512)  # billed for its pull
    assert cheapest_size(need, Work(3600, 3600), current) == Size(1024, 2048)
    assert cheapest_size(Need(1400, 1.0), Work(3600, 3600), Size(1024, 2048)) is None
    assert cheapest_size(Need(9000, 0.1), Work(5, 1), Size(512, 4096)) == Size(2048, 15360)


def test_the_file_is_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "sizes.toml"
    assert measured_sizes(file) == {}
    entries = {STEP: Measured(SMALLER, NIGHTS, 550, 0.3, 1), "a/raw/b": Measured(LARGER, NIGHTS[:1], 20_000, 3.5)}
    write_sizes(entries, file)
    assert measured_sizes(file) == entries
    assert measured_size(STEP, file) == SMALLER
    assert measured_size("nobody/raw/knows", file) is None
    assert file.read_text().startswith(SIZES_FILE.read_text().rstrip()), "the head stays"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "no TOML"),
        ("cpu = 1", "cpu is no table"),
        ('["a/raw/b"]\ncpu = 512\nmemory_mb = 9000', "sizes.toml, a/raw/b: Fargate has no size"),
        ('["a/raw/b"]\ncpu = 512', "declared as a pair"),
        ('["a/raw/b"]\npeak_memory_mb = 1', "neither cpu nor memory_mb"),
        ('["a/raw/b"]\ncpu = 512\nmemory_mb = 1024', "a/raw/b: KeyError"),
    ],
)
def test_a_broken_entry_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sizes.toml"
    file.write_text(text)
    with pytest.raises(PlatformError, match=said):
        measured_sizes(file)


def test_every_entry_is_of_an_asset_that_there_is() -> None:
    known = set().union(*map(assets, OEMS))
    assert {name for name in measured_sizes() if not name.startswith("lake/")} <= known


def test_the_tier_loses_to_the_evidence_which_loses_to_the_runs_config_which_loses_to_the_asset() -> None:
    own, evidence, configured = Size(1024, 2048), Size(256, 512), Size(8192, 32768)
    assert step_size("raw", None, evidence) == evidence
    assert step_size("raw", own, evidence) == own
    assert step_tags("raw", None, evidence)[DECLARED_BY_TAG] == "evidence"
    assert resolve_size(step_tags("raw", None, evidence), None) == evidence
    assert resolve_size(step_tags("raw", None, evidence), configured) == configured
    assert resolve_size(step_tags("raw", own, evidence), configured) == own


def test_the_definitions_read_the_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    oem = OEMS[0]
    name = f"{oem.name}/raw/{oem.endpoints[0].name}"
    monkeypatch.setattr(graph, "measured_size", {name: Size(256, 2048)}.get)
    job = definitions.build_defs(oems=[oem]).resolve_job_def("nightly")
    sizes = {node.name: (node.tags["ecs/cpu"], node.tags["ecs/memory"]) for node in job.graph.nodes}
    assert sizes.pop(name.replace("/", "__")) == ("256", "2048")
    assert ("256", "2048") not in sizes.values()


def test_dollars_of_arm_spot_and_storage() -> None:
    size = Size(1024, 2048)
    x86, arm = (task_cost_usd(size, 3600, None, architecture=one) for one in ("x86_64", "arm64"))
    assert x86 == pytest.approx(0.04048 + 2 * 0.004445)
    assert arm == pytest.approx(0.03238 + 2 * 0.00356)
    assert task_cost_usd(size, 3600, None, storage_gib=20) == x86
    assert task_cost_usd(size, 3600, None, storage_gib=120) == pytest.approx(x86 + 100 * 0.000111)
    assert all(0.75 < one.arm_vcpu_hour_usd / one.vcpu_hour_usd < 0.85 for one in PRICES.values())


def night(*makers: str) -> list[Step]:
    tiers = ("raw", "transformed", "consolidated")
    names = [f"{maker}/{tier}/{kind}" for maker in makers for tier in tiers for kind in ("inventory", "dealers")]
    return [Step(name, Need(280, 0.3), Work(5, 1.5)) for name in names]


def test_measured_sizes_cost_a_fifth_of_the_documents() -> None:
    steps = night(*"abcde")
    assert len(small_night(steps)) == 12
    for its in (small_night(steps), steps):
        document = night_usd(its, of_document(its))
        assert night_usd(its, of_tiers(its)) < document / 2
        assert night_usd(its, as_measured(its)) <= document / 5
        assert night_usd(its, as_measured(its), "arm64") < night_usd(its, as_measured(its))
        assert night_usd(its, as_measured(its), spot=True) < night_usd(its, as_measured(its))
    lines = table(steps).splitlines()
    assert len(lines) == 2 + 2 * 4
    assert "12 steps of 2 makers" in lines[2]
    assert "30 steps of 5 makers" in lines[-1]


def test_a_night_holds_pulls_the_least_minute_and_the_coordinator() -> None:
    (step, *_) = night("a")
    sizes = of_tiers([step])
    least = task_cost_usd(sizes[step.name], 60, None) + task_cost_usd(Size(512, 2048), 60 + PULL_SECONDS, None)
    assert night_usd([step], sizes) > least


def test_the_night_is_the_latest_of_the_tiers_steps_that_succeeded() -> None:
    uses = [use(NIGHTS[0], 900), use(NIGHTS[1], 400), use(NIGHTS[1], 500, end="failed"),
            use(NIGHTS[1], step=COORDINATOR), use(NIGHTS[1], step="lake/maintenance/tables")]  # fmt: skip
    (step,) = steps_of(uses)
    assert (step.name, step.need.peak_memory_mb) == (STEP, 400)
    assert step.work.wall_seconds == pytest.approx(70 - PULL_SECONDS - 4.0), "a task's own time, without its start"


def test_a_steps_default_is_its_tiers() -> None:
    assert [tier_size(name) for name in ("a/raw/b", STEP, "lake/maintenance/x")] == [
        TIER_SIZES["raw"], TIER_SIZES["consolidated"], TIER_SIZES["consolidated"],
    ]  # fmt: skip
