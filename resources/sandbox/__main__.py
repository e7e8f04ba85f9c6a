"""`python -m resources.sandbox`: play the OEMs' APIs on a port of loopback until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import threading
from datetime import UTC, date, datetime
from pathlib import Path

from resources.failures import PlatformError
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox, start

_SIZES = (200, 1_000_000)


def _vehicles(text: str) -> int:
    if not text.isdecimal() or not _SIZES[0] <= int(text) <= _SIZES[1]:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of vehicles from {_SIZES[0]} to {_SIZES[1]:_}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or int(text) > 60_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds up to 60000")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0: a free one)")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-01-31") from error


def _folder(text: str) -> Path:
    folder = Path(text).expanduser().resolve()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {folder}")
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resources.sandbox", description=__doc__.splitlines()[0])
    # argparse converts a default that is text, so a bad environment variable gives the same clean error
    environ = os.environ
    parser.add_argument(
        "--date", type=_day, default=datetime.now(UTC).date(), help="the day to play (default: today, UTC)"
    )
    parser.add_argument("--port", type=_port, default=0, help="default: a free one")
    parser.add_argument(
        "--vehicles", type=_vehicles, default=environ.get("SANDBOX_VEHICLES") or "2000",
        help="on sale at each OEM (default: $SANDBOX_VEHICLES or 2000)",
    )  # fmt: skip
    parser.add_argument(
        "--seed",
        type=_seed,
        default=environ.get("SANDBOX_SEED") or "1",
        help="of the world (default: $SANDBOX_SEED or 1)",
    )
    parser.add_argument("--replay", type=_folder, metavar="FOLDER", help="serve the captures in FOLDER instead")
    parser.add_argument(
        "--faults", default=environ.get("SANDBOX_FAULTS", ""), metavar="SPEC",
        help="<oem>/<endpoint>[/<market>]:<fault>[@<page>][*<times>];... or storm:<percent>[@<seed>] "
        "(default: $SANDBOX_FAULTS); GET / lists them",
    )  # fmt: skip
    parser.add_argument(
        "--latency-ms", type=_milliseconds, default=environ.get("SANDBOX_LATENCY_MS") or "0", metavar="MS",
        help="that each answer takes (default: $SANDBOX_LATENCY_MS or 0)",
    )  # fmt: skip
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="end when standard input does, as with its parent"
    )
    return parser


async def _run(sandbox: Sandbox, port: int, *, exit_with_stdin: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    runner, bound = await start(sandbox, port)
    if exit_with_stdin:
        threading.Thread(target=_wait_for_stdin, args=(loop, stopped), daemon=True).start()
    print(f"listening on http://127.0.0.1:{bound}", flush=True)
    await stopped.wait()
    await runner.cleanup()


def _wait_for_stdin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    # os.read, not sys.stdin: its lock must not be held by a thread that the interpreter's end leaves behind
    while os.read(0, 65_536):
        pass
    loop.call_soon_threadsafe(stopped.set)


def main(arguments: list[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        world = World(options.date, options.vehicles, options.seed)
        sandbox = Sandbox(world, options.replay, options.faults, options.latency_ms / 1000)
        asyncio.run(_run(sandbox, options.port, exit_with_stdin=options.exit_with_stdin))
    except PlatformError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"cannot listen on 127.0.0.1:{options.port}: {error.strerror}")


if __name__ == "__main__":
    main()
