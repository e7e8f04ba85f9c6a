"""The private interfaces of other packages that the project uses, each with the reason.

An upgrade that moves or removes an interface fails one case of this test. Private are names and modules with a leading
underscore, and modules that their package does not document (`UNDOCUMENTED`). The test searches the project's source
for them, so that the list has no gap and no dead entry.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]
OWN = {"definitions", "raw", "transformed", "consolidated", "resources", "tests"}
# their names have no underscore, but no documentation of their packages has them
UNDOCUMENTED = (
    "dagster_shared",
    "dagster_aws.ecs.executor",
    "dagster_aws.ecs.launcher",
    "dagster_aws.ecs.tasks",
    "dagster_aws.ecs.utils",
    "polars.io.iceberg",
    "pyiceberg.avro",
    "pyiceberg.catalog.sql.SqlCatalogBaseTable",
    "pyiceberg.utils",
)
# documented in spite of their underscore: os, and collections.namedtuple
DOCUMENTED = {"_exit", "_replace", "_asdict", "_fields"}

WHY = {
    # a night on one machine: modules that every step imports, imported once before the steps are forked
    "dagster._utils.test": "dagster imports it when it loads a job from its module: 0.5 CPU seconds",
    "dagster._core.executor.multiprocess.MultiprocessExecutor": "the config of dagster's multiprocess_executor knows "
    "spawn and forkserver alone; forking the job's process, which has the imports, saves a fifth of a night's CPU",
    # the executor on ECS
    "dagster._core.execution.retries.RetryMode": "both executors take the setting `retries` in this form",
    "dagster._core.execution.step_dependency_config.StepDependencyConfig": "StepDelegatingExecutor takes the setting "
    "`step_dependency_config` in this form",
    "dagster._core.executor.step_delegating.StepDelegatingExecutor": "the loop that launches and checks steps, which "
    "the ECS executor of dagster-aws uses too",
    "dagster._core.executor.step_delegating.StepHandlerContext": "the loop passes it to the step handler",
    "dagster._core.executor.step_delegating.CheckStepHealthResult": "the step handler's answer about a step",
    "dagster._core.executor.step_delegating.StepHandlerContext._plan_context": "a context with less of the run's state "
    "is made from the parts of the first context, which offers no copy",
    "dagster._core.executor.step_delegating.StepHandlerContext._steps_by_key": "the steps of that first context",
    "dagster._core.execution.plan.state.PastExecutionState": "the type of the parent runs' outputs",
    "dagster._core.execution.plan.step.ExecutionStep": "the type of a step, whose inputs decide which outputs it reads",
    "dagster._core.execution.plan.objects.StepFailureData": "the failure of a step that was never launched",
    "dagster._core.events.EngineEventData": "the data of an event that the executor writes, and not the step",
    "dagster._core.errors.DagsterExecutionInterruptedError": "the exception that SIGTERM raises in a step, as Fargate "
    "Spot sends it",
    "dagster_shared.error.SerializableErrorInfo": "the error inside StepFailureData",
    "dagster_shared.record.replace": "makes a changed copy of ExecuteStepArgs, which is a record of dagster",
    "dagster_aws.ecs.executor.EcsStepHandler": "the base class of the step handler, which corrects its defects",
    "dagster_aws.ecs.executor.EcsStepHandler._cluster_arn": "the cluster of the coordinator's task",
    "dagster_aws.ecs.executor.EcsStepHandler._get_container_context": "the container context of the run",
    "dagster_aws.ecs.executor.EcsStepHandler._get_run_task_kwargs": "the request of RunTask before its corrections",
    "dagster_aws.ecs.executor.EcsStepHandler._get_step_key": "the key of the only step of a context",
    "dagster_aws.ecs.executor.EcsStepHandler._run_task_kwargs": "dagster-aws writes into this dict, so it gets a copy",
    "dagster_aws.ecs.executor.EcsStepHandler._task_overrides": "dagster-aws writes into this dict, so it gets a copy",
    "dagster_aws.ecs.executor._ECS_EXECUTOR_CONFIG_SCHEMA": "the project's executor adds settings to this schema",
    "dagster_aws.ecs.tasks.get_current_ecs_task_metadata": "tells the sweeper its cluster where no variable does",
    "dagster_aws.ecs.utils.RetryableEcsException": "run_ecs_task raises it for throttling and for missing capacity",
    "dagster_aws.ecs.utils.run_ecs_task": "calls RunTask and raises the failures that stand in its answer",
    "dagster_aws.ecs.utils.sanitize_tag": "writes a step key as dagster-aws does in the tags of a task",
    # the lake and the tables
    "polars.io.iceberg._utils.predicate_to_pyiceberg_delete_filter": "turns the expression of the rows that a commit "
    "replaces into a filter of pyiceberg; no public function does",
    "pyiceberg.avro.decoder": "its decoder in Python takes the place of the one in Cython, which reads past its buffer",
    "pyiceberg.avro.file": "its AvroFile takes a file that was cut short for a shorter list, and looks the decoder up",
    "pyiceberg.expressions.visitors._StrictMetricsEvaluator": "says of a file whether a filter matches all of it",
    "pyiceberg.table.ManifestGroupPlanner._build_residual_evaluator": "what it makes of each file nobody reads; "
    "two thirds of the CPU time of planning",
    "pyiceberg.manifest._manifests": "reads a manifest list, which a night's looks at a table share",
    "polars.io.iceberg._cache.CachingFileIO": "what polars puts before the storage of a table at each look",
    "pyiceberg.table.update.snapshot._ManifestMergeManager": "merges manifests; the overwrite of pyiceberg never does",
    "pyiceberg.table.update.snapshot._OverwriteFiles": "replaces files by files in one snapshot",
    "pyiceberg.catalog.sql.SqlCatalogBaseTable": "the two tables of a SQLite catalog are created under SQLite's lock",
    "pyiceberg.utils.config.Config": "reads the catalog's settings from the environment again in each process",
    "pyiceberg.catalog.rest.RestCatalog._create_session": "the session gets a time limit, for which no setting exists",
    "fsspec.AbstractFileSystem._strip_protocol": "turns a URL into the path by which the storage lists the file",
    # a night on one machine: its run is one of a job of the code location, which no public function makes
    "dagster._core.definitions.reconstruct.ReconstructableJob": "names the nightly job by its module",
    "dagster._core.definitions.reconstruct.ReconstructableRepository": "names the module of the nightly job",
    "dagster._core.execution.api.execute_run": "executes a run that was made with the origin of its job",
    "dagster._core.remote_origin.ManagedGrpcPythonEnvCodeLocationOrigin": "the code location that `dg dev` serves",
    "dagster._core.remote_origin.RemoteJobOrigin": "part of the origin that a code server gives to a run",
    "dagster._core.remote_origin.RemoteRepositoryOrigin": "part of the origin that a code server gives to a run",
    "dagster._core.types.loadable_target_origin.LoadableTargetOrigin": "the module of that code location",
    # tests: runs on a stand-in for ECS
    "dagster._cli.main": "runs a step's command line in a forked process, without the second that an interpreter takes",
    "dagster._cli": "imported before the fork",
    "dagster._cli.api": "imported before the fork",
    "dagster_cloud.workspace.ecs.EcsUserCodeLauncher._run_launcher_kwargs": "what the agent of Dagster+ gives to the "
    "launcher of runs, with which a night is run here",
    "dagster._cli.create_dagster_cli": "runs the code server's health check in this process",
    "dagster._daemon.cli.create_dagster_daemon_cli": "runs the daemon's health check in this process",
    "dagster._daemon.types.DaemonHeartbeat": "what a daemon writes that is alive",
    "dagster._core.definitions.assets.graph.asset_graph.AssetNode": "the type of the nodes of an asset graph",
    "dagster._core.execution.api.create_execution_plan": "makes the plan for a step handler's context",
    "dagster._core.execution.context_creation_job.PlanOrchestrationContextManager": "makes that context",
    "dagster._core.execution.context_creation_job.orchestration_context_event_generator": "makes that context",
    "dagster._core.execution.plan.state.KnownExecutionState": "tells a step handler of a step's earlier attempts",
    "dagster._core.execution.plan.outputs.StepOutputHandle": "names an output in the state of a run",
    "dagster._core.launcher.LaunchRunContext": "launches a run without a daemon",
    "dagster._core.launcher.ResumeRunContext": "resumes a run, as run monitoring does",
    "dagster._core.origin.DEFAULT_DAGSTER_ENTRY_POINT": "part of the origin that a code server gives to a run",
    "dagster._core.remote_origin.GrpcServerCodeLocationOrigin": "part of the origin that a code server gives to a run",
    "dagster._core.run_coordinator.QueuedRunCoordinator": "the run coordinator of `deploy/dagster.yaml`",
    "dagster._core.workspace.load_target.WorkspaceFileTarget": "loads `deploy/workspace.yaml` as a webserver does",
    "dagster._grpc.types.ExecuteStepArgs": "the arguments that a step task gets",
    "dagster._serdes.deserialize_value": "reads those arguments from the environment of a task",
    "dagster_aws.ecs.executor.EcsStepHandler._launched_tasks": "shows a defect of the plain handler on given tasks",
    "polars.io.iceberg._sink": "imported before a fork, because polars imports it at the first write",
}


def source_files() -> list[Path]:
    """Every module but this one, whose strings name all of the interfaces."""
    found = [CHECKOUT / "definitions.py", *(path for name in OWN for path in sorted((CHECKOUT / name).rglob("*.py")))]
    return [path for path in found if path != Path(__file__)]


def is_private(name: str) -> bool:
    parts = name.split(".")
    return any(part.startswith("_") and not part.startswith("__") for part in parts) or any(
        name == undocumented or name.startswith(f"{undocumented}.") for undocumented in UNDOCUMENTED
    )


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Local name -> dotted name of what is imported from other packages, anywhere in a module."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        else:
            continue
        found |= {local: name for local, name in names.items() if name.split(".")[0] not in OWN | {"__future__"}}
    return found


def private_attributes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            yield node.attr


def of_foreign_bases(tree: ast.AST, imported: dict[str, str]) -> Iterator[str]:
    """The private names of base classes of other packages that our classes use or override."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        used = {*private_attributes(node), *(one.name for one in node.body if isinstance(one, ast.FunctionDef))}
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in imported:
                text = source_of(resolved(imported[base.id]))
                for name in sorted(used):
                    private = name.startswith("_") and not name.startswith("__")
                    if private and re.search(rf"(self\.|def ){name}\b", text):
                        yield f"{imported[base.id]}.{name}"


@cache
def source_of(found: Any) -> str:
    """The source of a class; empty for one that is not written in Python, and so has no private methods of Python."""
    try:
        return inspect.getsource(found)
    except (OSError, TypeError):
        return ""


def resolved(name: str) -> Any:
    """The object of a dotted name. Raises AttributeError or ImportError where the package no longer has it."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if inspect.isclass(found) and not hasattr(found, part):
                # an attribute that the class gives to its instances
                if f"self.{part} = " not in inspect.getsource(found) and f"self.{part}: " not in inspect.getsource(
                    found
                ):
                    raise AttributeError(f"{name}: {found} does not set {part}")
                return None
            found = getattr(found, part)
        return found
    raise ImportError(name)


@pytest.mark.parametrize("name", WHY)
def test_the_interface_is_there(name: str) -> None:
    resolved(name)


@pytest.mark.slow
def test_the_list_is_what_the_project_uses() -> None:
    used: dict[str, set[str]] = {}
    own_names: set[str] = set()
    attributes: dict[str, set[str]] = {}
    for path in source_files():
        place = str(path.relative_to(CHECKOUT))
        tree = ast.parse(path.read_text())
        imported = imported_names(tree)
        for name in [*imported.values(), *of_foreign_bases(tree, imported), *named_in_strings(tree)]:
            if is_private(name):
                used.setdefault(name, set()).add(place)
        for attribute in private_attributes(tree):
            attributes.setdefault(attribute, set()).add(place)
        own_names |= defined_names(tree, imported)
    by_attribute = {name.rpartition(".")[2]: name for name in WHY}
    for attribute, places in attributes.items():
        if attribute not in own_names | DOCUMENTED:
            used.setdefault(by_attribute.get(attribute, f"?.{attribute}"), set()).update(places)
    assert {name: sorted(places) for name, places in used.items() if name not in WHY} == {}
    assert set(WHY) - set(used) == set(), "nothing uses these any more"


def named_in_strings(tree: ast.AST) -> Iterator[str]:
    """Private modules that a string names, for importlib or a patch."""
    packages = {name.split(".")[0] for name in WHY}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts = node.value.split(".")
            named = len(parts) > 1 and parts[0] in packages and all(part.isidentifier() for part in parts)
            if named and any(part.startswith("_") for part in parts):
                yield node.value


def defined_names(tree: ast.AST, imported: dict[str, str]) -> set[str]:
    """Private names that a module of ours defines: functions, classes, variables, and attributes of its objects. An
    attribute of another package's class or module that is set to something else is that package's."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif not (isinstance(node.value, ast.Name) and node.value.id in imported):
                found.add(node.attr)
    return found
