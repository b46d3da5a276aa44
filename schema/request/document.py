"""A parsed and valid document, with everything that is derived from it once: plans, costs, labels."""

import re
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

MAX_SHAPES = 64
"""Shapes of variables per document whose plans are kept."""

_TOKEN_BYTES = 600
"""Memory of a token of a parsed document, measured at 365 to 601."""

_TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|\.\.\.|\w+|[^\s,\w]')

MAX_LABEL_LENGTH = 64
"""Characters of an operation's name in logs and metrics."""

_HASH_DIGITS = 12


class OperationLabel(NamedTuple):
    """An operation in logs and metrics: its name, or without one its document's hash, and its type."""

    name: str
    kind: str


@dataclass
class Document:
    """A valid document and what was derived from it so far.

    ``plans`` are by operation and shape of the variables, ``signatures`` by operation name, ``allowed`` by
    operation and role, ``costs`` by operation. ``bytes`` is about the memory that all of it takes,
    ``cached_bytes`` what the cache knows of it.
    """

    text: str
    ast: DocumentNode
    bytes: int = field(init=False)
    cached_bytes: int = 0
    plans: dict[Hashable, "Plans"] = field(default_factory=dict)
    signatures: dict[str | None, VariableSignatures] = field(default_factory=dict)
    allowed: dict[Hashable, bool] = field(default_factory=dict)
    costs: dict[int, OperationCost] = field(default_factory=dict)
    _operations: dict[str | None, OperationDefinitionNode] = field(default_factory=dict)
    _labels: dict[int, OperationLabel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bytes = len(self.text) + _TOKEN_BYTES * count_tokens(self.text)

    @cached_property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by name."""
        return {
            each.name.value: each for each in self.ast.definitions if isinstance(each, FragmentDefinitionNode)
        }

    @property
    def operations(self) -> list[OperationDefinitionNode]:
        """The document's operations in order."""
        return [each for each in self.ast.definitions if isinstance(each, OperationDefinitionNode)]

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of that name, or without a name the only one; None if there is none."""
        found = self._operations.get(name)
        if found is None:
            found = get_operation_ast(self.ast, name)
            if found is not None:  # a name that does not exist is not stored: a client may send any number
                self._operations[name] = found
        return found

    def root_field_names(self, operation: OperationDefinitionNode) -> set[str]:
        """Return the names of an operation's root fields, including those that a directive skips."""
        names: set[str] = set()
        unvisited = [operation.selection_set]
        unspread = dict(self.fragments)
        while unvisited:
            for each in unvisited.pop().selections:
                match each:
                    case FieldNode():
                        names.add(each.name.value)
                    case InlineFragmentNode():
                        unvisited.append(each.selection_set)
                    case FragmentSpreadNode() if each.name.value in unspread:
                        unvisited.append(unspread.pop(each.name.value).selection_set)
        return names

    def label(self, operation: OperationDefinitionNode) -> OperationLabel:
        """Return the label of one of the document's operations."""
        found = self._labels.get(id(operation))
        if found is None:
            name = operation.name.value[:MAX_LABEL_LENGTH] if operation.name else short_hash(self.text)
            found = self._labels[id(operation)] = OperationLabel(name, operation.operation.value)
        return found

    def plans_of(self, operation: OperationDefinitionNode, shape: Hashable) -> "Plans | None":
        """Return the plans of an operation for variables of a shape; None if it was never planned for it."""
        return self.plans.get((id(operation), shape))

    def add_plans(self, operation: OperationDefinitionNode, shape: Hashable) -> "Plans":
        """Return a place for the plans of an operation for variables of a shape.

        When there are too many, all earlier ones are discarded.
        """
        if len(self.plans) >= MAX_SHAPES:
            self.bytes -= sum(each.bytes for each in self.plans.values())
            self.plans.clear()
        plans = self.plans[id(operation), shape] = Plans(self)
        return plans


@dataclass
class Plans:
    """The plans of one operation for variables of one shape; None where a field has no plan."""

    document: Document
    by_key: dict[Hashable, Plan | None] = field(default_factory=dict)
    bytes: int = 0

    def add(self, key: Hashable, plan: Plan | None) -> None:
        """Add a plan."""
        self.by_key[key] = plan
        if plan is not None:
            self.bytes += plan.bytes
            self.document.bytes += plan.bytes


def count_tokens(text: str) -> int:
    """Return about how many tokens a document has, without parsing it."""
    return sum(1 for _ in _TOKENS.finditer(text))


def short_hash(document: str) -> str:
    """Return the first digits of the SHA-256 hash that identifies a trusted document."""
    return f"sha256:{sha256(document.encode()).hexdigest()[:_HASH_DIGITS]}"
