"""The variables of an operation: coercing them, finding them in arguments, and what plans depend on."""

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

VariableReader = Callable[[VariableValues], object]
Path = Sequence[str | int]
"""Where a value is within the arguments of a field: ``("filter", "state", "in", 0)``."""

VariableSignatures = tuple[GraphQLVariableSignature, ...]
"""The variables of an operation: their names, types and defaults."""


@dataclass(frozen=True, slots=True)
class ArgumentSite:
    """A field of a document: its definition, the nodes that select it, and its keys in the response."""

    field: GraphQLField
    nodes: Sequence[FieldNode]
    response_path: Sequence[str]

    def values(self, variables: VariableValues) -> dict[str, object]:
        """Return the field's arguments with their defaults, coerced."""
        return get_argument_values(self.field, self.nodes[0], variables)


def variable_signatures(schema: GraphQLSchema, operation: OperationDefinitionNode) -> VariableSignatures:
    """Return the variables of a valid operation."""
    found = [get_variable_signature(schema, each) for each in operation.variable_definitions or ()]
    return tuple(each for each in found if isinstance(each, GraphQLVariableSignature))


def coerce_variables(signatures: VariableSignatures, sent: Mapping[str, object]) -> VariableValues | None:
    """Return the variables' values if all are sent and valid.

    None for others: graphql-core applies their defaults or describes what is wrong.
    """
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
    """Return a function that reads the value at ``path`` in each request; None if it is a constant."""
    value = next((each.value for each in site.nodes[0].arguments or () if each.name.value == path[0]), None)
    rest = path[1:]
    while value is not None and not isinstance(value, VariableNode) and rest:
        value, rest = _step_into(value, rest)
    if isinstance(value, VariableNode):
        name = value.name.value
        if name not in variables.coerced:
            return None  # not sent: the value is the argument's default
        if not rest:
            return lambda variables: variables.coerced[name]
        return lambda variables: _value_at(variables.coerced[name], rest)
    if value is None or not _has_variables(value):
        return None
    return lambda variables: _value_at(site.values(variables), path)


def _step_into(value: ValueNode, path: Path) -> tuple[ValueNode | None, Path]:
    first, *rest = path
    if isinstance(value, ObjectValueNode):
        return next((each.value for each in value.fields if each.name.value == first), None), rest
    if isinstance(value, ListValueNode):
        return value.values[int(first)], rest
    return value, rest  # a single value where a list is expected is a list of one


def _value_at(value: Any, path: Path) -> object:
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
    """Return everything about the variables that a plan may depend on, as a part of its cache key.

    That is which fields of input objects are sent, which values are null, true, false or of an enum, and
    which lists have exactly one element. Strings and numbers count by their type only.
    """
    return tuple([(name, _shape(value)) for name, value in variables.coerced.items()])


def _shape(value: object) -> Hashable:
    if type(value) is str:
        return "str"
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return tuple([(key, _shape(inner)) for key, inner in value.items()])
    if isinstance(value, list):
        shapes = tuple([_shape(inner) for inner in value])
        is_flat = all(isinstance(shape, str | Enum) for shape in shapes)
        # A flat list is one parameter, whatever its length; only a single element is compared with "=".
        return (len(shapes) == 1, frozenset(shapes)) if is_flat else shapes
    return type(value).__name__
