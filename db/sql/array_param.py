"""``value = ANY(parameter)``: a list as one parameter, so that one statement serves lists of every length."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Boolean, Dialect, Text, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override


class ArrayParam(TypeDecorator[Sequence[Any]]):
    """The type of a parameter that is a list: an array on PostgreSQL, JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.ARRAY(self.element) if dialect.name == "postgresql" else Text()

    @override
    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> object:
        if value is None or dialect.name == "postgresql":
            return value
        encode = self.element.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([encode(each) if encode else each for each in value])


class InArray(ColumnElement[bool]):
    """Whether ``value`` is in the list ``choices``: the name of a parameter, or a parameter."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, value: ColumnElement[Any], choices: str | BindParameter[Any]) -> None:
        self.value = value
        self.choices = (
            bindparam(choices, type_=ArrayParam(value.type)) if isinstance(choices, str) else choices
        )

    @override
    def get_children(self, **_options: object) -> list[ColumnElement[Any]]:
        return [self.value, self.choices]

    @override
    def self_group(self, against: object = None) -> "InArray":
        return self  # on SQLite, SQLAlchemy would compare it with 1, which uses no index


@compiles(InArray, "postgresql")
def _on_postgresql(element: InArray, compiler: SQLCompiler, **_options: object) -> str:
    return f"{compiler.process(element.value)} = ANY({compiler.process(element.choices)})"


@compiles(InArray, "sqlite")
def _on_sqlite(element: InArray, compiler: SQLCompiler, **_options: object) -> str:
    choices = compiler.process(element.choices)
    value = compiler.process(element.value)
    return f"{value} IN (SELECT value FROM json_each({choices}))"  # noqa: S608 - two compiled parts
