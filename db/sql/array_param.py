"""Whether a value is in a list that travels as one parameter, so one statement serves every length."""

import json
from typing import Any

from sqlalchemy import BindParameter, Boolean, Dialect, Text, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override


class ArrayParam(TypeDecorator[list[Any]]):
    """A list of values of one type: an array on PostgreSQL, JSON text on SQLite. A parameter's type only."""

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.ARRAY(self.element) if dialect.name == "postgresql" else Text()

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        encode = self.element.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([encode(each) if encode else each for each in value])


class InArray(ColumnElement[bool]):
    """Whether ``value`` is in the list that a parameter holds; given by name, or ready made."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, value: ColumnElement[Any], choices: str | BindParameter[Any]) -> None:
        self.value = value
        self.choices = (
            bindparam(choices, type_=ArrayParam(value.type)) if isinstance(choices, str) else choices
        )

    @override
    def get_children(self, **_options: Any) -> list[ColumnElement[Any]]:
        return [self.value, self.choices]

    @override
    def self_group(self, against: Any = None) -> "InArray":
        # A truth value to SQLite is a number to SQLAlchemy; compared with 1 it would use no index.
        return self


@compiles(InArray, "postgresql")
def _on_postgresql(element: InArray, compiler: Any, **_options: Any) -> str:
    return f"{compiler.process(element.value)} = ANY({compiler.process(element.choices)})"


@compiles(InArray, "sqlite")
def _on_sqlite(element: InArray, compiler: Any, **_options: Any) -> str:
    choices = compiler.process(element.choices)
    value = compiler.process(element.value)
    return f"{value} IN (SELECT value FROM json_each({choices}))"  # noqa: S608 - two compiled parts
