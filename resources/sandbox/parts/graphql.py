"""Enough of GraphQL to answer a query as its text asks: one operation, arguments, nested fields, aliases.

Belongs here: parsing and selecting. Does not belong here: what an OEM's fields mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\.\.\.|\$?[_A-Za-z][_0-9A-Za-z]*|-?\d+(?:\.\d+)?|[{}()\[\]:!=@|&]')
_IGNORED = re.compile(r"(?:[\s,]|#[^\n]*)+")


class QueryError(Exception):
    """The query is not one that a server would run; the text is GraphQL's `message`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field asked for. arguments: variables are filled in already. fields: empty for a leaf."""

    name: str
    alias: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()


def parse(query: str, variables: Mapping[str, Any]) -> tuple[Field, ...]:
    """The top fields of a query. Raises QueryError, also for a variable that is used and not given."""
    parser = _Parser(_tokens(query), variables)
    fields = parser.operation()
    if parser.tokens:
        raise QueryError(f'Syntax Error: Unexpected "{parser.tokens[-1]}".')
    return fields


def select(value: Any, fields: tuple[Field, ...], kind: str) -> Any:
    """What `fields` ask of a value, lists item by item. Raises QueryError for a field that it does not have."""
    if isinstance(value, list):
        return [select(item, fields, kind) for item in value]
    if value is None:
        return None
    if not isinstance(value, dict):
        if fields:
            raise QueryError(f'Field "{kind}" must not have a selection since it has no subfields.')
        return value
    if not fields:
        raise QueryError(f'Field "{kind}" must have a selection of subfields.')
    for asked in fields:
        if asked.name not in value:
            raise QueryError(f'Cannot query field "{asked.name}" on type "{kind}".')
    return {asked.alias: select(value[asked.name], asked.fields, asked.name) for asked in fields}


def _tokens(query: str) -> list[str]:
    """The query's tokens, last first, so that the next one is popped from the end."""
    tokens = []
    position = 0
    while position < len(query):
        ignored = _IGNORED.match(query, position)
        if ignored:
            position = ignored.end()
            continue
        match = _TOKEN.match(query, position)
        if match is None:
            raise QueryError(f'Syntax Error: Cannot parse the unexpected character "{query[position]}".')
        tokens.append(match[0])
        position = match.end()
    return tokens[::-1]


@dataclass
class _Parser:
    tokens: list[str]
    variables: Mapping[str, Any]

    def _peek(self) -> str:
        if not self.tokens:
            raise QueryError("Syntax Error: Unexpected <EOF>.")
        return self.tokens[-1]

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if expected is not None and token != expected:
            raise QueryError(f'Syntax Error: Expected "{expected}", found "{token}".')
        return self.tokens.pop()

    def _name(self) -> str:
        token = self._take()
        if not (token[0].isalpha() or token[0] == "_"):
            raise QueryError(f'Syntax Error: Expected Name, found "{token}".')
        return token

    def operation(self) -> tuple[Field, ...]:
        if self._peek() != "{":
            kind = self._name()
            if kind != "query":
                raise QueryError(f'Syntax Error: Unexpected Name "{kind}".')
            if self._peek() not in ("{", "("):
                self._name()
            if self._peek() == "(":
                self._skip_declarations()
        return self._selection()

    def _skip_declarations(self) -> None:
        self._take("(")
        while self._take() != ")":
            pass

    def _selection(self) -> tuple[Field, ...]:
        self._take("{")
        fields = [self._field()]
        while self._peek() != "}":
            fields.append(self._field())
        self._take("}")
        return tuple(fields)

    def _field(self) -> Field:
        alias = name = self._name()
        if self._peek() == ":":
            self._take()
            name = self._name()
        arguments: dict[str, Any] = {}
        if self._peek() == "(":
            self._take()
            while self._peek() != ")":
                argument = self._name()
                self._take(":")
                arguments[argument] = self._value()
            self._take(")")
        return Field(name, alias, arguments, self._selection() if self._peek() == "{" else ())

    def _value(self) -> Any:
        token = self._take()
        if token.startswith("$"):
            if token[1:] not in self.variables:
                raise QueryError(f'Variable "{token}" of required type was not provided.')
            return self.variables[token[1:]]
        if token.startswith('"'):
            return token[1:-1]
        return token
