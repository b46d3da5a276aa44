"""Limits of a document's size: depth, nesting, aliases, directives, root fields, lists and introspection.

One pass over the parsed document, before validation. Each fragment is measured once, so the time is linear in
the length of the document, whatever its fragments expand to.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    parse,
)

from schema.limits.introspection import (
    INTROSPECTION_FIELDS,
    LARGEST_QUERY,
    IntrospectionCounter,
    ListSizes,
)
from schema.limits.settings import LimitExceeded, OperationLimits, check_list_size

_MAX_NESTING = 60
"""Selection sets within one another, including those of fragments. Each later step recurses once per set."""

_MAX_REPORTED = 10**9
"""The largest number in a message; fragments that double would fill a page."""


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """The size of a selection set with its fragments; ``fields`` counts those of its own level only."""

    fields: int = 0
    depth: int = 0
    nesting: int = 0
    aliases: int = 0
    directives: int = 0
    introspection: float = 0


_LEAF, _ALIASED_LEAF = DocumentSize(fields=1, depth=1), DocumentSize(fields=1, depth=1, aliases=1)


class DocumentLimiter:
    """Checks documents for one schema."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits) -> None:
        self._limits = limits
        self._list_sizes = ListSizes.from_schema(schema)
        unlimited = limits.model_copy(update={"selections": sys.maxsize})
        [(_, standard)] = self._sizes(parse(LARGEST_QUERY), unlimited)
        self._max_introspection = round(standard.introspection)

    def check(self, document: DocumentNode) -> None:
        """Check every operation of a parsed document, which may be invalid.

        Raises:
            LimitExceeded: an operation exceeds a limit.
        """
        for type_, size in self._sizes(document, self._limits):
            for name, actual, maximum in self._comparisons(type_, size):
                if actual > maximum:
                    raise _exceeded(name, maximum, min(round(actual), _MAX_REPORTED))

    def _sizes(
        self, document: DocumentNode, limits: OperationLimits
    ) -> list[tuple[OperationType, DocumentSize]]:
        visitor = _SizeVisitor(document, self._list_sizes, limits)
        visitor.measure_fragments()
        return [
            (each.operation, visitor.measure_operation(each))
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode)
        ]

    def _comparisons(self, type_: OperationType, size: DocumentSize) -> Iterator[tuple[str, float, int]]:
        limits = self._limits
        yield "nesting", size.nesting, _MAX_NESTING
        yield "depth", size.depth, limits.depth
        yield "aliases", size.aliases, limits.aliases
        yield "directives", size.directives, limits.directives
        if type_ is OperationType.MUTATION:
            yield "mutations", size.fields, limits.mutations
        else:
            yield "root_fields", size.fields, limits.root_fields
        yield "introspection", size.introspection, self._max_introspection


class _SizeVisitor:
    """Measures one document."""

    def __init__(self, document: DocumentNode, list_sizes: ListSizes, limits: OperationLimits) -> None:
        self._limits = limits
        self._level = 0
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._measured: dict[str, DocumentSize] = {}
        self._introspection = IntrospectionCounter(list_sizes, self._fragments)

    def measure_fragments(self) -> None:
        """Measure all fragments, because those that are not spread are validated as well."""
        for name in self._fragments:
            self._fragment(name)

    def measure_operation(self, operation: OperationDefinitionNode) -> DocumentSize:
        variables = operation.variable_definitions or ()
        self._check_lists(each.default_value for each in variables)
        size = _add_directives(self._selection_set(operation.selection_set), operation.directives)
        for variable in variables:
            size = _add_directives(size, variable.directives)
        return size

    def _selection_set(self, selection_set: SelectionSetNode) -> DocumentSize:
        selections = selection_set.selections
        if len(selections) > self._limits.selections:
            raise _exceeded("selections", self._limits.selections, len(selections))
        if self._level == _MAX_NESTING:
            raise _exceeded("nesting", _MAX_NESTING, _MAX_NESTING + 1)
        self._level += 1
        sizes = [self._selection(each) for each in selections]
        self._level -= 1
        return DocumentSize(
            sum([each.fields for each in sizes]),
            max([each.depth for each in sizes], default=0),
            max([each.nesting for each in sizes], default=0) + 1,
            sum([each.aliases for each in sizes]),
            sum([each.directives for each in sizes]),
            sum([each.introspection for each in sizes]),
        )

    def _selection(self, selection: SelectionNode) -> DocumentSize:
        if isinstance(selection, FieldNode):
            size = self._field(selection)
        elif isinstance(selection, InlineFragmentNode):
            size = self._selection_set(selection.selection_set)
        elif isinstance(selection, FragmentSpreadNode):
            size = self._fragment(selection.name.value)
        else:
            raise TypeError(f"A selection set holds no {selection.kind}.")
        return _add_directives(size, selection.directives)

    def _fragment(self, name: str) -> DocumentSize:
        if name not in self._measured:
            self._measured[name] = DocumentSize()  # for a fragment within itself, which validation rejects
            fragment = self._fragments.get(name)
            if fragment is not None:
                size = self._selection_set(fragment.selection_set)
                self._measured[name] = _add_directives(size, fragment.directives)
        return self._measured[name]

    def _field(self, field: FieldNode) -> DocumentSize:
        if field.arguments:
            self._check_lists(each.value for each in field.arguments)
        if field.selection_set is None:
            return _ALIASED_LEAF if field.alias else _LEAF
        below = self._selection_set(field.selection_set)
        is_introspection = field.name.value in INTROSPECTION_FIELDS
        return replace(
            below,
            fields=1,
            depth=1 if is_introspection else below.depth + 1,
            aliases=below.aliases + (1 if field.alias else 0),
            introspection=self._introspection.count(field) if is_introspection else below.introspection,
        )

    def _check_lists(self, values: Iterable[ValueNode | None]) -> None:
        """Check the lists within values, without recursion: they may be nested too deep for it."""
        unchecked = list(values)
        while unchecked:
            value = unchecked.pop()
            if isinstance(value, ListValueNode):
                check_list_size(value.values, self._limits)
                unchecked += value.values
            elif isinstance(value, ObjectValueNode):
                unchecked += [each.value for each in value.fields]


def _add_directives(size: DocumentSize, directives: Sequence[DirectiveNode] | None) -> DocumentSize:
    return replace(size, directives=size.directives + len(directives)) if directives else size


def _exceeded(name: str, maximum: int, actual: int) -> LimitExceeded:
    return LimitExceeded("GRAPHQL_VALIDATION_FAILED", name, maximum, actual)
