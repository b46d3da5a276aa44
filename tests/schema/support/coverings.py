"""Selections that ask for everything: every field of every type that some types lead to."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_leaf_type

Field = tuple[str, str]
"""The names of a type and of a field of it."""


def full_selections(schema: GraphQLSchema, types: Iterable[Any]) -> list["FullSelection"]:
    """Return what to ask of objects of each type: all that they have.

    What they lead to is asked for all it has where it comes first, and then for its leaves; so are objects of
    these types within one another.
    """
    found = [FullSelection(schema, get_named_type(type_)) for type_ in types]
    covered = {each.name for covering in found for each in covering.objects}
    for covering in found:
        covered -= {each.name for each in covering.objects}
        covering.cover(covered)
    return found


@dataclass
class FullSelection:
    """What is asked of the objects at one place of an answer: all leaves, and ``within`` what lies deeper."""

    schema: GraphQLSchema
    type_: Any
    within: dict[Field, "FullSelection"] = field(default_factory=dict)

    @property
    def objects(self) -> Sequence[GraphQLObjectType]:
        """The types of objects that may stand here."""
        return self.schema.get_possible_types(self.type_) if is_abstract_type(self.type_) else [self.type_]

    def cover(self, covered: set[str]) -> None:
        """Ask for all fields of those types that are not yet covered, the least deep ones first."""
        left = deque([self])
        while left:
            left.extend(left.popleft().open(covered))

    def open(self, covered: set[str]) -> Iterable["FullSelection"]:
        """Ask for all fields of the objects here that are not yet covered; return what lies deeper."""
        for each in self.objects:
            if each.name not in covered:
                covered.add(each.name)
                self.within |= {
                    (each.name, name): FullSelection(self.schema, get_named_type(inner.type))
                    for name, inner in each.fields.items()
                    if not is_leaf_type(get_named_type(inner.type))
                }
        return self.within.values()

    def fields(self) -> set[Field]:
        """Return all that is asked for."""
        leaves = {(each.name, name) for each in self.objects for name in _leaves(each)}
        return leaves.union(self.within, *(covering.fields() for covering in self.within.values()))

    def __str__(self) -> str:
        return f"{{ __typename {' '.join(map(self._selection, self.objects))} }}"

    def _selection(self, type_: GraphQLObjectType) -> str:
        parts = [*_leaves(type_), *(self._deeper(type_, name) for name in type_.fields)]
        if type_ is self.type_:
            return " ".join(parts)
        # Fields of different types that share a name may not share their place in an answer.
        renamed = (
            f"{type_.name}_{part.partition('(')[0].partition(' ')[0]}: {part}" for part in parts if part
        )
        return f"... on {type_.name} {{ {' '.join(renamed)} }}"

    def _deeper(self, type_: GraphQLObjectType, name: str) -> str:
        covering = self.within.get((type_.name, name))
        size = "(first: 3)" if "first" in type_.fields[name].args else ""
        return "" if covering is None else f"{name}{size} {covering}"


def _leaves(type_: GraphQLObjectType) -> list[str]:
    return [name for name, inner in type_.fields.items() if is_leaf_type(get_named_type(inner.type))]
