"""How a command of this project ends: the frame that the `main` of each of them has.

Does not belong here: what the arguments mean, which is in `raw/wiring/arguments.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from resources.failures import PlatformError

REFUSED = 2
"""As argparse ends where an argument is wrong."""
INTERRUPTED = 130
"""As a shell has it for a program that Ctrl-C ended."""
OUTPUT_CLOSED = 141
"""As a shell has it for a program that ended because nobody reads its output any more."""

_P = ParamSpec("_P")


def command(main: Callable[_P, int]) -> Callable[_P, int]:
    """A command whose `main` returns its exit code.

    A PlatformError is printed to standard error, and the code is REFUSED. Where the reader of standard output has
    ended (`make makers | head`), the command ends without a word with OUTPUT_CLOSED; after Ctrl-C with INTERRUPTED.
    """

    @wraps(main)
    def framed(*arguments: _P.args, **options: _P.kwargs) -> int:
        try:
            code = main(*arguments, **options)
            sys.stdout.flush()  # else what is still buffered meets the closed pipe when the interpreter ends
        except PlatformError as error:
            print(error, file=sys.stderr)
            return REFUSED
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            if not _is_output_closed():
                raise  # another pipe than standard output
            return OUTPUT_CLOSED
        return code

    return framed


def _is_output_closed() -> bool:
    """Whether standard output is a pipe without a reader. What is still buffered is then let go: the interpreter would
    try to write it once more at its end, and print that it could not."""
    try:
        print(flush=True)  # writing nothing at all meets no closed pipe
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
