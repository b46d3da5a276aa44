"""The size of introspection: how many objects of this schema a document would list.

Introspection may list as much as the standard introspection query, and no more. The written fields are no
measure of it, because aliases, fragments and nested lists multiply the response: graphql-core's
MaxIntrospectionDepthRule lets three of the tests' hostile documents through, a count of the fields one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_introspection_query,
    is_wrapping_type,
)

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})

LARGEST_QUERY = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)
"""The standard introspection query with all of its options."""

_FIELDS_OF_ONE_TYPE = frozenset({"__type", "type", "ofType", "interfaces", "possibleTypes"})
"""Fields that lead to types of the document's choice, below which the largest type counts."""


@dataclass(frozen=True, slots=True)
class ListSizes:
    """The sizes of a schema's introspection lists by field: the mean over all types, the maximum of any."""

    mean: Mapping[str, float]
    maximum: Mapping[str, int]

    @classmethod
    def from_schema(cls, schema: GraphQLSchema) -> "ListSizes":
        """Return the sizes of a schema."""
        sizes: dict[str, list[int]] = {
            name: [] for name in ("fields", "inputFields", "enumValues", "possibleTypes")
        }
        argument_counts = []
        wrapper_counts = []
        for type_ in schema.type_map.values():
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
                sizes["fields"].append(len(type_.fields))
                for each in type_.fields.values():
                    argument_counts.append(len(each.args))
                    wrapper_counts += [_wrappers(typed.type) for typed in (each, *each.args.values())]
            elif isinstance(type_, GraphQLInputObjectType):
                sizes["inputFields"].append(len(type_.fields))
                wrapper_counts += [_wrappers(each.type) for each in type_.fields.values()]
            elif isinstance(type_, GraphQLEnumType):
                sizes["enumValues"].append(len(type_.values))
            if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
                sizes["possibleTypes"].append(len(schema.get_possible_types(type_)))
        type_count, wrapper_count = len(schema.type_map), sum(wrapper_counts)
        return cls(
            mean={
                "types": type_count,
                **{name: sum(counts) / type_count for name, counts in sizes.items()},
                "args": sum(argument_counts) / len(argument_counts),
                "ofType": wrapper_count / (wrapper_count + len(wrapper_counts)),
            },
            maximum={name: max(counts) for name, counts in {**sizes, "args": argument_counts}.items()},
        )


def _wrappers(type_: GraphQLType) -> int:
    return 1 + _wrappers(type_.of_type) if is_wrapping_type(type_) else 0


@dataclass(slots=True)
class IntrospectionCounter:
    """Counts the objects that the introspection fields of a document list; it walks each fragment once."""

    sizes: ListSizes
    fragments: Mapping[str, FragmentDefinitionNode]
    _counted: dict[tuple[str, bool], float] = field(default_factory=dict)

    def count(self, node: FieldNode, *, of_one_type: bool = False) -> float:
        """Return the number of objects at and below a field, of all types or of one chosen type."""
        name = node.name.value
        size: float | None = self.sizes.maximum.get(name) if of_one_type else None
        if size is None:
            size = self.sizes.mean.get(name, 1)
        of_one_type = of_one_type or name in _FIELDS_OF_ONE_TYPE
        return size * (1 + self._count_all(node.selection_set, of_one_type=of_one_type))

    def _count_all(self, selection_set: SelectionSetNode | None, *, of_one_type: bool) -> float:
        selections = selection_set.selections if selection_set else ()
        return sum([self._count_selection(each, of_one_type=of_one_type) for each in selections])

    def _count_selection(self, selection: SelectionNode, *, of_one_type: bool) -> float:
        if isinstance(selection, FieldNode):
            return self.count(selection, of_one_type=of_one_type)
        if isinstance(selection, InlineFragmentNode):
            return self._count_all(selection.selection_set, of_one_type=of_one_type)
        if not isinstance(selection, FragmentSpreadNode):
            raise TypeError(f"A selection set holds no {selection.kind}.")
        key = selection.name.value, of_one_type
        if key not in self._counted:
            self._counted[key] = 0  # for a fragment within itself, which validation rejects
            fragment = self.fragments.get(selection.name.value)
            if fragment is not None:
                self._counted[key] = self._count_all(fragment.selection_set, of_one_type=of_one_type)
        return self._counted[key]
