"""How responses are written as they come: when rows go out, what a part holds, and what a refused write is told as."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pyarrow.parquet as pq
import pytest

from raw.archive import writer
from raw.archive.responses import ArchivedResponse
from raw.archive.writer import ArchiveWriter, new_attempt
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.hand_sealed import AT, DAY

FOLDER = f"raw/oem/search/{DAY}/attempt"


def response(market: str = "es", body: bytes = b"{}", **words: Any) -> ArchivedResponse:
    usual: dict[str, Any] = {
        "market": market,
        "slice": "class=E",
        "page": 3,
        "kind": "page",
        "cause": None,
        "attempt_number": 2,
        "method": "GET",
        "url": "https://oem.example/",
        "request_headers": "{}",
        "request_body": None,
        "status": 200,
        "headers": "{}",
        "fetched_at": AT,
        "body": body,
    }
    return ArchivedResponse(**{**usual, **words})


class Disk:
    """A lake in a folder, whose writes fail as a test says."""

    def __init__(self, folder: Path, opening: Exception | None = None, closing: Exception | None = None) -> None:
        self._lake = Lake(folder.as_uri())
        self.uri, self.opening, self.closing = self._lake.uri, opening, closing
        self.opened: list[IO[bytes]] = []

    def open_write(self, path: str) -> Any:
        if self.opening:
            raise self.opening
        file = self._lake.open_write(path)
        self.opened.append(file)
        if not self.closing:
            return file
        return SimpleNamespace(
            write=file.write, flush=file.flush, tell=file.tell, closed=False, close=self._fail, writable=lambda: True
        )

    def _fail(self) -> None:
        assert self.closing is not None
        raise self.closing

    def rows(self, part: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self._lake.url(part)).to_pylist()
        return rows


def writing(lake: Any) -> ArchiveWriter:
    return ArchiveWriter(lake, "oem", "search", DAY, "attempt")


def test_a_response_is_written_as_it_came_with_the_hash_of_its_body(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    one, other = response("es", b"one"), response("gb", b"", kind="refused", cause="blocked", status=None, page=0)
    with writing(disk) as archive:
        assert archive.folder == FOLDER
        archive.write(one)
        archive.write(other)
        assert archive.parts_of("es") == archive.parts_of("gb") == [f"{FOLDER}/part-00000.parquet"]
        assert archive.parts_of("kr") == []
    rows = disk.rows(f"{FOLDER}/part-00000.parquet")
    for row, said in zip(rows, (one, other), strict=True):
        assert row.pop("sha256") == hashlib.sha256(said.body).hexdigest()
        assert row == {name: getattr(said, name) for name in row}
    assert {"slice", "page", "attempt_number", "fetched_at", "request_body"} <= rows[0].keys()


def test_a_row_group_holds_one_market(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with writing(disk) as archive:
        for market in ("es", "gb", "es"):
            archive.write(response(market))
    file = pq.ParquetFile(Lake(tmp_path.as_uri()).url(f"{FOLDER}/part-00000.parquet"))
    groups = [file.read_row_group(number, ["market"]).to_pydict()["market"] for number in range(file.num_row_groups)]
    assert groups == [["es", "es"], ["gb"]]
    statistics = file.metadata.row_group(0).column(0).statistics
    assert (statistics.min, statistics.max) == ("es", "es"), "a market's reader skips the others by it"


def test_nothing_written_is_no_part(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with writing(disk) as archive:
        assert archive.parts_of("es") == []
    assert disk.opened == []


def test_bodies_go_out_once_they_and_their_rows_are_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_ROW_BYTES", 10)
    monkeypatch.setattr(writer, "_FLUSH_BYTES", 30)
    disk = Disk(tmp_path)
    with writing(disk) as archive:
        for body, parts in (
            (b"12345", 0),
            (b"1234", 0),
            (b"", 1),
            (b"x" * 17, 1),
            (b"12", 1),
            (b"x" * 9, 1),
            (b"", 1),
            (b"", 1),
            (b"x" * 10, 1),
            (b"", 1),
        ):
            archive.write(response(body=body))
            assert len(disk.opened) == parts
    groups = pq.ParquetFile(Lake(tmp_path.as_uri()).url(f"{FOLDER}/part-00000.parquet"))
    assert [groups.metadata.row_group(one).num_rows for one in range(groups.num_row_groups)] == [3, 2, 3, 2]


def test_a_part_is_closed_once_it_is_full_and_the_next_one_begins_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_ROW_BYTES", 10)
    monkeypatch.setattr(writer, "_FLUSH_BYTES", 1)
    monkeypatch.setattr(writer, "_PART_BYTES", 20)
    disk = Disk(tmp_path)
    with writing(disk) as archive:
        closed = []
        for market in ("es", "es", "gb", "es", "gb"):
            archive.write(response(market, b""))
            closed.append([file.closed for file in disk.opened])
        assert closed == [[False], [True], [True, False], [True, True], [True, True, False]]
        assert archive.parts_of("es") == [f"{FOLDER}/part-0000{number}.parquet" for number in (0, 1)]
        assert archive.parts_of("gb") == [f"{FOLDER}/part-0000{number}.parquet" for number in (1, 2)]
    assert [len(disk.rows(f"{FOLDER}/part-0000{number}.parquet")) for number in range(3)] == [2, 2, 1]


@pytest.mark.parametrize(("part_bytes", "rows"), [(20, 2), (21, 3)])
def test_the_first_part_holds_as_much_as_the_others(
    part_bytes: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_ROW_BYTES", 10)
    monkeypatch.setattr(writer, "_FLUSH_BYTES", 1)
    monkeypatch.setattr(writer, "_PART_BYTES", part_bytes)
    disk = Disk(tmp_path)
    with writing(disk) as archive:
        for _ in range(2 * rows):
            archive.write(response(body=b""))
    assert [len(disk.rows(f"{FOLDER}/part-0000{number}.parquet")) for number in range(2)] == [rows, rows]


def test_a_megabyte_is_one_part_however_often_it_goes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_FLUSH_BYTES", 200_000)
    disk = Disk(tmp_path)
    with writing(disk) as archive:
        for _ in range(10):
            archive.write(response(body=b"x" * 100_000))
    assert len(disk.opened) == 1


def _fail_while_writing(disk: Disk) -> None:
    def fail() -> None:
        with writing(disk) as archive:
            archive.write(response())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_the_open_part_is_readable_after_a_fetch_that_failed(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    _fail_while_writing(disk)
    assert len(disk.rows(f"{FOLDER}/part-00000.parquet")) == 1


@pytest.mark.parametrize("when", ["opening", "closing"])
def test_a_write_that_the_storage_refuses_is_told_with_the_endpoint(tmp_path: Path, when: str) -> None:
    disk = Disk(tmp_path, **{when: OSError("no space")})
    with pytest.raises(PlatformError) as refused, writing(disk) as archive:
        archive.write(response())
    failure = refused.value
    assert (failure.cause, failure.detail) == (
        Cause.LAKE_UNWRITABLE,
        f"cannot write to the lake at {disk.uri}: no space",
    )
    assert (failure.oem, failure.endpoint, failure.market) == ("oem", "search", None)


def test_a_failure_that_the_lake_names_itself_keeps_its_cause(tmp_path: Path) -> None:
    disk = Disk(tmp_path, opening=PlatformError(Cause.CREDENTIAL_REJECTED, "no"))
    with pytest.raises(PlatformError) as refused, writing(disk) as archive:
        archive.write(response())
    failure = refused.value
    assert (failure.cause, failure.oem, failure.endpoint) == (Cause.CREDENTIAL_REJECTED, "oem", "search")


def test_the_failure_under_way_says_more_than_the_close_after_it(tmp_path: Path) -> None:
    _fail_while_writing(Disk(tmp_path, closing=OSError("no space")))


def test_a_part_that_did_not_close_is_not_closed_again(tmp_path: Path) -> None:
    disk = Disk(tmp_path, closing=OSError("no space"))
    archive = writing(disk)
    archive.write(response())
    with pytest.raises(PlatformError):
        archive.close()
    archive.close()


def test_an_attempt_is_named_so_that_it_sorts_by_its_start() -> None:
    assert new_attempt(datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)) == "20261123T060000.123456Z"
    before = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    assert before <= new_attempt() <= datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
