"""`make diff` ends with 1 where a day differs and 0 where it does not, and prints how it is published."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from consolidated.change.__main__ import main

DIFFERS, SAME = SimpleNamespace(text="es: 3 rows differ", differs=True), SimpleNamespace(text="gb: same", differs=False)


@pytest.mark.parametrize(("lines", "code"), [([SAME], 0), ([], 0), ([DIFFERS], 1), ([DIFFERS, SAME], 1)])
def test_the_exit_code_says_whether_a_day_differs(
    lines: list[SimpleNamespace],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    monkeypatch.setattr("consolidated.change.reading.differences", lambda *_: lines)
    assert main(["diff", "--oem", "bmw", "--date", "2026-11-25"]) == code
    told = capsys.readouterr().out.splitlines()
    published = ["", "to publish it: make publish OEM=bmw DATE=2026-11-25"] if code else []
    assert told == [*(line.text for line in lines), *published]
