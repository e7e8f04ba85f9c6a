"""Lines of drift: bounded in length and in number, the same observation once, unknown fields last."""

from __future__ import annotations

import polars as pl

from transformed.contract.drift import Drift, cut, quoted


def test_the_same_observation_is_one_line_with_its_records_and_its_first_address() -> None:
    drift = Drift()
    drift.note("unknown field `b`", "es/1")
    drift.note("colour: unknown `red`", "es/3", 2)
    drift.note("colour: unknown `red`", "es/2", 3)
    drift.note("no address", "")
    assert drift.lines() == [
        "colour: unknown `red` (5 records, first es/3)",
        "no address (1 record)",
        "unknown field `b` (1 record, first es/1)",
    ]


def test_an_observation_has_two_hundred_characters_and_a_value_eighty() -> None:
    drift = Drift()
    drift.note("x" * 200, "")
    drift.note("y" * 201, "")
    assert drift.lines() == [f"{'x' * 200} (1 record)", f"{'y' * 199}… (1 record)"]
    assert (quoted("x" * 80), quoted("x" * 81)) == (f"`{'x' * 80}`", f"`{'x' * 79}…`")
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "ab…")


def test_fifty_lines_are_told_and_the_others_counted() -> None:
    drift = Drift()
    for number in range(50):
        drift.note(f"line {number:04}", "")
    assert len(drift.lines()) == 50
    for number in range(50, 1002):
        drift.note(f"line {number:04}", "")
    lines = drift.lines()
    assert (lines[49], lines[50:]) == ("line 0049 (1 record)", ["and 952 more"])


def test_of_a_column_the_three_most_frequent_texts_are_told() -> None:
    drift = Drift()
    texts = pl.DataFrame(
        {"colour": list("aabbbcdd"), "archive_address": ["8", "7", "6", "5", "4", "3", "2", "1"]},
    )
    drift.note_texts("colour", "unknown", texts.clear())
    assert drift.lines() == []
    drift.note_texts("colour", "unknown", texts)
    assert drift.lines() == [
        "colour: unknown `a` (2 records, first 7)",
        "colour: unknown `b` (3 records, first 4)",
        "colour: unknown `d` (2 records, first 1)",
    ]
