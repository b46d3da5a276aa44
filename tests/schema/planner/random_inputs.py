"""Random values of arguments: literals in the document, with variables at any depth."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from db.sql.tables import table_of
from schema.planner.plan.catalog import Catalog

DEEPEST = 2
"""The depth of filters within filters."""


@dataclass(frozen=True, slots=True)
class Material:
    """The values that arguments are drawn from.

    ``ids`` has own, foreign and missing ids by prefix. ``cursors`` has some orders by the type of a list's rows,
    each with cursors of the list in this order.
    """

    catalog: Catalog
    ids: Mapping[str, Sequence[str]]
    texts: Sequence[str]
    scalars: Mapping[str, Sequence[Any]]
    cursors: Mapping[str, Sequence[tuple[Any, Sequence[str]]]]

    def ids_of(self, type_name: str) -> Sequence[str]:
        """Return the ids of objects of a type; of all types if it has no table, such as Node."""
        table = self.catalog.tables.get(type_name)
        return self.ids[table.prefix] if table else list(chain.from_iterable(self.ids.values()))


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of an operation; ``draw`` returns a value for it."""

    name: str
    type_: Any
    default: Any
    draw: Callable[[], Any]

    def __str__(self) -> str:
        default = "" if self.default is None else f" = {literal(self.type_, self.default)}"
        return f"${self.name}: {self.type_}{default}"

    @property
    def is_optional(self) -> bool:
        """Whether a request can omit it."""
        return self.default is not None or not isinstance(self.type_, GraphQLNonNull)


@dataclass
class Inputs:
    """Draws the arguments of one operation, and declares the variables that they use."""

    random: Random
    material: Material
    variables: list[Variable] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.random.random() < probability

    def values(self) -> dict[str, Any]:
        """Draw values of the variables; optional ones are omitted at times."""
        return {
            each.name: each.draw() for each in self.variables if not (each.is_optional and self.chance(0.2))
        }

    def drawn(
        self,
        type_: Any,
        pool: Sequence[str],
        *,
        vary: bool = True,
        depth: int = 0,
        null: bool = True,
        null_eq: bool = True,
    ) -> Any:
        """Draw a value; texts and ids come from the pool. With ``vary``, parts of it can be variables.

        ``null`` permits null, ``null_eq`` permits it in the comparator ``eq`` of an object of comparators.
        """
        if vary and self.chance(0.25):
            draw = partial(self.drawn, type_, pool, vary=False, depth=depth, null=null, null_eq=null_eq)
            return self.variable(type_, draw)
        if null and not isinstance(type_, GraphQLNonNull) and self.chance(0.04):
            return None
        named = get_nullable_type(type_)
        if isinstance(named, GraphQLList):
            size = self.random.choice((0, 1, 1, 2, 2, 3))
            return [self.drawn(named.of_type, pool, vary=vary, depth=depth) for _ in range(size)]
        if isinstance(named, GraphQLInputObjectType):
            return self._object(named, pool, vary=vary, depth=depth, null_eq=null_eq)
        if isinstance(named, GraphQLEnumType):
            return self.random.choice(list(named.values))
        return self.random.choice(self.material.scalars.get(named.name, pool))

    def variable(self, type_: Any, draw: Callable[[], Any]) -> Variable:
        """Declare a variable for a value of this type, with or without a default, at times non-null."""
        default = draw() if self.chance(0.3) else None
        if isinstance(type_, GraphQLNonNull):
            type_ = type_ if default is None else type_.of_type
        elif self.chance(0.3):
            type_, default, draw = GraphQLNonNull(type_), None, partial(_not_null, draw)
        made = Variable(f"v{len(self.variables)}", type_, default, draw)
        self.variables.append(made)
        return made

    def _object(
        self, type_: GraphQLInputObjectType, pool: Sequence[str], *, vary: bool, depth: int, null_eq: bool
    ) -> dict[str, Any]:
        is_filter = type_.name.endswith("Filter")
        fields = {
            name: each
            for name, each in type_.fields.items()
            if depth < DEEPEST or get_named_type(each.type) is not type_
        }
        chosen = self.random.sample(list(fields), min(len(fields), self.random.choice((0, 1, 1, 1, 2, 2))))
        required = [name for name, each in fields.items() if is_required_input_field(each)]
        return {
            name: self.drawn(
                fields[name].type,
                self._pool(type_, name, pool),
                vary=vary,
                depth=depth + 1,
                null=not is_filter or (name == "eq" and null_eq),
                null_eq=self._is_nullable(type_, name),
            )
            for name in dict.fromkeys([*required, *chosen])
        }

    def _is_nullable(self, type_: GraphQLInputObjectType, name: str) -> bool:
        """Return whether a field of a filter compares a column that can be null."""
        catalog = self.material.catalog
        if name not in catalog.comparisons[type_.name]:
            return False
        model = catalog.tables[type_.name.removesuffix("Filter")].model
        value: Any = catalog.comparisons[type_.name][name].value(table_of(model).c)
        return bool(getattr(value, "nullable", False))

    def _pool(self, type_: GraphQLInputObjectType, name: str, pool: Sequence[str]) -> Sequence[str]:
        comparison = self.material.catalog.comparisons[type_.name].get(name)
        if comparison is None:
            return pool
        if comparison.references is None:
            return self.material.texts
        return self.material.ids[self.material.catalog.prefix(comparison.references)]


def literal(type_: Any, value: Any) -> str:
    """Return a value as a GraphQL literal; variables in it by their names."""
    if isinstance(value, Variable):
        return f"${value.name}"
    if value is None:
        return "null"
    named = get_nullable_type(type_)
    if isinstance(named, GraphQLList):
        return f"[{', '.join(literal(named.of_type, each) for each in value)}]"
    if isinstance(named, GraphQLInputObjectType):
        fields = (f"{name}: {literal(named.fields[name].type, each)}" for name, each in value.items())
        return f"{{{', '.join(fields)}}}"
    return str(value) if isinstance(named, GraphQLEnumType) else json.dumps(value, ensure_ascii=False)


def node_type(connection_field: GraphQLField) -> str:
    """Return the name of the type of a connection's nodes."""
    connection: Any = get_named_type(connection_field.type)
    return str(get_named_type(connection.fields["nodes"].type).name)


def _not_null(draw: Callable[[], Any]) -> Any:
    return next(value for value in iter(draw, ...) if value is not None)
