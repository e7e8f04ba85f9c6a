"""A file that others may be replacing too: what a swap writes on S3, when it looks again, and when it gives up."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from raw.archive.swap import swap
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from resources.lake.storage_failures import Place

PLACE = Place("the lake at s3://bucket/lake", "LAKE_URI", "AWS_ACCESS_KEY_ID")


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def refusal(status: object) -> OSError:
    """An error of s3fs: one of its own, behind which botocore's answer stands."""
    answered = Exception("the answer")
    answered.response = {"ResponseMetadata": {"HTTPStatusCode": status}}  # type: ignore[attr-defined]
    error = OSError("S3 refuses")
    error.__cause__ = answered
    return error


class Bucket:
    """A lake on S3 that holds one file. answers: an error, or nothing, to each write, the last one again and again."""

    def __init__(self, content: bytes | None = None, answers: tuple[OSError | None, ...] = (None,)) -> None:
        self.uri, self.is_local, self.place, self.filesystem = "s3://bucket/lake", False, PLACE, self
        self.content, self.answers = content, list(answers)
        self.written: list[dict[str, Any]] = []
        self.plainly: list[tuple[str, bytes]] = []

    def storage_path(self, path: str) -> str:
        return f"bucket/lake/{path}"

    def info(self, path: str, refresh: bool) -> dict[str, str]:
        assert (path, refresh) == ("bucket/lake/day/seal.json", True), "a listing that was kept knows no other writer"
        if self.content is None:
            raise FileNotFoundError(path)
        return {"ETag": f"tag of {self.content.decode()}"}

    def read_bytes(self, path: str) -> bytes:
        if self.content is None:
            raise FileNotFoundError(path)
        return self.content

    def call_s3(self, method: str, **words: Any) -> None:
        assert method == "put_object"
        self.written.append(words)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    def write_atomic(self, path: str, content: bytes) -> None:
        self.plainly.append((path, content))

    def swap(self) -> None:
        lake: Any = self
        swap(lake, "day/seal.json", lambda before: b"after " + (before or b"nothing"))


@pytest.mark.parametrize(("content", "condition"), [(b"one", {"IfMatch": "tag of one"}), (None, {"IfNoneMatch": "*"})])
def test_a_file_on_s3_is_replaced_while_it_is_what_was_read(content: bytes | None, condition: dict[str, str]) -> None:
    bucket = Bucket(content)
    bucket.swap()
    body = b"after " + (content or b"nothing")
    assert bucket.written == [{"Bucket": "bucket", "Key": "lake/day/seal.json", "Body": body, **condition}]
    assert bucket.plainly == []


@pytest.mark.parametrize("status", [409, 412])
def test_a_write_that_another_writer_came_before_is_made_again(status: int) -> None:
    bucket = Bucket(b"one", (refusal(status), refusal(status), None))
    bucket.swap()
    assert len(bucket.written) == 3


def test_writers_that_keep_coming_in_between_are_told() -> None:
    bucket = Bucket(b"one", (refusal(412),))
    with pytest.raises(PlatformError, match=r"other writers keep replacing day/seal\.json") as failure:
        bucket.swap()
    assert failure.value.cause is Cause.COMMIT_CONFLICT
    assert len(bucket.written) > 5, "one who lost a few times may well win the next time"


@pytest.mark.parametrize("error", [refusal(500), refusal(None), OSError("no answer")])
def test_a_storage_that_refuses_for_another_reason_is_asked_once(error: OSError) -> None:
    bucket = Bucket(b"one", (error,))
    with pytest.raises(PlatformError, match="cannot write to the lake at s3://bucket/lake: ") as failure:
        bucket.swap()
    assert (failure.value.cause, len(bucket.written)) == (Cause.LAKE_UNWRITABLE, 1)


def test_an_answer_without_a_status_is_no_other_writer() -> None:
    error = refusal(412)
    error.response = {}  # type: ignore[attr-defined]
    bucket = Bucket(b"one", (error,))
    with pytest.raises(PlatformError, match="cannot write to the lake"):
        bucket.swap()


@pytest.mark.parametrize("when", ["info", "call_s3"])
def test_a_rejected_credential_is_told_as_that(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(b"one")

    def refused(*_: Any, **__: Any) -> None:
        raise OSError("InvalidAccessKeyId")

    monkeypatch.setattr(bucket, when, refused)
    with pytest.raises(PlatformError) as failure:
        bucket.swap()
    assert failure.value.cause is Cause.CREDENTIAL_REJECTED


@pytest.mark.parametrize(
    ("uri", "is_conditional"), [("s3a://bucket/lake", True), ("gs://bucket/lake", False), ("memory://lake", False)]
)
def test_a_store_without_conditional_writes_takes_the_last_writer(uri: str, is_conditional: bool) -> None:
    for content in (b"one", None):
        bucket = Bucket(content)
        bucket.uri = uri
        bucket.swap()
        assert len(bucket.written) == is_conditional
        written = ("day/seal.json", b"after " + (content or b"nothing"))
        assert bucket.plainly == ([] if is_conditional else [written])


def test_a_swap_in_a_folder_holds_its_lock_and_gives_it_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path.as_uri())
    seen: list[bytes | None] = []

    def is_free() -> bool:
        descriptor = os.open(tmp_path / "day" / "of", os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def renewed(before: bytes | None) -> bytes:
        assert not is_free()
        seen.append(before)
        return b"%d" % len(seen)

    for _ in range(2):
        swap(lake, "day/of/seal.json", renewed)
        assert is_free()
    assert (seen, lake.read_bytes("day/of/seal.json")) == ([None, b"1"], b"2")
    with pytest.raises(ZeroDivisionError):
        swap(lake, "day/of/seal.json", lambda _: b"%d" % (1 // 0))
    assert is_free()


def test_a_folder_that_cannot_be_made_is_told_as_the_lakes(tmp_path: Path) -> None:
    (tmp_path / "day").write_text("a file where a folder has to be")
    with pytest.raises(PlatformError, match=f"cannot write to the lake at {tmp_path.as_uri()}: ") as failure:
        swap(Lake(tmp_path.as_uri()), "day/seal.json", lambda _: b"")
    assert failure.value.cause is Cause.LAKE_UNWRITABLE
