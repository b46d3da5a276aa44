"""How far a document reaches: one pass over what was parsed, before validation has to go there.

Each fragment is measured once, so a document takes time by its length and not by what it spreads out to.
Introspection is counted apart: not by what is written, but by how much of the schema it would list.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)

from schema.limits.introspection import LARGEST_QUERY, ROOTS, TO_A_TYPE, Sizes
from schema.limits.settings import LimitExceeded, OperationLimits, check_list_size

_MOST_NESTING = 60
"""How many selection sets may lie in one another, those of fragments included. Whoever walks them calls
itself for each, from here on to the compiler of SQL."""

_LARGEST_TOLD = 10**9
"""Fragments that double soon make numbers that fill a page."""


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """How far a selection set reaches, its fragments included; ``fields`` are those of its own level."""

    fields: int = 0
    depth: int = 0
    nesting: int = 0
    aliases: int = 0
    directives: int = 0
    introspection: float = 0


_LEAF, _ALIASED_LEAF = DocumentSize(fields=1, depth=1), DocumentSize(fields=1, depth=1, aliases=1)


class DocumentLimiter:
    """Measures documents for one schema."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits) -> None:
        self._limits = limits
        self._sizes = Sizes.of(schema)
        [(_, standard)] = self._extents(
            parse(LARGEST_QUERY), limits.model_copy(update={"selections": sys.maxsize})
        )
        self._most_introspection = round(standard.introspection)

    def check(self, document: DocumentNode) -> None:
        """Check every operation of a parsed document, valid or not.

        Raises:
            Exceeded: one reaches further than a limit.
        """
        for kind, extent in self._extents(document, self._limits):
            for name, asked, most in self._compared(kind, extent):
                if asked > most:
                    raise _exceeded(name, most, min(round(asked), _LARGEST_TOLD))

    def _extents(
        self, document: DocumentNode, limits: OperationLimits
    ) -> list[tuple[OperationType, DocumentSize]]:
        measuring = _Measuring(document, self._sizes, limits)
        measuring.of_fragments()
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        return [(each.operation, measuring.of_operation(each)) for each in operations]

    def _compared(self, kind: OperationType, extent: DocumentSize) -> Iterator[tuple[str, float, int]]:
        limits = self._limits
        is_mutation = kind is OperationType.MUTATION
        yield "nesting", extent.nesting, _MOST_NESTING
        yield "depth", extent.depth, limits.depth
        yield "aliases", extent.aliases, limits.aliases
        yield "directives", extent.directives, limits.directives
        if is_mutation:
            yield "mutations", extent.fields, limits.mutations
        else:
            yield "root_fields", extent.fields, limits.root_fields
        yield "introspection", extent.introspection, self._most_introspection


class _Measuring:
    """One pass; a fragment that is met within itself counts nothing there, validation refuses it."""

    def __init__(self, document: DocumentNode, sizes: Sizes, limits: OperationLimits) -> None:
        self._sizes = sizes
        self._limits = limits
        self._level = 0
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._measured: dict[str, DocumentSize] = {}
        self._listed: dict[tuple[str, bool], float] = {}

    def of_fragments(self) -> None:
        """Measure those that nobody spreads, too: they are validated like the others."""
        for name in self._fragments:
            self._of_fragment(name)

    def of_operation(self, operation: OperationDefinitionNode) -> DocumentSize:
        variables = operation.variable_definitions or ()
        self._check_lists([each.default_value for each in variables])
        directives = _directives(operation) + sum(map(_directives, variables))
        return _with_directives(self._of_set(operation.selection_set), directives)

    def _of_set(self, selection_set: SelectionSetNode) -> DocumentSize:
        selections = selection_set.selections
        if len(selections) > self._limits.selections:
            raise _exceeded("selections", self._limits.selections, len(selections))
        if self._level == _MOST_NESTING:
            raise _exceeded("nesting", _MOST_NESTING, _MOST_NESTING + 1)
        self._level += 1
        extent = _beside_each_other([self._of_selection(each) for each in selections])
        self._level -= 1
        return extent

    def _of_selection(self, selection: Any) -> DocumentSize:
        if isinstance(selection, FieldNode):
            extent = self._of_field(selection)
        elif isinstance(selection, FragmentSpreadNode):
            extent = self._of_fragment(selection.name.value)
        else:
            extent = self._of_set(selection.selection_set)
        return _with_directives(extent, _directives(selection))

    def _of_fragment(self, name: str) -> DocumentSize:
        if name not in self._measured:
            self._measured[name] = DocumentSize()
            fragment = self._fragments.get(name)
            if fragment is not None:
                extent = self._of_set(fragment.selection_set)
                self._measured[name] = _with_directives(extent, _directives(fragment))
        return self._measured[name]

    def _of_field(self, field: FieldNode) -> DocumentSize:
        if field.arguments:
            self._check_lists([each.value for each in field.arguments])
        if field.selection_set is None:
            return _ALIASED_LEAF if field.alias else _LEAF
        below = self._of_set(field.selection_set)
        is_introspection = field.name.value in ROOTS
        return replace(
            below,
            fields=1,
            depth=1 if is_introspection else below.depth + 1,
            aliases=below.aliases + (1 if field.alias else 0),
            introspection=self._objects(field, is_chosen=False) if is_introspection else below.introspection,
        )

    def _check_lists(self, values: list[Any]) -> None:
        """Check lists in values as those in variables are; they may be nested too deep to call itself."""
        while values:
            value = values.pop()
            if isinstance(value, ListValueNode):
                check_list_size(value.values, self._limits)
                values += value.values
            elif isinstance(value, ObjectValueNode):
                values += [each.value for each in value.fields]

    def _objects(self, selection: Any, *, is_chosen: bool) -> float:
        """Return how much introspection answers at and below a selection, of all types or of a chosen one."""
        if isinstance(selection, FragmentSpreadNode):
            return self._objects_of_fragment(selection.name.value, is_chosen=is_chosen)
        if not isinstance(selection, FieldNode):
            return self._objects_of_set(selection.selection_set, is_chosen=is_chosen)
        name = selection.name.value
        size = self._sizes.at_most.get(name) if is_chosen else None
        size = self._sizes.on_average.get(name, 1) if size is None else size
        return size * (
            1 + self._objects_of_set(selection.selection_set, is_chosen=is_chosen or name in TO_A_TYPE)
        )

    def _objects_of_set(self, selection_set: SelectionSetNode | None, *, is_chosen: bool) -> float:
        selections = selection_set.selections if selection_set else ()
        return sum([self._objects(each, is_chosen=is_chosen) for each in selections])

    def _objects_of_fragment(self, name: str, *, is_chosen: bool) -> float:
        key = name, is_chosen
        if key not in self._listed:
            self._listed[key] = 0
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._listed[key] = self._objects_of_set(fragment.selection_set, is_chosen=is_chosen)
        return self._listed[key]


def _beside_each_other(extents: list[DocumentSize]) -> DocumentSize:
    return DocumentSize(
        sum([each.fields for each in extents]),
        max([each.depth for each in extents], default=0),
        max([each.nesting for each in extents], default=0) + 1,
        sum([each.aliases for each in extents]),
        sum([each.directives for each in extents]),
        sum([each.introspection for each in extents]),
    )


def _with_directives(extent: DocumentSize, count: int) -> DocumentSize:
    return replace(extent, directives=extent.directives + count) if count else extent


def _exceeded(name: str, most: int, asked: int) -> LimitExceeded:
    return LimitExceeded("GRAPHQL_VALIDATION_FAILED", name, most, asked)


def _directives(node: Any) -> int:
    return len(node.directives or ())
