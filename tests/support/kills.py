"""Nights that are killed and run again, on a folder with SQLite and on S3 with PostgreSQL.

`Kills` holds a lake that is put back to what it was before a step, at the same place each time, because Iceberg's
metadata holds absolute paths. The steps run in forks (`tests/support/victims.py`).
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.lakes import CATALOG, s3_and_postgres
from tests.support.played import served
from tests.support.processes import Outcome, Zygote
from tests.support.servers import PostgresServer, S3Server

DAY = date(2026, 11, 23)
VEHICLES = 80
Tier = Literal["raw", "transformed", "consolidated", "maintenance"]
TIERS: tuple[Tier, ...] = ("raw", "transformed", "consolidated", "maintenance")


class Storage(Protocol):
    """A lake that can be kept and put back. `environment` is what a step needs beside the lake's URI."""

    @property
    def uri(self) -> str: ...

    @property
    def environment(self) -> dict[str, str]: ...

    def keep(self, name: str) -> None: ...

    def put_back(self, name: str) -> None: ...


@dataclass
class Folder:
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return Lake((self.folder / "lake").as_uri()).uri

    def keep(self, name: str) -> None:
        shutil.copytree(self.folder / "lake", self.folder / name)

    def put_back(self, name: str) -> None:
        shutil.rmtree(self.folder / "lake", ignore_errors=True)
        shutil.copytree(self.folder / name, self.folder / "lake")


class S3WithPostgres:
    """Objects are told apart by their ETag, so that only what a step has changed is put back."""

    _CATALOG_TABLES = ("iceberg_tables", "iceberg_namespace_properties")

    def __init__(self, s3: S3Server, postgres: PostgresServer) -> None:
        import boto3

        self.environment = s3_and_postgres(s3, postgres)
        self.uri = self.environment["LAKE_URI"]
        self._url = self.environment[f"{CATALOG}URI"].replace("+psycopg2", "")
        self._bucket, _, self._prefix = self.uri.removeprefix("s3://").partition("/")
        self._s3: Any = boto3.client(
            "s3",
            endpoint_url=s3.endpoint,
            region_name="us-east-1",
            aws_access_key_id=s3.access_key,
            aws_secret_access_key=s3.secret_key,
        )
        self._rows: dict[str, dict[str, list[tuple[Any, ...]]]] = {}

    def keep(self, name: str) -> None:
        self._copy(self._prefix, f"{self._prefix}-{name}")
        with self._database() as cursor:
            self._rows[name] = {}
            for table in self._CATALOG_TABLES:
                cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of this class
                self._rows[name][table] = cursor.fetchall()

    def put_back(self, name: str) -> None:
        self._copy(f"{self._prefix}-{name}", self._prefix)
        with self._database() as cursor:
            for table, rows in self._rows[name].items():
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608
                for row in rows:
                    cursor.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)  # noqa: S608

    def _copy(self, source: str, target: str) -> None:
        """Make the objects below `target` those below `source`."""
        wanted, there = self._objects(source), self._objects(target)
        for key in there.keys() - wanted.keys():
            self._s3.delete_object(Bucket=self._bucket, Key=f"{target}/{key}")
        for key, tag in wanted.items():
            if there.get(key) != tag:
                origin = {"Bucket": self._bucket, "Key": f"{source}/{key}"}
                self._s3.copy_object(Bucket=self._bucket, Key=f"{target}/{key}", CopySource=origin)

    def _objects(self, prefix: str) -> dict[str, str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{prefix}/")
        return {
            item["Key"].removeprefix(f"{prefix}/"): item["ETag"] for page in pages for item in page.get("Contents", [])
        }

    @contextmanager
    def _database(self) -> Iterator[Any]:
        import psycopg2

        connection = psycopg2.connect(self._url)
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


@dataclass
class Kills:
    """`seconds` and `moments` are of each tier's undisturbed step; a moment is before or after a write or a commit."""

    storage: Storage
    zygote: Zygote
    tiers: Sequence[Tier] = TIERS
    """The tiers of the undisturbed night; `maintenance` is part of it only where it is killed."""
    sweeps: bool = True
    """Whether what is left over is swept, and every file that is left has a name."""
    origin: str = ""
    archived: dict[str, Any] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    seconds: dict[Tier, float] = field(default_factory=dict)
    moments: dict[Tier, int] = field(default_factory=dict)

    def run(self, function: str, *, day: date = DAY, kill_after_seconds: float | None = None, **how: Any) -> Outcome:
        return self.zygote.run(
            function,
            kill_after_seconds=kill_after_seconds,
            environment=self.storage.environment,
            uri=self.storage.uri,
            day=day.isoformat(),
            **how,
        )

    def step(self, tier: Tier, **how: Any) -> Outcome:
        """The steps of one tier of the night; how they are killed, if at all."""
        if tier == "raw":
            how["origin"] = self.origin
        return self.run(_STEPS[tier], **how)

    def night(self, day: date = DAY) -> Outcome:
        return self.run("night", day=day, origin=self.origin)

    def killed_and_run_again(self, tier: Tier, number: int, of: int, *, beside_a_write: bool) -> None:
        """Kill the tier's steps, at one of `of` places beside a write or at a random moment, and run the night again.

        What readers see of the archive in between is each endpoint's whole day or nothing.
        """
        self.storage.put_back(f"before_{tier}")
        if beside_a_write:
            killed = self.step(tier, die_at=(2 * number + 1) * self.moments[tier] // (2 * of)).killed
            assert killed
        else:
            moment = random.Random(number).uniform(0, self.seconds[tier])  # noqa: S311
            killed = self.step(tier, kill_after_seconds=moment).killed
        if tier == "raw":
            shown = self.run("archived").result
            for endpoint, markets in shown.items():
                assert markets is None or markets == self.archived[endpoint]
            assert killed or None not in shown.values()
        self.run_again(tier)

    def failure_on_a_full_disk(self, tier: Tier, free_bytes: int) -> tuple[str, str] | None:
        """Cause and message of a tier's failure where no file can grow past `free_bytes`; None where it fits.

        Run again with room, it is the undisturbed night.
        """
        self.storage.put_back(f"before_{tier}")
        failure = self.run("fail_on_a_full_disk", step=_STEPS[tier], origin=self.origin, free_bytes=free_bytes).result
        self.run_again(tier)
        return None if failure is None else (failure[0], failure[1])

    def run_again(self, tier: Tier = "raw") -> None:
        """Run the night from a tier on, and hold what it leaves against the undisturbed night."""
        for following in TIERS[TIERS.index(tier) :]:
            if following != "maintenance" or tier == "maintenance":
                self.step(following)
        left = self.run("left_by", is_swept=self.sweeps).result
        assert left["archived"] == self.archived
        assert left["content"] == self.content
        assert left["strays"] == []


_STEPS: dict[Tier, str] = {
    "raw": "fetch",
    "transformed": "transform",
    "consolidated": "consolidate",
    "maintenance": "maintain",
}


def undisturbed(kills: Kills, nights_before: int) -> Iterator[Kills]:
    """Some nights, and the undisturbed one after them, which is kept before each of its tiers."""
    for days_before in range(nights_before, 0, -1):
        day = DAY - timedelta(days=days_before)
        with sandbox_of(day) as kills.origin:
            kills.night(day)
    with sandbox_of(DAY) as kills.origin:
        for tier in kills.tiers:
            kills.storage.keep(f"before_{tier}")
            outcome = kills.step(tier)
            kills.seconds[tier], kills.moments[tier] = outcome.seconds, cast("int", outcome.result)
        kills.archived |= kills.run("archived").result
        kills.content |= kills.run("content").result
        empty = {name for name, (rows, _) in kills.content.items() if not rows}
        # nothing is quarantined on these days, and nothing was typed again
        assert empty <= {"inventory_sightings", "inventory_retyped"}, empty
        assert all(kills.moments.values())
        yield kills


@contextmanager
def sandbox_of(day: date) -> Iterator[str]:
    with served(Sandbox(World(day, VEHICLES), None, "").handler()) as port:
        yield f"http://127.0.0.1:{port}"
