"""Selections of every field of the schema that some types lead to."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_leaf_type

Field = tuple[str, str]
"""The names of a type and of one of its fields."""


def full_selections(schema: GraphQLSchema, types: Iterable[Any]) -> list["FullSelection"]:
    """Return a selection of each type with all of its fields.

    A type below these is selected completely once, where it comes first, and by its leaf fields elsewhere. So are
    the given types within each other.
    """
    selections = [FullSelection(schema, get_named_type(type_)) for type_ in types]
    completed = {each.name for selection in selections for each in selection.object_types}
    for selection in selections:
        completed -= {each.name for each in selection.object_types}
        selection.complete(completed)
    return selections


@dataclass
class FullSelection:
    """The selection set at one place of an operation: all leaf fields, and ``nested`` selections of others."""

    schema: GraphQLSchema
    type_: Any
    nested: dict[Field, "FullSelection"] = field(default_factory=dict)

    @property
    def object_types(self) -> Sequence[GraphQLObjectType]:
        """The types of the objects that are possible here."""
        return self.schema.get_possible_types(self.type_) if is_abstract_type(self.type_) else [self.type_]

    def complete(self, completed: set[str]) -> None:
        """Select all fields of the types that are not completed yet, breadth first."""
        queue = deque([self])
        while queue:
            queue.extend(queue.popleft().add_nested(completed))

    def add_nested(self, completed: set[str]) -> Iterable["FullSelection"]:
        """Select all fields of the objects here, unless completed elsewhere; return the nested selections."""
        for each in self.object_types:
            if each.name not in completed:
                completed.add(each.name)
                self.nested |= {
                    (each.name, name): FullSelection(self.schema, get_named_type(inner.type))
                    for name, inner in each.fields.items()
                    if not is_leaf_type(get_named_type(inner.type))
                }
        return self.nested.values()

    def fields(self) -> set[Field]:
        """Return all fields that are selected here and below."""
        leaves = {(each.name, name) for each in self.object_types for name in _leaves(each)}
        return leaves.union(self.nested, *(selection.fields() for selection in self.nested.values()))

    def __str__(self) -> str:
        return f"{{ __typename {' '.join(map(self._fragment, self.object_types))} }}"

    def _fragment(self, type_: GraphQLObjectType) -> str:
        parts = [*_leaves(type_), *(self._nested_field(type_, name) for name in type_.fields)]
        if type_ is self.type_:
            return " ".join(parts)
        # Fields of different types can have the same name, but must not have the same response key.
        aliased = (
            f"{type_.name}_{part.partition('(')[0].partition(' ')[0]}: {part}" for part in parts if part
        )
        return f"... on {type_.name} {{ {' '.join(aliased)} }}"

    def _nested_field(self, type_: GraphQLObjectType, name: str) -> str:
        selection = self.nested.get((type_.name, name))
        size = "(first: 3)" if "first" in type_.fields[name].args else ""
        return "" if selection is None else f"{name}{size} {selection}"


def _leaves(type_: GraphQLObjectType) -> list[str]:
    return [name for name, inner in type_.fields.items() if is_leaf_type(get_named_type(inner.type))]
