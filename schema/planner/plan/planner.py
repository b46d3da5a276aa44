"""The planner: walks the selections of a valid operation and compiles them into one SQL statement."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLString,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues
from sqlalchemy import Dialect, FromClause, case, or_, select
from sqlmodel import SQLModel

from db.domain.caller import Caller
from db.sql.statements import Statement
from schema.planner.errors import BadInput, InvalidArguments, locate
from schema.planner.plan.catalog import Catalog, Source
from schema.planner.plan.field_collector import FieldCollector
from schema.planner.plan.parameters import ArgumentRef, Binding, Parameters
from schema.planner.sql.expressions import NO_ROW, JsonText, RawText, RowExpression

TYPENAME_KEY = "type of object"
"""The key of an object's type name for graphql-core. No response key has spaces."""

_CHARACTER_BYTES, _VALUE_BYTES = 4, 4_000
"""Memory of a plan for each character of its SQL and for each of its parameters, as measured."""

_TYPENAME = "__typename"
_TYPENAME_FIELD = GraphQLField(GraphQLString)
_INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled read: one statement that returns one value, JSON text. Requests only bind parameters."""

    statement: Statement
    constants: Mapping[str, object]
    bindings: Sequence[Binding]
    bytes: int = 0
    """About the memory that the plan takes."""

    def values(
        self, variables: VariableValues, caller: Caller, params: Mapping[str, object] = MappingProxyType({})
    ) -> dict[str, object]:
        """Return the statement's parameters for one request.

        ``params`` are values that the server sends itself, for fields declared with ``param`` and the like.

        Raises:
            InvalidArguments: arguments can't be used, such as a cursor of another list.
        """
        try:
            bound = {binding.name: binding.value(variables) for binding in self.bindings}
        except (BadInput, GraphQLError):
            raise InvalidArguments(_binding_errors(self.bindings, variables)) from None
        return {
            **self.constants,
            **bound,
            "organization": caller.organization_id,
            "user": caller.user_id,
            "today": caller.today,
            **params,
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """A field to be answered: its definition, the name of its parent type, and all nodes that select it.

    ``path`` are the keys of the response down to the field, without indices of lists.
    """

    planner: "Planner"
    parent: str
    field: GraphQLField
    nodes: Sequence[FieldNode]
    path: tuple[str, ...]

    @property
    def type_name(self) -> str:
        """The name of the field's type, without list and non-null."""
        return get_named_type(self.field.type).name

    @property
    def is_abstract(self) -> bool:
        """Whether the field's type is an interface or a union."""
        return is_abstract_type(get_named_type(self.field.type))

    @property
    def is_required(self) -> bool:
        """Whether the field is non-null."""
        return is_non_null_type(self.field.type)

    @property
    def arguments(self) -> ArgumentRef:
        """The field's arguments, with their defaults."""
        return self.planner.parameters.arguments(self.field, self.nodes, self.path)

    def is_argument_sent(self, name: str) -> bool:
        """Return whether the request sends an argument, so that its default does not apply."""
        for argument in self.nodes[0].arguments or ():
            if argument.name.value == name:
                value = argument.value
                coerced = self.planner.parameters.variables.coerced
                return not isinstance(value, VariableNode) or value.name.value in coerced
        return False

    def subselections(self, type_name: str) -> dict[str, "Selection"]:
        """Return the fields selected of this field's object if it is of the type, by response key."""
        return self.planner.selections(type_name, [node.selection_set for node in self.nodes], self.path)

    def json(self, row: FromClause, sources: Mapping[str, Source]) -> JsonText:
        """Return this field's value; ``sources`` are those of its object, which is read from ``row``.

        If an argument can't be used, that is an error of the planner's, and the value is null.
        """
        name = self.nodes[0].name.value
        if name == _TYPENAME and name not in sources:
            return JsonText([f'"{self.parent}"'])
        try:
            return sources[name](self, row)
        except (BadInput, GraphQLError) as error:
            self.planner.errors.append(locate(error, self.nodes, self.path))
            return JsonText(["null"])

    def json_object(
        self,
        row: FromClause,
        *,
        type_name: str | None = None,
        sources: Mapping[str, Source] | None = None,
        with_typename: bool = False,
    ) -> JsonText:
        """Return the object that this field shows, read from ``row``: ``'{"id":' || ... || '}'``.

        ``type_name`` is that of the object, by default the field's. ``sources`` replace those of the type.
        Set ``with_typename`` where the object's type isn't known from the field's. The object of a table's
        interface is of the implementation whose condition ``row`` meets; NULL if there is none.
        """
        name = type_name or self.type_name
        implementations = self.planner.catalog.implementations(name)
        if implementations:
            return self._implementation(implementations, row)
        return self.planner.json_object(
            name, self.subselections(name), row, sources=sources, with_typename=with_typename
        )

    def _implementation(self, implementations: Mapping[str, RowExpression], row: FromClause) -> JsonText:
        """Return ``CASE WHEN <row is an A> THEN <object of type A> WHEN <row is a B> THEN ... END``."""
        planner = self.planner
        first, *others = subselections = [self.subselections(name) for name in implementations]
        if planner.with_typename or any(not _is_same(first, each) for each in others):
            objects = [
                (condition(row.c), self.json_object(row, type_name=name, with_typename=True))
                for name, condition in implementations.items()
            ]
            return JsonText([case(*objects)])
        # The same is selected of each implementation: plan it once, and only choose the name of the type.
        names = [(condition(row.c), JsonText([f'"{name}"'])) for name, condition in implementations.items()]
        typename: Source = lambda *_: JsonText([case(*names)])  # noqa: E731
        sources = {**planner.catalog.sources[next(iter(implementations))], _TYPENAME: typename}
        text = planner.json_object("", subselections[0], row, sources=sources)
        return JsonText([case((or_(*[condition for condition, _ in names]), text))])


@dataclass(slots=True)
class Planner:
    """Plans one operation, or one root field of it, for one ``variables_shape``.

    ``with_typename`` adds the type's name to objects whose type isn't known from the field, under
    ``TYPENAME_KEY``: graphql-core needs it, a planned answer does not. ``errors`` are those of fields with
    arguments that can't be used; each plan raises them as InvalidArguments.
    """

    catalog: Catalog
    dialect: Dialect
    collector: FieldCollector
    with_typename: bool = False
    parameters: Parameters = field(init=False)
    errors: list[GraphQLError] = field(init=False, default_factory=list)
    _aliases: Counter[type[SQLModel]] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        self.parameters = Parameters(self.collector.variables)

    def plan_query(self, root: GraphQLObjectType, selection_set: SelectionSetNode) -> Plan | None:
        """Return the plan of a whole query, whose statement returns ``{"data":{...}}``.

        None if it selects introspection, which only graphql-core answers.
        """
        selections = self.selections(root.name, [selection_set])
        if any(each.nodes[0].name.value in _INTROSPECTION for each in selections.values()):
            return None
        return self._compile(JsonText(['{"data":', self.json_object(root.name, selections, NO_ROW), "}"]))

    def plan_root_field(self, root: GraphQLObjectType, name: str, nodes: Sequence[FieldNode]) -> Plan:
        """Return the plan of one root field, whose statement returns the field's value."""
        selection = Selection(self, root.name, root.fields[name], nodes, (response_key(nodes),))
        return self._compile(selection.json(NO_ROW, self.catalog.sources[root.name]))

    def plan_payload(
        self, root: GraphQLObjectType, name: str, nodes: Sequence[FieldNode], type_name: str
    ) -> Plan:
        """Return the plan of a mutation's payload, ``type_name`` being the member of its union."""
        selection = Selection(self, root.name, root.fields[name], nodes, (response_key(nodes),))
        return self._compile(selection.json_object(NO_ROW, type_name=type_name))

    def selections(
        self,
        type_name: str,
        selection_sets: Sequence[SelectionSetNode | None],
        path: tuple[str, ...] = (),
    ) -> dict[str, Selection]:
        """Return the fields selected of an object of the type, by response key; ``path`` is the object's."""
        type_ = self.collector.schema.get_type(type_name)
        if not isinstance(type_, GraphQLObjectType):
            raise TypeError(f"{type_name} is no object type, so no fields can be selected of it.")
        found = self.collector.collect(type_, selection_sets)
        return {
            key: Selection(
                self,
                type_name,
                type_.fields.get(nodes[0].name.value, _TYPENAME_FIELD),
                nodes,
                (*path, key),
            )
            for key, nodes in found.items()
        }

    def json_object(
        self,
        type_name: str,
        selections: Mapping[str, Selection],
        row: FromClause,
        *,
        sources: Mapping[str, Source] | None = None,
        with_typename: bool = False,
    ) -> JsonText:
        """Return the object of a type with these fields, read from ``row``."""
        sources = self.catalog.sources[type_name] if sources is None else sources
        members = [JsonText([f'"{key}":', each.json(row, sources)]) for key, each in selections.items()]
        if with_typename and self.with_typename:
            members.append(JsonText([f'"{TYPENAME_KEY}":"{type_name}"']))
        with_commas = [part for member in members for part in (",", member)][1:]
        return JsonText(["{", *with_commas, "}"])

    def next_alias_number(self, model: type[SQLModel]) -> int:
        """Return how often this plan already uses the model's table, and count one use more."""
        number = self._aliases[model]
        self._aliases[model] += 1
        return number

    def _compile(self, answer: JsonText) -> Plan:
        if self.errors:
            parameters = self.parameters
            raise InvalidArguments(
                [*self.errors, *_binding_errors(parameters.bindings, parameters.variables)]
            )
        statement = Statement.compile_once(self.dialect, select(RawText(answer).label("answer")))
        parameters = self.parameters
        values = len(parameters.constants) + len(parameters.bindings)
        size = _CHARACTER_BYTES * len(statement.compiled(self.dialect).sql) + _VALUE_BYTES * values
        return Plan(statement, parameters.constants, parameters.bindings, size)


def _binding_errors(bindings: Iterable[Binding], variables: VariableValues) -> Iterator[GraphQLError]:
    for binding in bindings:
        try:
            binding.value(variables)
        except (BadInput, GraphQLError) as error:
            yield locate(error, binding.site.nodes, binding.site.response_path)


def response_key(nodes: Sequence[FieldNode]) -> str:
    """Return the key that a field has in the response."""
    return nodes[0].alias.value if nodes[0].alias else nodes[0].name.value


def _is_same(selections: Mapping[str, Selection], others: Mapping[str, Selection]) -> bool:
    """Return whether two objects' fields are selected by the same nodes in the same order."""
    return [each.nodes for each in selections.values()] == [each.nodes for each in others.values()]
