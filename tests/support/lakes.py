"""The lakes that the platform has to work on: a folder with SQLite, S3 with PostgreSQL, S3 with a REST catalog.

These are the settings, as an engineer sets them; the servers are started by `servers.py`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from tests.support.servers import REGION, PostgresServer, S3Server

CATALOG = "PYICEBERG_CATALOG__LAKE__"


def work_on(environment: Mapping[str, str]) -> None:
    """Let this process work on the lake of these settings, whatever catalog it worked on before."""
    for name in [name for name in os.environ if name.startswith(CATALOG)]:
        del os.environ[name]
    os.environ.update(environment)


def folder_and_sqlite(folder: Path) -> dict[str, str]:
    return {"LAKE_URI": str(folder / "lake")}


def s3_and_postgres(s3: S3Server, postgres: PostgresServer) -> dict[str, str]:
    """An unused lake with its own database."""
    lake = s3.new_lake_uri()
    return s3.environment() | {
        "LAKE_URI": lake,
        f"{CATALOG}TYPE": "sql",
        f"{CATALOG}URI": postgres.url(postgres.new_database(), "postgresql+psycopg2"),
        f"{CATALOG}WAREHOUSE": f"{lake}/iceberg",
    }


def s3_and_rest(s3: S3Server) -> dict[str, str]:
    """An unused lake with its own table bucket: the warehouse decides where tables lie."""
    return s3.environment() | {
        "LAKE_URI": s3.new_lake_uri(),
        f"{CATALOG}TYPE": "rest",
        f"{CATALOG}URI": s3.rest_uri,
        f"{CATALOG}WAREHOUSE": f"s3://{new_table_bucket(s3)}",
        f"{CATALOG}CREDENTIAL": f"{s3.access_key}:{s3.secret_key}",
    }


def new_table_bucket(s3: S3Server) -> str:
    import boto3

    name = f"tables-{uuid.uuid4().hex[:12]}"
    client = boto3.client(
        "s3tables",
        endpoint_url=s3.endpoint,
        region_name=REGION,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
    )
    client.create_table_bucket(name=name)
    return name
