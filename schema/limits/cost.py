"""The cost of an operation: the objects that its response may hold, and the complexity of planning it.

Costs are known before execution, as upper bounds: what @skip and @include leave out counts, and a field that
is selected twice counts twice. Each selection set is visited once per type, so the time is linear in the
length of the document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_input_object_type,
    is_list_type,
    is_union_type,
    type_from_ast,
)

from schema.limits.settings import MAX_VALUE_DEPTH, LimitExceeded
from schema.planner.fields.connections import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

Values = Mapping[str, Any]
"""The coerced values of variables."""

_BASE = 1
_MUTATION = 10
_FLAT = {"totalCount": 10, "dealAnalytics": 100, "__schema": 1_000, "__type": 10}
"""The flat cost of fields that read or write more than the objects in the response."""

_CONDITION_COST = 5
"""The flat cost of an input object in the arguments of a read: the database may compare every row with it."""

_UNPAGED_ROWS = 10
"""Rows of a list without pages, such as the changes of a history entry."""

# Planning and compiling were measured: one unit of complexity takes about 25 microseconds on a slow machine.
_VALUE, _OBJECT, _TYPE, _LIST, _CONDITION = 1, 10, 25, 50, 4
_OF_CONNECTION = {"pageInfo": 50, "totalCount": 20}

_MAX_WEIGHTS = 64
"""Combinations of page sizes whose costs are kept per operation."""


class Cost(NamedTuple):
    """The most that a request may cost, in objects; ``flat`` is the part that no object causes."""

    requested: int
    flat: int
    complexity: int


@dataclass(frozen=True, slots=True)
class _Weight:
    """The weight of selections.

    ``rows`` are the objects for each row of a page, if the selections are a connection's. ``filters`` counts
    how often each variable is planned as a filter.
    """

    objects: int = 0
    rows: int = 0
    flat: int = 0
    complexity: int = 0
    filters: Mapping[str, int] = field(default_factory=dict)


class _WeighedOperation(NamedTuple):
    """The cost for some page sizes, without that of the variables that are planned as filters."""

    cost: Cost
    filters: Mapping[str, int]


class OperationCost:
    """The costs of one valid operation by the values of its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._operation = operation
        self._size_variables: dict[str, None] = {}
        self._weighed: dict[tuple[int | None, ...], _WeighedOperation] = {}
        self._filter_variables = frozenset(
            each.variable.name.value
            for each in operation.variable_definitions or ()
            if is_input_object_type(get_named_type(type_from_ast(schema, each.type)))
        )
        weighed = self._weigh({})  # also collects the variables that are page sizes
        self._constant = None if self._size_variables or weighed.filters else weighed.cost

    def cost(self, variables: Values) -> Cost:
        """Return the cost of the operation with these variables."""
        if self._constant:
            return self._constant
        sizes = tuple([_size(variables.get(name)) for name in self._size_variables])
        weighed = self._weighed.get(sizes)
        if weighed is None:
            if len(self._weighed) >= _MAX_WEIGHTS:
                self._weighed.clear()
            weighed = self._weighed[sizes] = self._weigh(variables)
        cost, filters = weighed
        if not filters:
            return cost
        conditions = sum(times * _count_objects(variables.get(name)) for name, times in filters.items())
        flat = _CONDITION_COST * conditions
        return Cost(cost.requested + flat, cost.flat + flat, cost.complexity + _CONDITION * conditions)

    def _weigh(self, variables: Values) -> _WeighedOperation:
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            raise TypeError(f"The schema has no {self._operation.operation.value} type.")
        visitor = _CostVisitor(self._schema, self._fragments, variables, self._size_variables)
        weight = visitor.selection_set(root, self._operation.selection_set)
        flat = _BASE + weight.flat
        filters = {name: times for name, times in weight.filters.items() if name in self._filter_variables}
        return _WeighedOperation(Cost(flat + weight.objects, flat, weight.complexity), filters)


@dataclass(slots=True)
class _CostVisitor:
    """Weighs one operation, and collects the variables that are page sizes."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Values
    size_variables: dict[str, None]
    weighed: dict[tuple[int, str], _Weight] = field(default_factory=dict)

    def selection_set(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> _Weight:
        key = id(selection_set), type_.name
        if key not in self.weighed:
            self.weighed[key] = _sum([self.selection(type_, each) for each in selection_set.selections])
        return self.weighed[key]

    def selection(self, type_: GraphQLObjectType, selection: SelectionNode) -> _Weight:
        if isinstance(selection, FieldNode):
            return self.field(type_, selection)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            if condition is None or self.applies(condition.name.value, type_):
                return self.selection_set(type_, selection.selection_set)
            return _Weight()
        if not isinstance(selection, FragmentSpreadNode):
            raise TypeError(f"A selection set holds no {selection.kind}.")
        fragment = self.fragments[selection.name.value]
        if self.applies(fragment.type_condition.name.value, type_):
            return self.selection_set(type_, fragment.selection_set)
        return _Weight()

    def applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        on = self.schema.get_type(condition)
        return on is type_ or (is_abstract_type(on) and self.schema.is_sub_type(on, type_))

    def field(self, parent: GraphQLObjectType, node: FieldNode) -> _Weight:
        name = node.name.value
        is_mutation = parent is self.schema.mutation_type
        flat = _MUTATION if is_mutation else _FLAT.get(name, 0)
        if name.startswith("__"):
            return _Weight(flat=flat, complexity=_VALUE)
        type_ = parent.fields[name].type
        if node.selection_set is None:
            return _Weight(flat=flat, complexity=_OF_CONNECTION.get(name, _VALUE))
        below = self.child(get_named_type(type_), node.selection_set)
        own = self.objects(parent, type_, node, below)
        filters = _Weight() if is_mutation else _arguments_weight(node)
        return _sum([replace(below, objects=0, rows=0), own, replace(filters, flat=flat + filters.flat)])

    def objects(
        self, parent: GraphQLObjectType, type_: GraphQLOutputType, node: FieldNode, below: _Weight
    ) -> _Weight:
        """Return the weight of the objects that a field returns."""
        if _is_connection(get_named_type(type_)):
            objects = 1 + below.objects + self.page_size(node) * below.rows
            return _Weight(objects, complexity=_LIST)
        each = 1 + below.objects
        complexity = _OF_CONNECTION.get(node.name.value, _OBJECT)
        if not is_list_type(get_nullable_type(type_)):
            return _Weight(each, complexity=complexity)
        if _is_connection(parent):
            return _Weight(rows=each, complexity=complexity)
        return _Weight(self.list_length(node) * each, complexity=complexity)

    def child(self, type_: GraphQLNamedType, selection_set: SelectionSetNode) -> _Weight:
        """Return the weight of an object's selections; of an abstract type, that of the heaviest member."""
        if isinstance(type_, GraphQLObjectType):
            return self.selection_set(type_, selection_set)
        if not isinstance(type_, GraphQLAbstractType):
            raise TypeError(f"{type_} has no selections.")
        members = [self.selection_set(each, selection_set) for each in self.schema.get_possible_types(type_)]
        total = _sum([replace(each, complexity=each.complexity + _TYPE) for each in members])
        heaviest = max(each.complexity for each in members) + _TYPE
        return _Weight(
            max(each.objects for each in members),
            flat=max(each.flat for each in members),
            complexity=heaviest if _is_planned_once(type_, selection_set) else total.complexity,
            filters=total.filters,
        )

    def page_size(self, node: FieldNode) -> int:
        """Return the number of rows that a page may have."""
        for name in ("last", "first"):
            size = self.number(_argument(node, name))
            if size is not None:
                return max(0, min(size, MAX_PAGE_SIZE))
        return DEFAULT_PAGE_SIZE

    def list_length(self, node: FieldNode) -> int:
        ids = _argument(node, "ids")
        return _UNPAGED_ROWS if ids is None else self.number(ids) or 1

    def number(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            self.size_variables[value.name.value] = None
            return _size(self.variables.get(value.name.value))
        if isinstance(value, ListValueNode):
            return len(value.values)
        return int(value.value) if isinstance(value, IntValueNode) else None


def _is_planned_once(type_: GraphQLAbstractType, selection_set: SelectionSetNode) -> bool:
    """Tell whether one object is planned for all types: for a union, the one of the payload."""
    if is_union_type(type_):
        return True
    return type_.name != "Node" and all(isinstance(each, FieldNode) for each in selection_set.selections)


def _sum(weights: Iterable[_Weight]) -> _Weight:
    objects = rows = flat = complexity = 0
    filters: dict[str, int] = {}
    for each in weights:
        objects += each.objects
        rows += each.rows
        flat += each.flat
        complexity += each.complexity
        for name, times in each.filters.items():
            filters[name] = filters.get(name, 0) + times
    return _Weight(objects, rows, flat, complexity, filters)


def _is_connection(type_: GraphQLNamedType) -> bool:
    return isinstance(type_, GraphQLObjectType) and "pageInfo" in type_.fields


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((each.value for each in node.arguments or () if each.name.value == name), None)


def _size(value: list[object] | int | None) -> int | None:
    return len(value) if isinstance(value, list) else value


def _arguments_weight(node: FieldNode) -> _Weight:
    """Return the weight of a field's arguments: of each input object in them, literal or in a variable."""
    return _sum([_value_weight(each.value) for each in node.arguments or ()])


def _value_weight(value: ValueNode, depth: int = 0) -> _Weight:
    if depth > MAX_VALUE_DEPTH:
        raise LimitExceeded("TOO_COSTLY", "value_depth", MAX_VALUE_DEPTH, depth)
    if isinstance(value, VariableNode):
        return _Weight(filters={value.name.value: 1})
    if isinstance(value, ListValueNode):
        return _sum([_value_weight(each, depth + 1) for each in value.values])
    if isinstance(value, ObjectValueNode):
        within = [_value_weight(each.value, depth + 1) for each in value.fields]
        return _sum([_Weight(flat=_CONDITION_COST, complexity=_CONDITION), *within])
    return _Weight()


def _count_objects(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_count_objects, value.values()))
    return sum(map(_count_objects, value)) if isinstance(value, list) else 0
