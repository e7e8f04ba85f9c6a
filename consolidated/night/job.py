"""Executing a job in this process, as a run that the UI lists under its job.

A run that `dagster job execute` makes names no code location, so that the UI shows it neither under its job nor in the
timeline. This one names the location of pyproject.toml, which `dg dev` serves.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from resources.lake.lake import CHECKOUT

_MODULE, _ATTRIBUTE = "definitions", "defs"


def repository() -> ReconstructableRepository:
    """The code location, as a process finds it again by its module's name."""
    return ReconstructableRepository.for_module(_MODULE, _ATTRIBUTE, working_directory=str(CHECKOUT))


def execute(
    job: str, tags: dict[str, str], instance: dg.DagsterInstance, run_config: Mapping[str, Any] | None = None
) -> dg.JobExecutionResult:
    """What came of the run. tags: of the run, its partition's among them."""
    reconstructable = ReconstructableJob(repository(), job)
    definition = reconstructable.get_definition()
    run = instance.create_run_for_job(
        definition,
        run_config=run_config,
        tags=tags,
        job_code_origin=reconstructable.get_python_origin(),
        remote_job_origin=_origin(job, repository().get_definition().name),
    )
    return execute_run(reconstructable, run, instance, raise_on_error=False)


def _origin(job: str, repository_name: str) -> RemoteJobOrigin:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    location = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(module_name=_MODULE, attribute=_ATTRIBUTE, working_directory=str(CHECKOUT)),
        project["code_location_name"],
    )
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, repository_name), job)
