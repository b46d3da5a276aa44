"""What an operation costs: how many objects its answer may hold, and how much of it there is to plan.

Each selection set is weighed once for a type, so a document takes time by its length. What @skip and @include
leave out counts, and what is asked twice counts twice: costs are upper bounds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_input_object_type,
    is_leaf_type,
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
"""What is paid beside the objects, because more is read or written than told."""

_UNPAGED = 10
"""Rows of a list that has no pages, such as what changed: few, and not for the caller to say."""

# Planning and compiling were measured: a unit takes about 25 microseconds on a slow machine.
_VALUE, _OBJECT, _TYPE, _LIST, _CONDITION = 1, 10, 25, 50, 4
_OF_LIST = {"pageInfo": 50, "totalCount": 20}

_MOST_WEIGHTS = 64
"""How many sizes of pages an operation is kept weighed for."""


class Cost(NamedTuple):
    """What one request may cost, in objects; ``flat`` of it however many there are."""

    requested: int
    flat: int
    complexity: int


class OperationCost:
    """The costs of one valid operation, by the values of its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._operation = operation
        self._sizes: dict[str, None] = {}
        self._weighed: dict[tuple[int | None, ...], _Weighed] = {}
        self._may_filter = frozenset(_variables_of_objects(schema, operation))
        weighed = self._weigh({})  # notes which variables are sizes
        self._always = None if self._sizes or weighed.filters else weighed.cost

    def cost(self, variables: Values) -> Cost:
        """Return what the operation may cost with these variables."""
        return self._always or self._cost_with(variables)

    def _cost_with(self, variables: Values) -> Cost:
        sizes = tuple([_size(variables.get(name)) for name in self._sizes])
        cost, filters = self._weighed.get(sizes) or self._keep(sizes, self._weigh(variables))
        if not filters:
            return cost
        conditions = sum(times * _objects_in(variables.get(name)) for name, times in filters.items())
        return cost._replace(complexity=cost.complexity + _CONDITION * conditions)

    def _weigh(self, variables: Values) -> "_Weighed":
        weighing = _Weighing(self._schema, self._fragments, variables, self._sizes)
        root: Any = self._schema.get_root_type(self._operation.operation)
        weight = weighing.of_set(root, self._operation.selection_set)
        flat = _BASE + weight.flat
        filters = {name: times for name, times in weight.filters.items() if name in self._may_filter}
        return _Weighed(Cost(flat + weight.objects, flat, weight.complexity), filters)

    def _keep(self, sizes: tuple[int | None, ...], weighed: "_Weighed") -> "_Weighed":
        if len(self._weighed) >= _MOST_WEIGHTS:
            self._weighed.clear()
        self._weighed[sizes] = weighed
        return weighed


class _Weighed(NamedTuple):
    """What an operation costs with pages of some sizes, but for the variables that are planned as filters."""

    cost: Cost
    filters: Mapping[str, int]


def _variables_of_objects(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Iterable[str]:
    for each in operation.variable_definitions or ():
        type_: Any = type_from_ast(schema, each.type)
        if is_input_object_type(get_named_type(type_)):
            yield each.variable.name.value


@dataclass(frozen=True, slots=True)
class _Weight:
    """What selections weigh.

    ``rows`` are the objects that each row of a page adds, where the selections are a connection's.
    ``filters`` says how often each variable is planned as a filter.
    """

    objects: int = 0
    rows: int = 0
    flat: int = 0
    complexity: int = 0
    filters: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Weighing:
    """One pass; it notes the variables that are sizes."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Values
    sizes: dict[str, None]
    weighed: dict[tuple[int, str], _Weight] = field(default_factory=dict)

    def of_set(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> _Weight:
        key = id(selection_set), type_.name
        if key not in self.weighed:
            self.weighed[key] = _sum([self.of(type_, each) for each in selection_set.selections])
        return self.weighed[key]

    def of(self, type_: GraphQLObjectType, selection: Any) -> _Weight:
        if isinstance(selection, FieldNode):
            return self.of_field(type_, selection)
        if isinstance(selection, FragmentSpreadNode):
            selection = self.fragments[selection.name.value]
        condition = selection.type_condition
        if condition is None or self.applies(condition.name.value, type_):
            return self.of_set(type_, selection.selection_set)
        return _Weight()

    def applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        on: Any = self.schema.get_type(condition)
        return on is type_ or (is_abstract_type(on) and self.schema.is_sub_type(on, type_))

    def of_field(self, parent: GraphQLObjectType, node: FieldNode) -> _Weight:
        name = node.name.value
        is_mutation = parent is self.schema.mutation_type
        flat = _MUTATION if is_mutation else _FLAT.get(name, 0)
        if name.startswith("__"):
            return _Weight(flat=flat, complexity=_VALUE)
        type_ = parent.fields[name].type
        if is_leaf_type(get_named_type(type_)):
            return _Weight(flat=flat, complexity=_OF_LIST.get(name, _VALUE))
        below = self.below(get_named_type(type_), node.selection_set)
        own = self.objects(parent, type_, node, below)
        filters = _Weight() if is_mutation else _filters(node)
        return _sum([replace(below, objects=0, rows=0), own, replace(filters, flat=flat)])

    def objects(self, parent: GraphQLObjectType, type_: Any, node: FieldNode, below: _Weight) -> _Weight:
        """Return the weight of the objects that stand at a field."""
        named: Any = get_named_type(type_)
        if _is_connection(named):
            objects = 1 + below.objects + self.page(node) * below.rows
            return _Weight(objects, complexity=_LIST)
        each = 1 + below.objects
        complexity = _OF_LIST.get(node.name.value, _OBJECT)
        if not is_list_type(get_nullable_type(type_)):
            return _Weight(each, complexity=complexity)
        if _is_connection(parent):
            return _Weight(rows=each, complexity=complexity)
        return _Weight(self.length(node) * each, complexity=complexity)

    def below(self, type_: Any, selection_set: Any) -> _Weight:
        """Return the weight of what is asked of an object; of an abstract type, of the heaviest."""
        if not is_abstract_type(type_):
            return self.of_set(type_, selection_set)
        members = [self.of_set(each, selection_set) for each in self.schema.get_possible_types(type_)]
        all_ = _sum([replace(each, complexity=each.complexity + _TYPE) for each in members])
        heaviest = max(each.complexity for each in members) + _TYPE
        return _Weight(
            max(each.objects for each in members),
            flat=max(each.flat for each in members),
            complexity=heaviest if self.is_planned_once(type_, selection_set) else all_.complexity,
            filters=all_.filters,
        )

    def is_planned_once(self, type_: Any, selection_set: SelectionSetNode) -> bool:
        """Say whether one object is planned for all types: of a union the one that is answered."""
        return is_union_type(type_) or (type_.name != "Node" and _asks_alike(selection_set))

    def page(self, node: FieldNode) -> int:
        """Return how many rows a page may have."""
        for name in ("last", "first"):
            size = self.number(_argument(node, name))
            if size is not None:
                return max(0, min(size, MAX_PAGE_SIZE))
        return DEFAULT_PAGE_SIZE

    def length(self, node: FieldNode) -> int:
        ids = _argument(node, "ids")
        return _UNPAGED if ids is None else self.number(ids) or 1

    def number(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            self.sizes[value.name.value] = None
            return _size(self.variables.get(value.name.value))
        if isinstance(value, ListValueNode):
            return len(value.values)
        return int(value.value) if isinstance(value, IntValueNode) else None


def _asks_alike(selection_set: SelectionSetNode) -> bool:
    return all(isinstance(each, FieldNode) for each in selection_set.selections)


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


def _size(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else value


def _filters(node: FieldNode) -> _Weight:
    """Return the weight of a field's arguments: of each input object in them, written or in a variable."""
    return _sum([_weight_of(each.value) for each in node.arguments or ()])


def _weight_of(value: ValueNode, depth: int = 0) -> _Weight:
    if depth > MAX_VALUE_DEPTH:
        raise LimitExceeded("TOO_COSTLY", "value_depth", MAX_VALUE_DEPTH, depth)
    if isinstance(value, VariableNode):
        return _Weight(filters={value.name.value: 1})
    if isinstance(value, ListValueNode):
        return _sum([_weight_of(each, depth + 1) for each in value.values])
    if isinstance(value, ObjectValueNode):
        within = [_weight_of(each.value, depth + 1) for each in value.fields]
        return _sum([_Weight(complexity=_CONDITION), *within])
    return _Weight()


def _objects_in(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_objects_in, value.values()))
    return sum(map(_objects_in, value)) if isinstance(value, list) else 0
