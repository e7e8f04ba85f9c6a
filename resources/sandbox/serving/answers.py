"""Answers that are not a page: refusals of every kind, those with status 200 included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.sandbox.serving.routes import Answer, json_answer

CHALLENGE = Answer(
    200,
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    b"<body><h1>Access Denied</h1><p>Checking your browser before you proceed.</p></body></html>",
    {"Content-Type": "text/html; charset=utf-8"},
)
"""A page for a browser to solve, with status 200."""


def refusal(status: int, value: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of a status: bytes as they are, anything else as JSON."""
    if isinstance(value, bytes):
        return Answer(status, value, headers or {})
    return json_answer({"status": status} if value is None else value, status, headers)
