"""`make alerts` says what it sent, that there was nothing to tell, or that no channel is set."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from consolidated.night.alerts import __main__ as command
from resources.failures import Cause, PlatformError


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[SimpleNamespace]:
    """What the night sends; the command finds one channel, and an instance that is none."""
    messages: list[SimpleNamespace] = []
    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    monkeypatch.setattr(command, "channels_from", lambda _: ["a channel"])
    monkeypatch.setattr("consolidated.night.alerts.sending.alert", lambda *_: messages)
    monkeypatch.setattr("resources.lake.catalog.load_lake_catalog", lambda _: None)
    monkeypatch.setattr("resources.graph.checkout_instance", lambda: nullcontext(None))
    return messages


def test_what_was_sent_is_told_by_its_subject(sent: list[SimpleNamespace], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--date", "2026-11-23"]) == 0
    assert capsys.readouterr().out == "nothing new to tell of 2026-11-23\n"
    sent += [SimpleNamespace(subject="first"), SimpleNamespace(subject="second")]
    assert command.main(["--date", "2026-11-23"]) == 0
    assert capsys.readouterr().out == "first\nsecond\n"


def test_without_a_channel_nothing_is_looked_at(
    sent: list[SimpleNamespace], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent.append(SimpleNamespace(subject="first"))
    monkeypatch.setattr(command, "channels_from", lambda _: [])
    assert command.main([]) == 0
    said = "no channel is configured, nothing is sent: docs/alerts.md has the settings\n"
    assert capsys.readouterr().out == said


def test_a_message_that_did_not_go_out_is_told_and_fails(
    sent: list[SimpleNamespace], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise PlatformError(Cause.CONFIGURATION, "the webhook answers 404")

    monkeypatch.setattr("consolidated.night.alerts.sending.alert", failing)
    assert command.main(["--date", "2026-11-23"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "the webhook answers 404" in told.err


def test_a_lake_that_was_moved_is_refused_before_anything_is_sent(
    sent: list[SimpleNamespace], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sent.append(SimpleNamespace(subject="first"))
    (tmp_path / "source.json").write_text('{"source": "sandbox", "address": "file:///elsewhere", "version": 2}')
    assert command.main(["--date", "2026-11-23"]) == 2
    told = capsys.readouterr()
    assert (told.out, "was moved or copied from file:///elsewhere" in told.err) == ("", True)
