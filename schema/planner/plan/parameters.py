"""The parameters of a planned statement: those of the caller, and the arguments of the operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from graphql import FieldNode, GraphQLField
from graphql.execution.values import VariableValues
from sqlalchemy import BindParameter, Date, bindparam
from sqlalchemy.types import TypeEngine

from db.sql.column_types import Id
from schema.planner.plan.variables import ArgumentSite, VariableReader, variable_reader

ORGANIZATION_ID: BindParameter[UUID] = bindparam("organization", type_=Id())
"""The caller's organization. The rows of every table are restricted to it: see ``scoped_tables``."""

USER_ID: BindParameter[UUID] = bindparam("user", type_=Id())
"""The caller."""

TODAY: BindParameter[date] = bindparam("today", type_=Date())
"""The date of the request in UTC."""

Converter = Callable[[Any], object]
"""Turns the value of an argument into that of a parameter; raises BadInput if it can't be used."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Binding:
    """A parameter whose value is read from the variables of each request, and converted."""

    name: str
    read: VariableReader
    convert: Converter | None
    site: ArgumentSite

    def value(self, variables: VariableValues) -> object:
        """Return the parameter's value for these variables.

        Raises:
            BadInput, GraphQLError: they can't be used.
        """
        value = self.read(variables)
        return value if self.convert is None else self.convert(value)


@dataclass(slots=True)
class Parameters:
    """The parameters of one statement, collected while it is planned.

    ``constants`` are values that the document holds, converted once; ``bindings`` depend on variables.
    """

    variables: VariableValues
    constants: dict[str, object] = field(default_factory=dict)
    bindings: list[Binding] = field(default_factory=list)

    def arguments(
        self, definition: GraphQLField, nodes: Sequence[FieldNode], response_path: Sequence[str]
    ) -> "ArgumentRef":
        """Return a reference to all arguments of a field, with their defaults."""
        site = ArgumentSite(definition, nodes, response_path)
        return ArgumentRef(self, site, (), site.values(self.variables))

    def bind(
        self, argument: "ArgumentRef", type_: TypeEngine[V], convert: Converter | None
    ) -> BindParameter[V]:
        """Add a parameter that has the argument's value; raise BadInput if a constant can't be used."""
        name = f"p{len(self.constants) + len(self.bindings)}"
        read = variable_reader(argument.site, argument.path, self.variables)
        if read is None:
            self.constants[name] = argument.value if convert is None else convert(argument.value)
        else:
            self.bindings.append(Binding(name, read, convert, argument.site))
        return bindparam(name, type_=type_)


@dataclass(frozen=True, slots=True)
class ArgumentRef:
    """An argument, or a part of one, while a statement is planned. It is false if it is null or not sent.

    ``value`` shows its structure, which may decide what the statement is: the fields of input objects, enum
    values, booleans, nulls (``variables_shape`` has the full list). Other content belongs to one request, and
    reaches the statement only as a parameter, by ``bind``.
    """

    parameters: Parameters
    site: ArgumentSite
    path: tuple[str | int, ...]
    value: Any

    def __bool__(self) -> bool:
        return self.value is not None

    def __getitem__(self, key: str | int) -> "ArgumentRef":
        """Return a field of an input object, or an element of a list; a field that isn't sent is null."""
        inner = self.value.get(key) if isinstance(key, str) else self.value[key]
        return ArgumentRef(self.parameters, self.site, (*self.path, key), inner)

    def items(self) -> list[tuple[str, "ArgumentRef"]]:
        """Return the fields of an input object that are sent, those that are null too."""
        return [(key, self[key]) for key in self.value]

    def elements(self) -> list["ArgumentRef"]:
        """Return the elements of a list."""
        return [self[index] for index in range(len(self.value))]

    def bind(self, type_: TypeEngine[V], convert: Converter | None = None) -> BindParameter[V]:
        """Return a parameter that has this value in every request, turned by ``convert``."""
        return self.parameters.bind(self, type_, convert)
