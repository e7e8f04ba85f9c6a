"""How a command ends: refused, interrupted, or with nobody to read what it prints."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from resources.commands.frame import INTERRUPTED, OUTPUT_CLOSED, REFUSED, command
from resources.failures import Cause, PlatformError
from tests.support.source import CHECKOUT, TIERS

WITHOUT_A_FRAME = {"resources/sandbox/__main__.py"}  # a server


def test_every_command_has_the_frame() -> None:
    lacking = set()
    for tier in TIERS:
        for path in (CHECKOUT / tier).rglob("*.py"):
            if '\nif __name__ == "__main__":' not in path.read_text():
                continue
            mains = [one for one in ast.parse(path.read_text()).body if isinstance(one, ast.FunctionDef)]
            framed = [
                one.name
                for one in mains
                if any(isinstance(name, ast.Name) and name.id == "command" for name in one.decorator_list)
            ]
            if framed != ["main"]:
                lacking.add(str(path.relative_to(CHECKOUT)))
    assert lacking == WITHOUT_A_FRAME


def test_a_refusal_is_one_sentence_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def refuses() -> int:
        raise PlatformError(Cause.CONFIGURATION, "the setting is wrong", advice="Mend it.")

    assert refuses() == REFUSED
    shown = capsys.readouterr()
    assert "the setting is wrong" in shown.err
    assert shown.out == ""


def test_an_interrupted_command_ends_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    @command
    def is_interrupted() -> int:
        raise KeyboardInterrupt

    assert is_interrupted() == INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err


def test_another_closed_pipe_than_the_output_is_an_error() -> None:
    @command
    def writes_to_a_socket() -> int:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        writes_to_a_socket()


def test_the_code_of_a_command_is_its_own() -> None:
    @command
    def differs(code: int) -> int:
        return code

    assert [differs(code) for code in (0, 1)] == [0, 1]


PRINTS_A_LINE = "import sys; from resources.commands.frame import command; sys.exit(command(lambda: print(1) or 0)())"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("program", [["-m", "raw.wiring.makers"], ["-c", PRINTS_A_LINE]], ids=["long", "short"])
def test_a_reader_that_ends_early_ends_the_command_without_a_word(program: list[str], unbuffered: str) -> None:
    """`make makers | head`; a short output is still buffered when the command ends."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, *program],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (OUTPUT_CLOSED, "")
