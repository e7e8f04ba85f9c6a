"""Law 2: with the network off, everything after raw is rebuilt from the archive, equal row for row."""

from __future__ import annotations

import shutil
import socket
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from resources.lake.lake import Lake
from tests.support.declared import assets
from tests.support.nights import assert_same_content, night_in
from tests.support.representatives import ONE

pytestmark = pytest.mark.slow

DAYS = [date(2026, 11, 2) + timedelta(days=number) for number in range(2)]


def refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("the network was used")


def test_tables_are_rebuilt_from_the_archive_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, night_in(tmp_path / "first", patch, oems=ONE) as night:
        for day in DAYS:
            assert night.run("nightly", day).success
        expected = night.content()
        # a quiet night has no listing without a row, and none that was typed again
        assert {name for name, frame in expected.items() if frame.is_empty()} <= {
            "inventory_sightings",
            "inventory_retyped",
        }
    shutil.copytree(tmp_path / "first" / "lake" / "raw", tmp_path / "rebuilt" / "lake" / "raw")
    # the stamp of a lake names its address: a copy of the archive becomes a lake of its own
    Lake((tmp_path / "rebuilt" / "lake").as_uri()).stamp("sandbox")
    after_raw = sorted(name for oem in ONE for name in assets(oem) if "/raw/" not in name)
    with night_in(tmp_path / "rebuilt", monkeypatch, oems=ONE) as rebuilt:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", refuse)
        for day in DAYS:
            assert rebuilt.run("nightly", day, after_raw).success
        assert_same_content(rebuilt.content(), expected)
