"""A GraphQL endpoint as a part: a maker's module gives the schema and the values, graphql-core answers the query."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import graphql
import msgspec

from resources.sandbox.serving.routes import Answer, Refusal, json_answer

Query = tuple[str, dict[str, Any]]


def query_of(body: bytes) -> Query:
    """The query's text and its variables. Raises Refusal(400) for a body that holds no query."""
    try:
        request = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise _refusal("The body is not JSON.") from error
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise _refusal("Must provide query string.")
    variables = request.get("variables")
    return request["query"], variables if isinstance(variables, dict) else {}


def answer_query(schema: graphql.GraphQLSchema, body: bytes, root: Mapping[str, Any]) -> Answer:
    """The answer of a server with this schema. root: a value for each top field, or a function of its arguments.

    A query that does not parse or does not fit the schema is refused with 400; a function that raises
    graphql.GraphQLError leaves its field null, in an answer of status 200 with `errors`.
    """
    text, variables = query_of(body)
    problems = _problems(schema, text)
    if problems:
        raise _refusal(*problems)
    result = graphql.execute_sync(schema, graphql.parse(text), dict(root), variable_values=variables)
    if result.data is None:
        raise _refusal(*(error.message for error in result.errors or ()))
    return json_answer(result.formatted)


@lru_cache(maxsize=64)
def _problems(schema: graphql.GraphQLSchema, text: str) -> tuple[str, ...]:
    try:
        return tuple(error.message for error in graphql.validate(schema, graphql.parse(text)))
    except graphql.GraphQLError as error:
        return (error.message,)


def argument_of(body: bytes, name: str) -> str | None:
    """The text of an argument of the query's first field, None where there is none. Never raises."""
    try:
        text, variables = query_of(body)
        document = graphql.parse(text)
    except (Refusal, graphql.GraphQLError):
        return None
    for definition in document.definitions:
        if isinstance(definition, graphql.OperationDefinitionNode):
            first = definition.selection_set.selections[0]
            for argument in first.arguments if isinstance(first, graphql.FieldNode) else ():
                if argument.name.value == name:
                    value = graphql.value_from_ast_untyped(argument.value, variables)
                    return value if isinstance(value, str) else None
    return None


def _refusal(*messages: str) -> Refusal:
    return Refusal(400, {"errors": [{"message": message} for message in messages]})
