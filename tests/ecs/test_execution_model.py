"""What the document of the execution model says of the project, each sentence in our words, and where it is held.

A place is a test, or a line of docs/ecs.md ("What the document ... says and is not so") by the words it begins with.
The test fails where a place is gone, and where a line of docs/ecs.md answers to no sentence.
"""

from __future__ import annotations

import ast
from functools import cache

import pytest

from resources.lake.lake import CHECKOUT

NIGHT = "tests/ecs/test_night.py::test_a_night_is_the_in_process_night"
FAILURE = "tests/ecs/test_night.py::test_one_oems_failure_is_its_own"
COORDINATOR = "tests/ecs/test_rig.py::test_a_coordinator_of_its_own"
LIGHT = "tests/laws/test_08_the_coordinator_stays_light.py::test_loading_the_definitions_imports_nothing_heavy"
CALLS = "tests/ecs/test_deploy_stack.py::test_the_roles_may_call_of_ecs_exactly_what_the_rig_saw"
SCALE = "tests/ecs/test_scale.py::test_many_steps_in_one_run"
SIZES = "tests/laws/test_09_a_steps_size_goes_out_as_declared.py::test_four_levels_of_sizes"
UNSET = "tests/resources/test_executor.py::test_unset_is_in_process"
CONTEXT = "tests/ecs/test_deploy_instance.py::test_the_container_context_is_what_dagster_aws_takes"
COORDINATOR_SIZE = "tests/resources/test_sizing.py::test_the_coordinators_size_is_the_one_in_container_context"

SENTENCES = {
    "In production there are two kinds of ECS tasks with different roles": (
        COORDINATOR, "In production (any Dagster Cloud deployment)"),
    "A launch or the schedule starts one run task": (COORDINATOR,),
    "The run task loads the definitions and the executor, then only launches, polls and reports": (CALLS, SCALE),
    "The run task processes no data: no Iceberg, no OEM's API, no Polars": (LIGHT,),
    "The executor launches a separate task for each step": (NIGHT,),
    "Steps without a dependency between them run concurrently": (NIGHT, "Steps without dependency run concurrently"),
    "A step task runs one op or asset and exits": (NIGHT,),
    "Fetches, transforms and Iceberg happen in step tasks": (NIGHT, LIGHT),
    "Keys are <oem>/<tier>/<name>; transformed follows raw, consolidated follows transformed": (
        "tests/resources/test_definitions.py::test_the_graph_holds_exactly_the_declared_assets",
        "tests/resources/test_definitions.py::test_no_endpoint_waits_for_another_that_it_does_not_need"),
    "Run task and step tasks are sized apart": (SIZES, COORDINATOR_SIZE),
    "The run task imports Dagster, Polars, PyIceberg and the OEMs' modules": (
        LIGHT, "The run task loads Polars and PyIceberg"),
    "512/2048 suffices for the run task, and more brings nothing": (SCALE, COORDINATOR_SIZE),
    "Below 2 GB the import may run out of memory": ("Below 2 GB risks OOM during the import",),
    "Transformed and consolidated steps hold full frames in memory": (
        "The transformed steps load full Polars DataFrames",),
    "The baseline of a step is 4096/16384": (SIZES, "tests/resources/test_sizing.py::test_whose_size_wins"),
    "container_context.yaml of each OEM's project is merged into every task": (
        CONTEXT, "Each OEM project has a container_context.yaml", "container_context.yaml is merged into every task"),
    "run_resources sizes the coordinator and no step": (SIZES, COORDINATOR_SIZE),
    "executor_from_env reads DAGSTER_EXECUTOR when the definitions load": (
        "tests/resources/test_executor.py::test_a_dotted_path_is_that_executor",
        "`executor_from_env()` in ai_core/core_defs.py"),
    "Unset, steps run one after another in one process, without ECS": (UNSET,),
    "Tags of an asset size its step": (SIZES, 'tags={"ecs/cpu": ...} sizes a step',
        "tests/resources/test_sizing_asset_tags.py::test_tags_that_could_size_no_step_are_refused"),
    "The executor's config in a schedule's run request sizes all steps of the run": (
        "tests/resources/test_executor.py::test_the_schedules_config_is_one_that_the_selected_executor_takes",
        "tests/ecs/test_executor.py::test_the_runs_config_wins_over_a_tiers_size_and_loses_to_an_assets",
        "execution: config: cpu"),
    "Where nothing is set, a step has the size of the task definition": (
        SIZES, "If neither is set, step tasks fall back to the task definition's baseline"),
    "On a laptop no task is started, no AWS credential is needed, run_resources has no effect": (
        UNSET, "tests/consolidated/test_nightly.py::test_a_night_and_the_one_after_today"),
    "In-process, a failing step ends the run": (
        "A failing step crashes the entire run in-process",
        "tests/laws/test_07_one_makers_failure_stops_no_other.py::test_a_rejected_credential_fails_one_step"),
    "On ECS a failing step is retried or shown, and the others go on": (
        FAILURE, "tests/ecs/test_executor_faults.py::test_every_fault_has_its_end",
        "A failing step leaves other concurrent steps unaffected"),
}  # fmt: skip

PLACES = {place for places in SENTENCES.values() for place in places}


@cache
def names_of_tests(file: str) -> set[str]:
    tree = ast.parse((CHECKOUT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def lines_of_the_guide() -> list[str]:
    """What docs/ecs.md quotes of the document, line by line."""
    _, _, rest = (CHECKOUT / "docs" / "ecs.md").read_text().partition("says and is not so\n")
    section = rest.partition("\n## ")[0]
    return [line.removeprefix("* *").lstrip('"') for line in section.splitlines() if line.startswith("* *")]


@pytest.mark.parametrize("place", sorted(PLACES))
def test_the_place_that_holds_the_sentence_is_there(place: str) -> None:
    file, is_test, name = place.partition("::")
    if is_test:
        assert name in names_of_tests(file)
    else:
        assert [line for line in lines_of_the_guide() if line.startswith(place)], "docs/ecs.md has no such line"


def test_every_line_of_the_guide_answers_to_a_sentence() -> None:
    quoted = {place for place in PLACES if "::" not in place}
    assert [line for line in lines_of_the_guide() if not any(line.startswith(place) for place in quoted)] == []
