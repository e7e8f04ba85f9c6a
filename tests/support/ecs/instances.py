"""The Dagster instances of the rig: a plain one, and production's from `deploy/dagster.yaml`.

Belongs here: `dagster.yaml` and the variables that it reads. Does not belong here: opening an instance (`rig`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from tests.support.ecs.tasks import ACCOUNT, REGION
from tests.support.processes import CHECKOUT
from tests.support.servers import PostgresServer, S3Server


@dataclass(frozen=True)
class InstanceSettings:
    """`document` is dagster.yaml, `variables` what it reads from the environment of each process."""

    document: dict[str, Any]
    variables: dict[str, str]


def _storage(postgres: PostgresServer, database: str) -> dict[str, Any]:
    return {"postgres": {"postgres_url": postgres.url(database, "postgresql+psycopg2")}}


@cache
def _with_tables(postgres: PostgresServer) -> str:
    """A database in which Dagster has made its tables, once for all instances: it takes a CPU second.

    The instance of `test_deploy_instance.py` makes its own.
    """
    database = postgres.new_database()
    with tempfile.TemporaryDirectory(prefix="dagster-") as home:
        document = {"storage": _storage(postgres, database), "telemetry": {"enabled": False}}
        (Path(home) / "dagster.yaml").write_text(yaml.safe_dump(document))
        with dg.DagsterInstance.from_config(home):
            return database


def plain(postgres: PostgresServer) -> InstanceSettings:
    """On a database of its own; the output of steps is in their tasks' logs alone."""
    document = {
        "storage": _storage(postgres, postgres.new_database(_with_tables(postgres))),
        "run_launcher": {"module": "dagster_aws.ecs", "class": "EcsRunLauncher", "config": {}},
        "run_coordinator": {"module": "dagster.core.run_coordinator", "class": "DefaultRunCoordinator"},
        "compute_logs": {"module": "dagster.core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
        "telemetry": {"enabled": False},
    }
    return InstanceSettings(document, {})


def deployed(postgres: PostgresServer, s3: S3Server) -> InstanceSettings:
    """`deploy/dagster.yaml` as it stands, but for the queue of runs, which only a daemon empties.

    Its launcher makes a run's task definition from the container context alone, so that has to name every variable
    that a task needs.
    """
    document: dict[str, Any] = yaml.safe_load((CHECKOUT / "deploy" / "dagster.yaml").read_text())
    document["run_coordinator"] = {"module": "dagster.core.run_coordinator", "class": "DefaultRunCoordinator"}
    # a limit on concurrent runs belongs to the queue
    document.get("concurrency", {}).pop("runs", None)
    variables = {
        "DAGSTER_POSTGRES_HOST": "127.0.0.1",
        "DAGSTER_POSTGRES_PORT": str(postgres.port),
        "DAGSTER_POSTGRES_DB": postgres.new_database(_with_tables(postgres)),
        "DAGSTER_POSTGRES_USER": postgres.user,
        "DAGSTER_POSTGRES_PASSWORD": "unused",
        "DAGSTER_LOG_GROUP": f"/ecs/{REGION}",
        "DAGSTER_EXECUTION_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/execution",
        "DAGSTER_RUN_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/run",
        "DAGSTER_LOGS_BUCKET": s3.bucket,
    }
    return InstanceSettings(document, variables)


def production_environment(s3: S3Server, postgres: PostgresServer, database: str | None = None) -> dict[str, str]:
    """What deploy/dagster.yaml takes from a task definition, for an instance of its own.

    database: one that is there already; by default one with Dagster's tables.
    """
    return s3.environment() | {
        "DAGSTER_POSTGRES_HOST": "127.0.0.1",
        "DAGSTER_POSTGRES_PORT": str(postgres.port),
        "DAGSTER_POSTGRES_DB": database or postgres.new_database(_with_tables(postgres)),
        "DAGSTER_POSTGRES_USER": postgres.user,
        "DAGSTER_POSTGRES_PASSWORD": "p@ss/word",  # the tests' server asks for none; one from RDS may hold anything
        "DAGSTER_LOGS_BUCKET": s3.bucket,
        "DAGSTER_LOG_GROUP": "/oem-stock",
        "DAGSTER_EXECUTION_ROLE_ARN": "arn:aws:iam::123456789012:role/execution",
        "DAGSTER_RUN_ROLE_ARN": "arn:aws:iam::123456789012:role/run",
    }
