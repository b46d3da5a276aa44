"""Documents as they are asked again and again: parsed, validated and planned once."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    get_operation_ast,
)

from schema.limits.cost import OperationCost
from schema.planner.plan.planner import Plan
from schema.planner.plan.variables import VariableSignatures

MAX_PLANS = 64
"""How many plans a document keeps: one for each shape of its variables."""

MAX_LABEL_LENGTH = 64
"""Characters of an operation's name that are counted and logged under."""

_DIGITS = 12


class OperationLabel(NamedTuple):
    """An operation as it is counted and logged: its name or, without one, its document's hash; its kind."""

    name: str
    kind: str


@dataclass
class Document:
    """A valid document, with what was found out about it so far."""

    text: str
    ast: DocumentNode
    plans: dict[Hashable, Plan | None] = field(default_factory=dict)
    signatures: dict[str | None, VariableSignatures] = field(default_factory=dict)
    permitted: dict[Hashable, bool] = field(default_factory=dict)
    costings: dict[int, OperationCost] = field(default_factory=dict)
    _operations: dict[str | None, OperationDefinitionNode | None] = field(default_factory=dict)
    _asked: dict[int, OperationLabel] = field(default_factory=dict)

    @cached_property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by their names."""
        return {
            each.name.value: each for each in self.ast.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of that name, or the only one; None where the document leaves it open."""
        if name not in self._operations:
            found = get_operation_ast(self.ast, name)
            if found is None:
                return None  # not kept: a client may send any name
            self._operations[name] = found
        return self._operations[name]

    def root_fields(self, operation: OperationDefinitionNode) -> set[str]:
        """Return the names of all root fields of an operation, those that a directive leaves out as well."""
        names: set[str] = set()
        left = [operation.selection_set]
        unspread = dict(self.fragments)
        while left:
            for each in left.pop().selections:
                match each:
                    case FieldNode():
                        names.add(each.name.value)
                    case InlineFragmentNode():
                        left.append(each.selection_set)
                    case FragmentSpreadNode() if each.name.value in unspread:
                        left.append(unspread.pop(each.name.value).selection_set)
        return names

    @property
    def operations(self) -> list[OperationDefinitionNode]:
        """The document's operations in its order."""
        return [each for each in self.ast.definitions if isinstance(each, OperationDefinitionNode)]

    def label(self, operation: OperationDefinitionNode) -> OperationLabel:
        """Return how one of the document's operations is counted and logged."""
        found = self._asked.get(id(operation))
        if found is None:
            name = operation.name.value[:MAX_LABEL_LENGTH] if operation.name else short_hash(self.text)
            found = self._asked[id(operation)] = OperationLabel(name, operation.operation.value)
        return found

    def keep(self, key: Hashable, plan: Plan | None) -> None:
        """Remember a plan, or that there is none; a document with too many shapes starts over."""
        if len(self.plans) >= MAX_PLANS:
            self.plans.clear()
        self.plans[key] = plan


def short_hash(document: str) -> str:
    """Return the beginning of the id that GraphQL over HTTP gives a document: enough to tell it by."""
    return f"sha256:{sha256(document.encode()).hexdigest()[:_DIGITS]}"
