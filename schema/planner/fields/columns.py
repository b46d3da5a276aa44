"""Fields read from the object's own row: columns, expressions, money, ids, nested objects; and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLScalarType, get_nullable_type, is_non_null_type
from sqlalchemy import FromClause, Text, bindparam, case, cast

from schema.planner.plan.catalog import Source
from schema.planner.plan.declarations import FieldDeclaration, column_of, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import JsonText, RowExpression, json_or_null, json_value, string_literal


@dataclass(frozen=True, slots=True)
class Computed:
    """A value of the row: ``to_json(account_1.name)::text`` for a string."""

    expression: RowExpression

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the value as its scalar or enum is written in JSON."""
        type_ = selection.field.type
        is_string = isinstance(get_nullable_type(type_), GraphQLScalarType)
        text = json_value(self.expression(row.c), is_string=is_string)
        return text if is_non_null_type(type_) else json_or_null(text)


@dataclass(frozen=True, slots=True)
class Inline:
    """An object read from the same row as its parent.

    ``sources`` replace those that its type declares. The object is null where ``is_null`` holds.
    """

    sources: Mapping[str, Source] | None = None
    is_null: RowExpression | None = None

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the object."""
        text = selection.json_object(row, sources=self.sources)
        if self.is_null is None:
            return text
        return JsonText([case((self.is_null(row.c), string_literal("null")), else_=text)])


def global_id(selection: Selection, row: FromClause) -> JsonText:
    """Return the global id of the row, with the prefix of its type: ``'"acc_' || account_1.id || '"'``."""
    prefix = selection.planner.catalog.table(selection.parent).prefix
    return JsonText([f'"{prefix}_', cast(row.c.id, Text), '"'])


def column(attribute: object, description: str) -> FieldDeclaration:
    """Declare a field that shows a column of its type's table: ``column(models.Quote.name, "...")``."""
    return computed(column_of(attribute), description)


def computed(expression: RowExpression, description: str) -> FieldDeclaration:
    """Declare a field that shows an expression: ``computed(lambda row: row.total > 9, "...")``."""
    return planned_field(Computed(expression), description)


def money(amount: RowExpression, description: str, *, optional: bool = False) -> FieldDeclaration:
    """Declare a ``Money`` field in the row's currency. If ``optional``, it is null where the amount is."""
    sources = {"amount": Computed(amount), "currencyCode": Computed(lambda row: row.currency_code)}
    is_null: RowExpression | None = (lambda row: amount(row).is_(None)) if optional else None
    return planned_field(Inline(sources, is_null), description)


def inline(description: str) -> FieldDeclaration:
    """Declare a field with an object that is read from the same row as its parent."""
    return planned_field(Inline(), description)


def param(name: str, description: str) -> FieldDeclaration:
    """Declare a field whose value, JSON text, is the plan's parameter ``name``."""
    return planned_field(lambda *_: JsonText([bindparam(name, type_=Text())]), description)
