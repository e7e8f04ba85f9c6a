"""What a person sees of a night while it runs: bars on a terminal, each line in a pipe."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console
from rich.table import Table

from consolidated.night.display import Display, console, picture
from consolidated.night.events import Line, MakerProgress

UP_AND_ERASED, CURSOR_IS_BACK = "\x1b[1A\x1b[2K", "\x1b[?25h"
NEWS = Line("  [blue]news[/blue] of 7 cars", is_news=True)
LINE = Line("    [blue]one[/blue] of many")


def maker(name: str, tier: str, *, at: float = 1.0, **records: tuple[int, int | None]) -> MakerProgress:
    return MakerProgress(name, 4, started_at=at, running={f"{name}/{tier}/x"}, records=records)


def by_name(*makers: MakerProgress) -> dict[str, MakerProgress]:
    return {one.name: one for one in makers}


MAKERS = by_name(
    maker("a_maker_of_a_rather_long_name", "raw", es=(1_234_567, 12_345_678)),
    maker("bmw", "transformed", at=59.6),
    maker("ford", "consolidated", es=(0, 0), de=(50, None)),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, kind: str = "xterm-256color") -> Terminal:
    """What this process writes to from now on: a terminal. (pytest sets its own after the fixtures.)"""
    for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", kind)
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    return shown


def lines_of(makers: dict[str, MakerProgress], width: int, rows: int = 9) -> list[str]:
    where = Console(width=width, record=True, force_terminal=True, file=io.StringIO())
    where.print(picture(makers, 12.4, now=61.0, rows=rows))
    return where.export_text().splitlines()


def test_the_makers_at_work_stand_in_columns_that_a_terminal_of_any_width_holds() -> None:
    last = "0 of 3 makers done, 12 s; Ctrl-C ends it"
    assert lines_of(MAKERS, 80) == [
        "a_maker_of_a_ra… fetching ━━╺━━━━━━━━━━━━━━━━━━━━━ 1,234,567 of 12,345,678  60 s",
        "bmw              typing   ━━━━━━━━━━━━━━━━━━━━━━━━                           1 s",
        "ford             merging  ━━━━━━━━━━━━━━━━━━━━━━━━                50 of 50  60 s",
        last,
    ]
    assert lines_of(MAKERS, 40) == [
        "a_mak… fetching ╸━━━━━━━━ 1,234,5…  60 s",
        "bmw    typing   ━━━━━━━━━            1 s",
        "ford   merging  ━━━━━━━━━ 50 of 50  60 s",
        last,
    ]
    assert lines_of(MAKERS, 30)[-1] == "0 of 3 makers done, 12 s; Ctr…"


def test_the_last_row_says_how_many_are_done_and_how_many_have_no_row() -> None:
    waiting, done = MakerProgress("kia", 2), MakerProgress("audi", 2, started_at=1.0, ended_at=5.0)
    assert lines_of(by_name(waiting), 80) == ["starting Dagster, some seconds, 12 s; Ctrl-C ends it"]
    assert lines_of(by_name(done, waiting), 80) == ["1 of 2 makers done, 12 s; Ctrl-C ends it"]
    (*rows, last) = lines_of({**MAKERS, **by_name(done, waiting)}, 80, rows=3)
    assert [row.split()[0] for row in rows] == ["a_maker_of_a_ra…", "bmw"]
    assert last == "1 of 5 makers done, 1 more at work, 12 s; Ctrl-C ends it"


@pytest.mark.parametrize(("height", "rows"), [(10, 7), (4, 1), (1, 1)])
def test_the_bars_leave_two_rows_of_the_terminal_and_one_maker_always_has_its_own(height: int, rows: int) -> None:
    many = by_name(*(maker(f"maker_{number:02}", "raw") for number in range(20)))
    where = Console(width=80, height=height, record=True, force_terminal=True, file=io.StringIO())
    where.print(Display(where, many)._picture())
    (*bars, last) = where.export_text().splitlines()
    assert (len(bars), last) == (rows, f"0 of 20 makers done, {20 - rows} more at work, 0 s; Ctrl-C ends it")


def test_a_pipe_gets_each_line_at_once_and_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown))
    with Display(Console(file=io.StringIO()), MAKERS) as display:
        display.show(LINE)
        assert shown.getvalue().decode() == f"{LINE.text}\n"
        display.show(NEWS)
    assert shown.getvalue().decode() == f"{LINE.text}\n{NEWS.text}\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_the_lines_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch, "dumb")
    with Display(Console(), MAKERS) as display:
        display.show(LINE)
    assert terminal.getvalue() == f"{LINE.text}\n"


def test_on_a_terminal_news_stand_above_the_bars_which_end_with_the_night(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    with Display(console(), MAKERS) as display:
        display.show(LINE)
        display.show(NEWS)
    shown, erased = terminal.getvalue().split(CURSOR_IS_BACK)
    news, bars = shown.split("[blue]news[/blue] of 7 cars\n")
    assert "0 of 3 makers done, 0 s; Ctrl-C ends it" in bars
    assert LINE.text.strip() not in shown
    assert not news.endswith(" ")
    assert erased == f"\r{UP_AND_ERASED * (len(MAKERS) + 1)}"


def test_a_terminal_shows_text_without_colours_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    console().print("7 cars of 'audi'")
    assert terminal.getvalue() == "7 cars of 'audi'\n"


def test_in_a_pipe_a_line_stays_a_line_and_a_table_has_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    table = Table.grid(expand=True)
    table.add_row("a cell")
    where = console()
    where.print("word " * 100)
    where.print(table)
    assert shown.getvalue().splitlines() == ["word " * 100, "a cell".ljust(80)]
