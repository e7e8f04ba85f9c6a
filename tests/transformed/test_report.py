"""What is read is what was written: damaged and newer files are named, with the way out, and so is a full disk."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.transformed_support import DAY, car, landed, rows_of, run
from transformed.day.output import StoredOutput, read_rows, read_sightings
from transformed.day.report import FORMAT_VERSION, Report, read_report, report_folder, typed_days

pytestmark = pytest.mark.slow

PATH = f"{report_folder('audi', 'scs_inventory', DAY)}/report.json"


@pytest.fixture
def typed(tmp_path: Path) -> tuple[Lake, Report]:
    lake = landed(tmp_path, {"es": [[car(number) for number in range(20)]]})
    return lake, run(lake)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 2}', b'{"version": 2, "markets": {"es": 5}}']
)
def test_a_report_that_cannot_be_read_is_named_and_the_next_run_heals_it(
    typed: tuple[Lake, Report], content: bytes
) -> None:
    lake, before = typed
    lake.write_atomic(PATH, content)
    with pytest.raises(PlatformError, match=r"report\.json is no report.*Run the transformed step") as raised:
        read_report(lake, "audi", "scs_inventory", DAY)
    assert raised.value.cause is Cause.TRANSFORMED_DAMAGED
    again = run(lake)
    assert read_report(lake, "audi", "scs_inventory", DAY) == again
    assert again.markets == before.markets


def test_the_days_of_a_table_are_those_that_have_a_report(typed: tuple[Lake, Report]) -> None:
    """Maintenance leaves the folder of a day that it took away, a killed step one without a report; either ended
    `make retype` and `make rebuild` for good."""
    lake, _ = typed
    table = Path(lake.storage_path("transformed/audi/scs_inventory"))
    for name in ("2026-06-01", "2026-06-02/20260602T060000.000000Z", f"{DAY}-copy", "20260603", "2026-W01-1"):
        (table / name).mkdir(parents=True)
    (table / "2026-06-02/20260602T060000.000000Z/part-00000.parquet").write_bytes(b"PAR1")
    assert typed_days(lake, "audi", "scs_inventory") == [DAY]
    lake.write_atomic("transformed/audi/scs_inventory/2026-06-04/report.json", b"{")
    assert typed_days(lake, "audi", "scs_inventory") == [date(2026, 6, 4), DAY], "damage is told when its turn comes"


def test_a_run_that_another_one_removes_at_the_same_moment_is_removed(typed: tuple[Lake, Report]) -> None:
    lake, before = typed
    output = StoredOutput(lake, report_folder("audi", "scs_inventory", DAY))
    remove, removed = lake.filesystem.rm, []

    def removed_by_both(path: str, recursive: bool) -> None:
        removed.append(path)
        for _ in range(2):
            remove(path, recursive=recursive)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake.filesystem, "rm", removed_by_both)
        output.remove_superseded(before)
    assert len(removed) == 1


def test_a_cut_report_is_named(typed: tuple[Lake, Report]) -> None:
    lake, _ = typed
    lake.write_atomic(PATH, lake.read_bytes(PATH)[:-200])
    with pytest.raises(PlatformError) as raised:
        read_report(lake, "audi", "scs_inventory", DAY)
    assert raised.value.cause is Cause.TRANSFORMED_DAMAGED


def test_a_report_of_a_newer_platform_is_named(typed: tuple[Lake, Report]) -> None:
    lake, report = typed
    lake.write_json(PATH, report.to_json() | {"version": FORMAT_VERSION + 1, "another": "shape", "markets": []})
    with pytest.raises(PlatformError, match=r"version 3, and this platform knows versions up to 2.*Upgrade") as raised:
        read_report(lake, "audi", "scs_inventory", DAY)
    assert raised.value.cause is Cause.FORMAT_UNKNOWN


@pytest.mark.parametrize("damage", ["a bit", "the end", "everything", "gone"])
def test_damage_in_a_file_is_named_with_the_file(typed: tuple[Lake, Report], damage: str) -> None:
    lake, report = typed
    for path in (report.files[0], report.sightings_file or ""):
        stored = Path(lake.storage_path(path))
        good = stored.read_bytes()
        middle = len(good) // 3
        stored.write_bytes(
            {
                "a bit": good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :],
                "the end": good[:-20],
                "everything": b"",
                "gone": b"",
            }[damage]
        )
        if damage == "gone":
            stored.unlink()
        with pytest.raises(PlatformError) as raised:
            read_rows(lake, report) if path in report.files else read_sightings(lake, report)
        assert raised.value.cause is Cause.TRANSFORMED_DAMAGED
        assert path in str(raised.value)


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """A disk that has no room for more than so many bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("room", [0, 2_000])
def test_a_full_disk_is_named_with_the_place_and_leaves_the_day_as_it_was(
    typed: tuple[Lake, Report], room: int
) -> None:
    lake, report = typed
    rows = rows_of(lake, report)
    with files_of_at_most(room), pytest.raises(PlatformError) as raised:
        run(lake)
    assert raised.value.cause is Cause.LAKE_UNWRITABLE
    assert "part-00000.parquet" in str(raised.value)
    assert lake.uri in str(raised.value)
    assert rows_of(lake, read_report(lake, "audi", "scs_inventory", DAY)) == rows
