"""GraphQL's CollectFields: the fields that an object is to have, with fragments and directives resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_directive_values

CollectedFields = dict[str, list[FieldNode]]
"""Response keys in the order of the answer, each with every node that selects it."""


@dataclass(slots=True)
class FieldCollector:
    """Collects the fields of one valid operation, with the values of its variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def collect(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode | None]
    ) -> CollectedFields:
        """Return the fields that all of these selection sets together select of an object of ``type_``."""
        fields: CollectedFields = {}
        visited: set[str] = set()
        for selection_set in selection_sets:
            if selection_set is not None:
                self._add(selection_set, type_, fields, visited)
        return fields

    def _add(
        self,
        selection_set: SelectionSetNode,
        type_: GraphQLObjectType,
        fields: CollectedFields,
        visited: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if selection.directives and not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                fields.setdefault(key, []).append(selection)
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(selection, InlineFragmentNode):
                fragment = selection
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                visited.add(selection.name.value)
                fragment = self.fragments[selection.name.value]
            else:
                continue
            condition = fragment.type_condition
            if condition is None or self._applies(condition.name.value, type_):
                self._add(fragment.selection_set, type_, fields, visited)

    def _is_included(self, selection: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        """Return whether a fragment with a type condition applies to objects of ``type_``."""
        on = self.schema.get_type(condition)
        if isinstance(on, GraphQLInterfaceType):
            return on in type_.interfaces
        if isinstance(on, GraphQLUnionType):
            return self.schema.is_sub_type(on, type_)
        return on is type_
