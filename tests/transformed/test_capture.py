"""A capture becomes pages, and says whether a host sent them as they are."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from transformed.probe.capture import read_capture

CARS = [{"id": number, "price": {"amount": 10 * number}} for number in range(3)]
ANSWER = {"total": 3, "data": {"cars": CARS}}
MADE = {"data": {"cars": CARS}}


@pytest.mark.parametrize(
    ("captured", "bodies", "are_answers"),
    [
        (ANSWER, [ANSWER], True),
        ([ANSWER, {"data": {"cars": []}}], [ANSWER, {"data": {"cars": []}}], True),
        (CARS, [MADE], False),
    ],
)
@pytest.mark.parametrize("name", ["capture.json", "capture.json.gz"])
def test_answers_stay_as_they_came_and_records_are_put_into_pages(
    name: str, captured: Any, bodies: list[Any], *, are_answers: bool, tmp_path: Path
) -> None:
    content = json.dumps(captured).encode()
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    found = read_capture(file, "data.cars")
    assert [json.loads(body) for body in found.bodies] == bodies
    assert found.are_answers is are_answers


def test_many_records_are_several_pages(tmp_path: Path) -> None:
    file = tmp_path / "capture.json"
    file.write_text(json.dumps([{"id": number} for number in range(1001)]))
    pages = [json.loads(body)["data"]["cars"] for body in read_capture(file, "data.cars").bodies]
    assert [len(page) for page in pages] == [500, 500, 1]
    assert [record["id"] for page in pages for record in page] == list(range(1001))


def test_a_table_is_its_rows_without_the_empty_cells(tmp_path: Path) -> None:
    file = tmp_path / "capture.csv"
    file.write_text("id,price.amount\n1,10\n2,\n")
    found = read_capture(file, "data.cars")
    assert [json.loads(body) for body in found.bodies] == [
        {"data": {"cars": [{"id": 1, "price": {"amount": 10}}, {"id": 2}]}}
    ]
    assert not found.are_answers
