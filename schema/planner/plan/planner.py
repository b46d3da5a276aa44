"""From a valid GraphQL operation to one SQL statement, from a request's variables to its parameters."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues
from sqlalchemy import BindParameter, Date, Dialect, bindparam, case, or_, select

from db.domain.caller import Caller
from db.sql.column_types import Id
from db.sql.statements import Statement
from schema.planner.plan.catalog import Catalog, Source
from schema.planner.plan.field_collector import FieldCollector
from schema.planner.plan.variables import ArgumentSite, variable_reader
from schema.planner.sql.expressions import JsonText, RawText, SqlExpression, TextPart

ORGANIZATION_ID: BindParameter[Any] = bindparam("organization", type_=Id())
"""The caller's organization; every table that is read is confined to it."""

USER_ID: BindParameter[Any] = bindparam("user", type_=Id())
TODAY: BindParameter[Any] = bindparam("today", type_=Date())
"""The day of the request in UTC."""

TYPENAME_KEY = "type of object"
"""Where the type of an object is noted for an executor; no response key can be the same."""

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Binding:
    """One parameter of a statement: where its value comes from, and how to turn it."""

    name: str
    read: Callable[[VariableValues], Any]
    convert: Converter | None

    def value(self, variables: VariableValues) -> Any:
        """Return the parameter for these variables."""
        value = self.read(variables)
        return value if self.convert is None else self.convert(value)


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled read: the statement returns the answer's JSON text, a request binds values only."""

    statement: Statement
    constants: Mapping[str, Any]
    bindings: Sequence[Binding]

    def values(
        self, variables: VariableValues, caller: Caller, params: Mapping[str, Any] = MappingProxyType({})
    ) -> dict[str, Any]:
        """Return the statement's values for one request; ``params`` are those that the server brings itself.

        Raises:
            BadInput: an argument's value can't be what it should be, such as a foreign cursor.
        """
        return {
            **self.constants,
            **{binding.name: binding.value(variables) for binding in self.bindings},
            "organization": caller.organization_id,
            "user": caller.user_id,
            "today": caller.today,
            **params,
        }


@dataclass(frozen=True, slots=True)
class ArgumentRef:
    """A value whose shape is known when planning, and whose content each request brings anew."""

    planner: "Planner"
    site: ArgumentSite
    path: tuple[str | int, ...]
    value: Any

    def __bool__(self) -> bool:
        return self.value is not None

    def __getitem__(self, key: str | int) -> "ArgumentRef":
        """Return what stands below ``key``; absent and null are the same."""
        inner = self.value.get(key) if isinstance(key, str) else self.value[key]
        return ArgumentRef(self.planner, self.site, (*self.path, key), inner)

    def items(self) -> list[tuple[str, "ArgumentRef"]]:
        """Return an input object's fields that hold a value."""
        return [(key, self[key]) for key, inner in self.value.items() if inner is not None]

    def elements(self) -> list["ArgumentRef"]:
        """Return a list's elements."""
        return [self[index] for index in range(len(self.value))]

    def bind(self, type_: Any, convert: Converter | None = None) -> BindParameter[Any]:
        """Return the parameter that takes this value, turned by ``convert``, in every request."""
        return self.planner.bind(self, type_, convert)


@dataclass(frozen=True, slots=True)
class Selection:
    """One field of an answer: its definition, every node that asks for it, and its arguments."""

    planner: "Planner"
    parent: str
    field: GraphQLField
    nodes: Sequence[FieldNode]

    @property
    def type_name(self) -> str:
        """The name of the field's type, without list and non-null."""
        return get_named_type(self.field.type).name

    @property
    def is_abstract(self) -> bool:
        """Whether objects of several types may stand here."""
        return is_abstract_type(get_named_type(self.field.type))

    @property
    def is_required(self) -> bool:
        """Whether the field is never null."""
        return is_non_null_type(self.field.type)

    @property
    def arguments(self) -> ArgumentRef:
        """The field's arguments, with their defaults."""
        return self.planner.arguments(self.field, self.nodes[0])

    def is_argument_sent(self, argument: str) -> bool:
        """Say whether the request sends the argument itself, rather than leaving it to its default."""
        for sent in self.nodes[0].arguments or ():
            if sent.name.value == argument:
                by_variable = isinstance(sent.value, VariableNode)
                return not by_variable or sent.value.name.value in self.planner.variables.coerced  # type: ignore[attr-defined]
        return False

    def object(
        self,
        row: Any,
        *,
        type_name: str | None = None,
        sources: Mapping[str, Source] | None = None,
        named: bool = False,
    ) -> JsonText:
        """Return the JSON object of this field over ``row``.

        ``sources`` stand in for those of the type; ``named`` adds the type where the field's is abstract.
        Of an interface over a table, it is the object of the member as which the row shows.
        """
        name = type_name or self.type_name
        members = self.planner.catalog.members(name)
        if members:
            return self._member(members, row)
        return self.planner.object(name, self.parts(name), row, sources=sources, named=named)

    def _member(self, members: Mapping[str, Callable[[Any], SqlExpression]], row: Any) -> JsonText:
        first, *others = parts = [self.parts(name) for name in members]
        if not self.planner.with_typename and all(_is_same(first, each) for each in others):
            return self._any_member(members, row, parts[0])
        objects = [
            (shows(row.c), self.object(row, type_name=name, named=True)) for name, shows in members.items()
        ]
        return JsonText([case(*objects)])

    def _any_member(
        self, members: Mapping[str, Callable[[Any], SqlExpression]], row: Any, parts: dict[str, "Selection"]
    ) -> JsonText:
        """Return the object where the same is asked of each member: planned once, not once for each."""
        names = [(shows(row.c), JsonText([f'"{name}"'])) for name, shows in members.items()]
        sources = self.planner.catalog.sources[next(iter(members))]
        type_name: Source = lambda *_: JsonText([case(*names)])  # noqa: E731
        text = self.planner.object("", parts, row, sources={**sources, "__typename": type_name})
        return JsonText([case((or_(*[is_shown for is_shown, _ in names]), text))])

    def parts(self, type_name: str) -> dict[str, "Selection"]:
        """Return the fields below this one, by response key, for an object of the type."""
        return self.planner.selections(type_name, [node.selection_set for node in self.nodes])

    def text(self, row: Any, sources: Mapping[str, Source]) -> JsonText:
        """Return this field of an object over ``row`` as JSON text."""
        name = self.nodes[0].name.value
        if name == "__typename" and name not in sources:
            return JsonText([f'"{self.parent}"'])
        return sources[name](self, row)


@dataclass(slots=True)
class Planner:
    """Plans one operation, or one field of it, for one shape of its variables.

    ``names_types`` adds the concrete type to objects of abstract types, for an executor that must know it.
    """

    catalog: Catalog
    dialect: Dialect
    collector: FieldCollector
    with_typename: bool = False
    _constants: dict[str, Any] = field(default_factory=dict)
    _bindings: list[Binding] = field(default_factory=list)
    _numbers: Counter[Any] = field(default_factory=Counter)

    @property
    def variables(self) -> VariableValues:
        """The variables whose shape is planned for."""
        return self.collector.variables

    def plan(self, answer: JsonText) -> Plan:
        """Return the plan of a statement that answers with this text."""
        statement = Statement.compile_once(self.dialect, select(RawText(answer).label("answer")))
        return Plan(statement, self._constants, self._bindings)

    def selections(self, type_name: str, selection_sets: Sequence[Any]) -> dict[str, Selection]:
        """Return what is asked of an object of the type, by response key."""
        type_ = self.collector.schema.get_type(type_name)
        if not isinstance(type_, GraphQLObjectType):
            raise TypeError(f"{type_name} is no object type, so there is nothing to select of it.")
        found = self.collector.collect(type_, selection_sets)
        return {
            key: Selection(self, type_name, _field_of(type_, nodes[0]), nodes) for key, nodes in found.items()
        }

    def object(
        self,
        type_name: str,
        parts: Mapping[str, Selection],
        row: Any,
        *,
        sources: Mapping[str, Source] | None = None,
        named: bool = False,
    ) -> JsonText:
        """Return the JSON object of a type over ``row`` that has these fields, by response key."""
        sources = self.catalog.sources[type_name] if sources is None else sources
        members = [JsonText([f'"{key}":', part.text(row, sources)]) for key, part in parts.items()]
        if named and self.with_typename:
            members.append(JsonText([f'"{TYPENAME_KEY}":"{type_name}"']))
        return JsonText(["{", *_with_commas(members), "}"])

    def arguments(self, field_: GraphQLField, node: FieldNode) -> ArgumentRef:
        """Return a field's arguments, with their defaults."""
        site = ArgumentSite(field_, node)
        return ArgumentRef(self, site, (), site.values(self.variables))

    def next_alias_number(self, model: Any) -> int:
        """Return how often this was asked for the model before."""
        number = self._numbers[model]
        self._numbers[model] += 1
        return number

    def bind(self, late: ArgumentRef, type_: Any, convert: Converter | None) -> BindParameter[Any]:
        """Register a parameter; what no variable decides is turned here, once."""
        name = f"p{len(self._constants) + len(self._bindings)}"
        read = variable_reader(late.site, late.path, self.variables)
        if read is None:
            self._constants[name] = late.value if convert is None else convert(late.value)
        else:
            self._bindings.append(Binding(name, read, convert))
        return bindparam(name, type_=type_)


def _is_same(parts: Mapping[str, Selection], others: Mapping[str, Selection]) -> bool:
    """Say whether the same nodes ask for two objects' fields, in the same order."""
    return [each.nodes for each in parts.values()] == [each.nodes for each in others.values()]


def _with_commas(members: Sequence[TextPart]) -> list[TextPart]:
    return [piece for member in members for piece in (",", member)][1:]


_TYPENAME = GraphQLField(None)  # type: ignore[arg-type]


def _field_of(type_: GraphQLObjectType, node: FieldNode) -> GraphQLField:
    found: GraphQLField = type_.fields.get(node.name.value, _TYPENAME)
    return found
