"""Where a request's value stands: in one of its variables, or in the document itself."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    coerce_input_value,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values

VariableReader = Callable[[VariableValues], Any]
Path = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class ArgumentSite:
    """A place in the document where a field takes arguments."""

    field: GraphQLField
    node: FieldNode

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """Return the arguments as these variables make them."""
        return get_argument_values(self.field, self.node, variables)


VariableSignatures = tuple[GraphQLVariableSignature, ...]
"""The variables of an operation: their names, types and defaults."""


def variable_signatures(schema: GraphQLSchema, operation: OperationDefinitionNode) -> VariableSignatures:
    """Return an operation's variables; the operation is valid."""
    found = [get_variable_signature(schema, each) for each in operation.variable_definitions or ()]
    return tuple(each for each in found if isinstance(each, GraphQLVariableSignature))


def coerce_variables(signatures: VariableSignatures, sent: Mapping[str, Any]) -> VariableValues | None:
    """Return the variables' values where all are sent and right; None where graphql-core must look closer."""
    values = {}
    for signature in signatures:
        if signature.name not in sent:
            return None
        value = coerce_input_value(sent[signature.name], signature.type)
        if value is Undefined:
            return None
        values[signature.name] = value
    sources = {each.name: VariableValueSource(each, sent[each.name]) for each in signatures}
    return VariableValues(sources, values)


def variable_reader(site: ArgumentSite, path: Path, variables: VariableValues) -> VariableReader | None:
    """Return how to read what stands at ``path`` of the arguments, or None where no variable decides it."""
    value = _argument(site.node, path[0])
    rest = path[1:]
    while value is not None and not isinstance(value, VariableNode) and rest:
        value, rest = _inner(value, rest)
    if isinstance(value, VariableNode):
        name = value.name.value
        return _of_variable(name, rest) if name in variables.coerced else None
    if value is None or not _has_variables(value):
        return None
    return lambda variables: _walk(site.values(variables), path)


def _argument(node: FieldNode, name: Any) -> ValueNode | None:
    return next((each.value for each in node.arguments or () if each.name.value == name), None)


def _inner(value: ValueNode, path: Path) -> tuple[ValueNode | None, Path]:
    first, *rest = path
    if isinstance(value, ObjectValueNode):
        return next((each.value for each in value.fields if each.name.value == first), None), rest
    if isinstance(value, ListValueNode):
        return value.values[int(first)], rest
    return value, rest  # a single value where a list is expected is a list of one


def _of_variable(name: str, path: Path) -> VariableReader:
    if not path:
        return lambda variables: variables.coerced[name]
    return lambda variables: _walk(variables.coerced[name], path)


def _walk(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _has_variables(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(map(_has_variables, value.values))
    if isinstance(value, ObjectValueNode):
        return any(_has_variables(each.value) for each in value.fields)
    return isinstance(value, VariableNode)


def variables_shape(variables: VariableValues) -> Hashable:
    """Return all of the variables that a plan may depend on: their structure, and values that decide it."""
    return tuple([(name, _shape(value)) for name, value in variables.coerced.items()])


def _shape(value: Any) -> Hashable:
    if type(value) is str:
        return "str"
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return tuple([(key, _shape(inner)) for key, inner in value.items()])
    if isinstance(value, list):
        return _list_shape(value)
    return type(value).__name__


def _list_shape(values: list[Any]) -> Hashable:
    shapes = tuple([_shape(value) for value in values])
    plain = all(isinstance(shape, str | Enum) for shape in shapes)
    # A list of plain values travels as one parameter, whatever its length; one of one is compared as such.
    return (len(shapes) == 1, frozenset(shapes)) if plain else shapes
