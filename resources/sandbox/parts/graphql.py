"""A GraphQL endpoint as a part: the schema follows from an example of the answer, graphql-core answers the query.

A maker's module names the field with its arguments. What the example does not hold cannot be asked for, and an
argument of another type than declared is refused, as a real server refuses both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from resources.sandbox.serving.routes import Answer, Asked, Refusal, json_answer

if TYPE_CHECKING:
    import graphql

Query = tuple[str, dict[str, Any]]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def query_of(body: bytes) -> Query:
    """The query's text and its variables. Raises Refusal(400) for a body that holds no query."""
    try:
        request = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise _refused("The body is not JSON.") from error
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise _refused("Must provide query string.")
    variables = request.get("variables")
    return request["query"], variables if isinstance(variables, dict) else {}


@lru_cache(maxsize=256)
def _first_field(body: bytes) -> tuple[str, dict[str, Any]] | None:
    import graphql

    try:
        text, variables = query_of(body)
        document = graphql.parse(text)
    except (Refusal, graphql.GraphQLError):
        return None
    for definition in document.definitions:
        if isinstance(definition, graphql.OperationDefinitionNode):
            first = definition.selection_set.selections[0]
            if isinstance(first, graphql.FieldNode):
                return first.name.value, {
                    argument.name.value: graphql.value_from_ast_untyped(argument.value, variables)
                    for argument in first.arguments
                }
    return None


def arguments_of(body: bytes) -> dict[str, Any]:
    """The arguments of the query's first field, inline or from variables. Never raises; shared: not to be changed."""
    found = _first_field(body)
    return {} if found is None else found[1]


def graphql_error(message: str, status: int = 200) -> Callable[[Asked], Answer]:
    """The answer whose first field is null, with an error: what most servers say to an argument unknown to them.

    message: may hold `{arguments}` of the query's first field.
    """

    def answer(asked: Asked) -> Answer:
        found = _first_field(asked.body)
        name, arguments = found or ("unknown", {})
        error = {"message": message.format_map(arguments), "path": [name]}
        return json_answer({"data": {name: None}, "errors": [error]}, status)

    return answer


@dataclass(frozen=True)
class GraphQL:
    """The field that a feed answers, as schema text with its arguments: `cars(page: Int!, market: String)`.

    types: input types that the arguments name, as schema text. more: other fields of the same endpoint, likewise as
    schema text, each with its value or a function of its arguments.
    """

    field: str
    types: str = ""
    more: Mapping[str, Any] = with_default(default_factory=dict)

    @property
    def name(self) -> str:
        return self.field.partition("(")[0].strip()

    def is_asked(self, body: bytes) -> bool:
        """Whether the feed's own field is the first of the query."""
        found = _first_field(body)
        return found is not None and found[0] == self.name

    def check(self, schema: graphql.GraphQLSchema, body: bytes) -> None:
        """Raises Refusal(400) for a query that does not parse or, with its variables, does not fit the schema."""
        import graphql

        text, variables = query_of(body)
        problems = _problems(schema, text)
        if problems:
            raise _refused(*problems)
        for definition in graphql.parse(text).definitions:
            if isinstance(definition, graphql.OperationDefinitionNode):
                found = graphql.get_variable_values(schema, definition.variable_definitions, variables)
                if isinstance(found, list):
                    raise _refused(*(error.message for error in found))

    def execute(self, schema: graphql.GraphQLSchema, body: bytes, value: Any) -> Answer:
        """The answer to a checked query. value: what the feed's own field holds. Raises Refusal(400)."""
        import graphql

        text, variables = query_of(body)
        root = {self.name: value, **{_name_of(name): _resolved(more) for name, more in self.more.items()}}
        result = graphql.execute_sync(
            schema, graphql.parse(text), root, variable_values=variables, field_resolver=_field
        )
        if result.data is None:
            raise _refused(*(error.message for error in result.errors or ()))
        return json_answer(result.formatted)

    def schema(self, example: Any) -> graphql.GraphQLSchema:
        """The schema whose own field holds values like the example."""
        import graphql

        types: dict[str, str] = {}
        fields = [f"{self.field}: {_type_of(example, self.name, types)}"]
        for signature, value in self.more.items():
            shown = value({}) if callable(value) else value
            fields.append(f"{signature}: {_type_of(shown, _name_of(signature), types)}")
        objects = "\n".join(f"type {name} {{ {text} }}" for name, text in types.items())
        return graphql.build_schema(f"scalar Any\n{self.types}\n{objects}\ntype Query {{ {' '.join(fields)} }}")


def _name_of(signature: str) -> str:
    return signature.partition("(")[0].strip()


def _resolved(value: Any) -> Any:
    if not callable(value):
        return value
    return lambda info, /, **arguments: value(arguments)


def _field(source: Any, info: Any, /, **arguments: Any) -> Any:
    """The value of a field; graphql-core's own resolver takes no argument that is called `source` or `info`."""
    value = source.get(info.field_name) if isinstance(source, Mapping) else None
    return value(info, **arguments) if callable(value) else value


def _type_of(example: Any, path: str, types: dict[str, str]) -> str:
    """The GraphQL type of an example's value; adds the types of the objects in it to `types`."""
    if isinstance(example, list):
        merged: dict[str, Any] = {}
        for item in example:
            if isinstance(item, dict):
                merged |= item
        return f"[{_type_of(merged or (example[0] if example else None), path, types)}]"
    if isinstance(example, dict) and example and all(_NAME.fullmatch(key) for key in example):
        name = f"T_{path}"
        types[name] = " ".join(f"{key}: {_type_of(value, f'{path}_{key}', types)}" for key, value in example.items())
        return name
    return "Any"


@lru_cache(maxsize=64)
def _problems(schema: graphql.GraphQLSchema, text: str) -> tuple[str, ...]:
    import graphql

    try:
        return tuple(error.message for error in graphql.validate(schema, graphql.parse(text)))
    except graphql.GraphQLError as error:
        return (error.message,)


def _refused(*messages: str) -> Refusal:
    return Refusal(json_answer({"errors": [{"message": message} for message in messages]}, 400))
