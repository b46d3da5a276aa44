"""Which fields an object is asked for: GraphQL's CollectFields, with fragments, aliases and directives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_directive_values

CollectedFields = dict[str, list[FieldNode]]
"""Response keys in the order of the answer, each with every node that asks for it."""


@dataclass(slots=True)
class FieldCollector:
    """Collects the fields of one operation, with the values of its variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def collect(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode | None]
    ) -> CollectedFields:
        """Return what is asked of an object of ``type_`` by all of these selection sets together."""
        collection = _Collection(self, type_)
        for selection_set in selection_sets:
            if selection_set is not None:
                collection.add(selection_set)
        return collection.found

    def includes(self, node: Any) -> bool:
        """Say whether @skip and @include let a selection stand."""
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        """Say whether a fragment on ``condition`` speaks of objects of ``type_``."""
        on = self.schema.get_type(condition)
        if isinstance(on, GraphQLObjectType):
            return on is type_
        if isinstance(on, GraphQLInterfaceType):
            return on in type_.interfaces
        return self.schema.is_sub_type(on, type_)  # type: ignore[arg-type]


@dataclass(slots=True)
class _Collection:
    collector: FieldCollector
    type_: GraphQLObjectType
    found: CollectedFields = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)

    def add(self, selection_set: SelectionSetNode) -> None:
        for selection in selection_set.selections:
            if not self.collector.includes(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                self.found.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                self._add_fragment(selection)
            else:
                self._add_spread(selection.name.value)  # type: ignore[attr-defined]

    def _add_spread(self, name: str) -> None:
        if name not in self.visited:
            self.visited.add(name)
            self._add_fragment(self.collector.fragments[name])

    def _add_fragment(self, fragment: InlineFragmentNode | FragmentDefinitionNode) -> None:
        condition = fragment.type_condition
        if condition is None or self.collector.applies(condition.name.value, self.type_):
            self.add(fragment.selection_set)
