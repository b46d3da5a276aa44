"""Documents as they are asked again and again: parsed, validated and planned once."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode
from graphql.execution.values import VariableValues

from schema.reading.planning import Plan

MOST_PLANS = 64
"""How many plans a document keeps: one for each shape of its variables."""


@dataclass(slots=True)
class Document:
    """A valid document, with the plans that were made of it so far."""

    ast: DocumentNode
    plans: dict[Hashable, Plan] = field(default_factory=dict)

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by their names."""
        return {
            each.name.value: each for each in self.ast.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def keep(self, key: Hashable, plan: Plan) -> Plan:
        """Remember a plan; a document with too many shapes starts over."""
        if len(self.plans) >= MOST_PLANS:
            self.plans.clear()
        self.plans[key] = plan
        return plan


def shape_of(variables: VariableValues) -> Hashable:
    """Return all of the variables that a plan may depend on: their structure, and values that decide it."""
    return tuple((name, _shape(value)) for name, value in sorted(variables.coerced.items()))


def _shape(value: Any) -> Hashable:
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return tuple((key, _shape(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return _list_shape(value)
    return type(value).__name__


def _list_shape(values: list[Any]) -> Hashable:
    shapes = tuple(_shape(value) for value in values)
    # A list of plain values travels as one parameter, whatever its length.
    return ("list", *sorted(set(shapes))) if all(isinstance(shape, str) for shape in shapes) else shapes
