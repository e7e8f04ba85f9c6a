"""What a night shows while it runs: a bar a maker on a terminal, plain lines where there is none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from consolidated.night.events import Line, MakerProgress

_PIPE_COLUMNS = 80


def console() -> Console:
    """The console of this process: its terminal's width, or 80 columns for tables where there is no terminal.

    Without a terminal a line of text stays a line, however long, so that it can be searched.
    """
    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(soft_wrap=True, width=_PIPE_COLUMNS)


class Display:
    """Shows a night's lines, and on a terminal the makers at work below them. A context: the bars end with it."""

    def __init__(self, where: Console, makers: Mapping[str, MakerProgress]) -> None:
        self._console = where
        self._makers = makers
        self._started = time.monotonic()
        is_live = where.is_terminal and not where.is_dumb_terminal
        self._live = Live(console=where, get_renderable=self._picture, transient=True) if is_live else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, line: Line) -> None:
        if self._live is None:
            print(line.text, flush=True)
        elif line.is_news:
            self._console.print(line.text.strip(), markup=False)

    def _picture(self) -> RenderableType:
        return picture(
            self._makers,
            time.monotonic() - self._started,
            now=time.time(),
            rows=max(self._console.size.height - 2, 2),
        )


def picture(makers: Mapping[str, MakerProgress], seconds: float, *, now: float, rows: int) -> RenderableType:
    """The makers at work, a row each, and a last row of how many are done. rows: at most so many."""
    at_work = [maker for maker in makers.values() if maker.is_at_work]
    done = sum(maker.ended_at is not None for maker in makers.values())
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=2)
    table.add_column(width=8)
    table.add_column(ratio=3)
    table.add_column(no_wrap=True, justify="right", ratio=3, overflow="ellipsis")
    table.add_column(no_wrap=True, justify="right", width=5)
    shown = at_work[: rows - 1]
    for maker in shown:
        came, of = maker.fetched
        bar = ProgressBar(total=of or None, completed=came, animation_time=now)
        records = f"{came:,} of {of:,}" if of else ""
        table.add_row(maker.name, maker.stage, bar, records, f"{now - (maker.started_at or now):.0f} s")
    more = f", {len(at_work) - len(shown)} more at work" if len(at_work) > len(shown) else ""
    starting = "starting Dagster, some seconds" if not at_work and not done else f"{done} of {len(makers)} makers done"
    # not padded to the right: the ^C that a terminal echoes would begin a line that nobody clears
    last = Text(f"{starting}{more}, {seconds:.0f} s; Ctrl-C ends it", no_wrap=True, overflow="ellipsis")
    return Group(table, last) if shown else last
