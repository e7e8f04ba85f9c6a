"""The image of `Dockerfile`, as far as it can be proved without a container engine.

The file is parsed, and its stages `packages` and `run` are built by hand: the same requirements into a fresh
environment, the same files beside it, run by an unprivileged user with nothing in the environment.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from resources.lake.lake import CHECKOUT
from tests.support.counts import IS_SOAK
from tests.support.declared import LIGHTEST
from tests.support.ecs.instances import production_environment
from tests.support.servers import REGION, PostgresServer, S3Server

NOBODY = 65534
PACKAGES = ("run", "plus")  # values of the build argument, its default first
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
BUILDERS = ("setuptools", "wheel", "pip", "ruff", "mypy", "pytest", "moto", "duckdb", "dagster-webserver")


def stages() -> dict[str, list[str]]:
    """The instructions of each stage, by its name."""
    found: dict[str, list[str]] = {}
    lines = [line for line in DOCKERFILE.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for instruction in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if match := re.fullmatch(r"FROM \S+ AS (\S+)", instruction):
            found[match[1]] = []
        elif found:
            found[list(found)[-1]].append(instruction)
    return found


def copied(stage: str) -> list[str]:
    """What a stage takes from the checkout."""
    lines = [line.split() for line in stages()[stage] if line.startswith("COPY ") and "--from=" not in line]
    sources = [source for words in lines for source in words[1:-1]]
    return [one for source in sources for one in sorted({source.replace("${PACKAGES}", name) for name in PACKAGES})]


def requirements(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (CHECKOUT / "requirements" / name).read_text(), re.MULTILINE))


def test_the_image_that_is_built_without_a_word_is_the_one_that_runs_steps() -> None:
    names = list(stages())
    assert names[-1] == "run"
    assert [line for line in stages()["run"] if line.startswith("USER")] == ["USER 1000"]
    assert [line for line in stages()["host"] if line.startswith("USER")] == ["USER 1000"]
    assert "dagster" in stages()["run"][-1]


def test_nothing_is_installed_by_the_final_stages_and_every_package_has_its_hash() -> None:
    for name, instructions in stages().items():
        installs = [line for line in instructions if " install " in line]
        if name in ("run", "host", "base"):
            assert installs == []
        for line in installs:
            assert "--require-hashes" in line
            assert "--only-binary=:all:" in line, "a compiler would be needed"
            assert "apt" not in line


def test_everything_copied_exists_and_is_let_through() -> None:
    sources = [source for stage in stages() for source in copied(stage)]
    assert sources
    let_through = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(sources) == let_through
    for source in sources:
        assert (CHECKOUT / source).exists(), source
        assert not any(fnmatch.fnmatch(source, pattern) for pattern in ("tests*", "docs*", ".*"))


def test_only_what_runs_is_installed() -> None:
    assert requirements("run.txt").isdisjoint(BUILDERS)
    assert requirements("host.txt") >= requirements("run.txt") | {"dagster-webserver"}
    assert "ARG PACKAGES=run" in stages()["packages"]
    assert requirements("plus.txt") >= requirements("run.txt") | {"dagster-cloud"}
    assert "dagster-cloud" not in requirements("run.txt"), "0.1 GB that open-source Dagster pulls for nothing"


def pins(name: str) -> dict[str, str]:
    text = (CHECKOUT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))


def test_the_image_of_dagster_plus_differs_by_its_package_alone() -> None:
    run, plus = pins("run.txt"), pins("plus.txt")
    assert {name: plus.get(name) for name in run} == run
    assert plus["dagster-cloud"] == run["dagster"], "they are released together"


@pytest.mark.slow
def test_an_image_without_dagsters_plus_package_says_which_requirements_have_it(tmp_path: Path) -> None:
    """Dagster loads the agent's instance class before any code of the project."""
    [copy] = [line for line in stages()["packages"] if line.endswith("/requirements/dagster_cloud.py")]
    shutil.copy(CHECKOUT / copy.split()[1], tmp_path / "dagster_cloud.py")
    loads = "from dagster._serdes.config_class import class_from_code_pointer as load\n"
    loads += "load('dagster_cloud.instance', 'DagsterCloudAgentInstance')"
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    loaded = subprocess.run([sys.executable, "-c", loads], env=environment, capture_output=True, text=True, check=False)
    assert loaded.returncode != 0
    assert "requirements/plus.txt" in loaded.stderr.splitlines()[-1]
    assert "--build-arg PACKAGES=plus" in loaded.stderr.splitlines()[-1]


@dataclass(frozen=True)
class Image:
    root: Path
    python: Path
    packages_mb: float
    code_mb: float

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of the container: nobody's, with the image's environment and nothing of ours."""
        is_root = os.geteuid() == 0
        home = self.root / "home"
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self.root / "app",
            env={
                "PATH": str(self.python.parent),
                "HOME": str(home),
                "DAGSTER_DISABLE_TELEMETRY": "yes",
                "LD_LIBRARY_PATH": str(self.root / "python" / "lib"),  # of a copied interpreter, see `interpreter`
                **environment,
            },
            user=NOBODY if is_root else None,
            group=NOBODY if is_root else None,
            extra_groups=[] if is_root else None,
            capture_output=True,
            text=True,
            timeout=300,
        )


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def interpreter(root: Path) -> str:
    """A Python that nobody may execute: this one, or a copy where its folder is closed to others (root's home)."""
    binary = Path(sys.executable).resolve()
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in binary.parents):
        return str(binary)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base, copy = Path(sys.base_prefix), root / "python"
    (copy / "bin").mkdir(parents=True)
    shutil.copy(binary, copy / "bin" / version)
    unused = shutil.ignore_patterns("test", "site-packages", "*.a")
    shutil.copytree(base / "lib" / version, copy / "lib" / version, ignore=unused)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, copy / "lib")
    return str(copy / "bin" / version)


def compiled_folders() -> list[tuple[list[str], str]]:
    """The options and the folder of each `compileall` of the Dockerfile."""
    lines = [line for instructions in stages().values() for line in instructions]
    found = [re.search(r"python -m compileall (.*)(/\w+)$", line) for line in lines]
    return [(one[1].split(), one[2]) for one in found if one]


def compile_as_here(image: Path, here: Path) -> None:
    """Give the modules of an image the bytecode of the same files here. `compileall`, a minute, is for `make soak`.

    Python takes a file's bytecode for outdated unless it names the file's time and size.
    """
    for compiled in here.rglob(f"*.{sys.implementation.cache_tag}.pyc"):
        target = image / compiled.relative_to(here)
        source = target.parent.parent / f"{compiled.name.partition('.')[0]}.py"
        content = compiled.read_bytes()
        _, size = struct.unpack("<II", content[8:16])
        if source.is_file() and source.stat().st_size == size:  # not another version's
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content[:8] + struct.pack("<II", int(source.stat().st_mtime), size) + content[16:])


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    uv = shutil.which("uv", path=f"{CHECKOUT / '.bootstrap/bin'}{os.pathsep}{os.environ['PATH']}")
    assert uv, "uv is not there: run `make setup`"
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "home").mkdir(mode=0o777)
        (root / "home").chmod(0o777)
        subprocess.run([uv, "venv", "--quiet", "--python", interpreter(root), str(root / "venv")], check=True)
        python = root / "venv" / "bin" / "python"
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "--python", str(python),
             "-r", str(CHECKOUT / "requirements/run.txt")],
            check=True,
        )  # fmt: skip
        [site] = (root / "venv" / "lib").glob("python*/site-packages")
        for folder in [path for path in site.rglob("tests") if path.is_dir()]:
            shutil.rmtree(folder, ignore_errors=True)
        for source in [*copied("base"), *copied("run")]:
            target = root / "app" / source
            target.parent.mkdir(parents=True, exist_ok=True)
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(CHECKOUT / source, target)
        sizes = megabytes(root / "venv"), megabytes(root / "app")
        if IS_SOAK:
            for options, place in compiled_folders():
                subprocess.run([str(python), "-m", "compileall", *options, f"{root}{place}"], check=True)
        else:
            compile_as_here(site, Path(sysconfig.get_path("purelib")))
            for package in filter(Path.is_dir, (root / "app").iterdir()):
                compile_as_here(package, CHECKOUT / package.name)
        yield Image(root, python, *sizes)


def test_packages_and_code_are_compiled_when_the_image_is_built() -> None:
    """A task has no place to keep bytecode, so each would compile every import."""
    assert [folder for _, folder in compiled_folders()] == ["/venv", "/app"]


@pytest.mark.slow
def test_the_image_holds_what_a_step_needs_and_stays_small(image: Image) -> None:
    modules = "polars, pyarrow, pyiceberg.catalog.glue, s3fs, aiohttp, msgspec, dataframely, dagster_postgres, psycopg2"
    imported = image.run("-c", f"import definitions, {modules}, resources.ecs.ecs_executor, consolidated.day.inventory")
    assert imported.returncode == 0, imported.stderr
    assert image.run("-c", "import pytest").returncode != 0
    assert image.packages_mb < 700, f"{image.packages_mb:.0f} MB of packages"
    assert image.code_mb < 5, f"{image.code_mb:.1f} MB of our own"
    print(f"unpacked: {image.packages_mb:.0f} MB of packages, {image.code_mb:.1f} MB of our own")


@pytest.mark.slow
def test_a_raw_step_runs_from_the_image_for_nobody_in_an_empty_environment(
    image: Image, s3: S3Server, postgres: PostgresServer
) -> None:
    """With the instance of production, whose folder nobody may write to."""
    oem, endpoint = LIGHTEST
    today = datetime.now(UTC).date().isoformat()
    lake = s3.new_lake_uri()
    result = image.run(
        "-m", "dagster", "asset", "materialize", "-m", "definitions",
        "--select", f"{oem.name}/raw/{endpoint.name}", "--partition", today,
        **production_environment(s3, postgres),
        DAGSTER_HOME=str(image.root / "app" / "deploy"), LAKE_URI=lake, OEM_APIS="sandbox", SANDBOX_VEHICLES="200",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    bucket, prefix = lake.removeprefix("s3://").split("/")
    client = boto3.client(
        "s3",
        endpoint_url=s3.endpoint,
        region_name=REGION,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
    )
    keys = [found["Key"] for found in client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    assert [key for key in keys if key.endswith(".parquet")], "nothing landed"
