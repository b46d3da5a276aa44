"""Pieces of SQL that return JSON text, the same text on PostgreSQL and on SQLite.

Text is concatenated, and only strings are quoted by the database: 1.4 times as fast as building JSON values.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnClause,
    Integer,
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal_column,
    not_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ClauseElement, ColumnElement
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from db.sql.column_types import Amount, CodePointText, Instant

SqlExpression = ColumnElement[Any]
TextPart = str | SqlExpression


class JsonText(ColumnElement[str]):
    """Constant pieces of JSON and SQL texts, one after the other; NULL if any of them is."""

    inherit_cache = False
    type = Text()

    def __init__(self, pieces: Iterable[TextPart]) -> None:
        self.pieces = list(_merged(pieces))

    @override
    def get_children(self, **_options: Any) -> list[SqlExpression]:
        return [piece for piece in self.pieces if not isinstance(piece, str)]


def _merged(pieces: Iterable[TextPart]) -> Iterator[TextPart]:
    string_literal = ""
    for piece in pieces:
        for part in piece.pieces if isinstance(piece, JsonText) else (piece,):
            if isinstance(part, str):
                string_literal += part
                continue
            if string_literal:
                yield string_literal
                string_literal = ""
            yield part
    if string_literal:
        yield string_literal


@compiles(JsonText)
def _concatenated(element: JsonText, compiler: Any, **_options: Any) -> str:
    parts = [
        "'" + piece.replace("'", "''") + "'" if isinstance(piece, str) else compiler.process(piece)
        for piece in element.pieces
    ]
    return _chained(parts)


def _chained(parts: list[str]) -> str:
    if len(parts) > _LONGEST_CHAIN:
        starts = range(0, len(parts), _LONGEST_CHAIN)
        return _chained([_chained(parts[start : start + _LONGEST_CHAIN]) for start in starts])
    return "(" + (" || ".join(parts) or "''") + ")"


_LONGEST_CHAIN = 64
"""How many pieces stand side by side. A chain is as deep as it is long; SQLite takes a thousand levels."""


def string_literal(text: str) -> SqlExpression:
    """Return a constant piece of JSON; only for texts of our own."""
    return JsonText([text])


class DialectExpression(ColumnElement[Any]):
    """An expression over others that each database spells in its own way."""

    inherit_cache = False
    type: TypeEngine[Any] = Text()
    postgresql: str
    sqlite: str

    def __init__(self, *parts: SqlExpression) -> None:
        self.parts = parts

    @override
    def get_children(self, **_options: Any) -> tuple[SqlExpression, ...]:
        return self.parts


@compiles(DialectExpression, "postgresql")
def _for_postgresql(element: DialectExpression, compiler: Any, **_options: Any) -> str:
    return element.postgresql.format(*map(compiler.process, element.parts))


@compiles(DialectExpression, "sqlite")
def _for_sqlite(element: DialectExpression, compiler: Any, **_options: Any) -> str:
    return element.sqlite.format(*map(compiler.process, element.parts))


class JsonString(DialectExpression):
    """A text as a JSON string, quotes and all."""

    postgresql = "to_json({}::text)::text"
    sqlite = "json_quote({})"


class AmountText(DialectExpression):
    """An amount as text with two places; on SQLite from whole hundredths."""

    postgresql = "({})::text"
    sqlite = "printf('%.2f', ({}) / 100.0)"


class InstantText(DialectExpression):
    """An instant as RFC 3339 in UTC with microseconds; on SQLite it is stored so."""

    postgresql = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    sqlite = "{}"


class HexText(DialectExpression):
    """The UTF-8 bytes of a text that is not empty, in lower-case hexadecimal."""

    postgresql = "encode(convert_to({}, 'UTF8'), 'hex')"
    sqlite = "nullif(lower(hex({})), '')"  # which writes nothing for NULL


class JsonJoin(DialectExpression):
    """The texts of a group in their order, with commas between them; NULL for an empty group."""

    postgresql = "string_agg({}, ',')"
    sqlite = "group_concat({}, ',')"


class RawText(DialectExpression):
    """The text of an answer in the type whose bytes the driver hands through as they are."""

    postgresql = "({})::varchar"
    sqlite = "{}"


class ContainsIgnoreCase(DialectExpression):
    """Whether a text contains another, letter case aside."""

    type = Boolean()
    postgresql = """strpos(lower({} COLLATE "default"), lower({} COLLATE "default")) > 0"""
    sqlite = "instr(casefold({}), casefold({})) > 0"


def json_value(value: SqlExpression, *, is_string: bool) -> JsonText:
    """Return a value as JSON text; ``is_string`` tells free text from words that need no quoting inside."""
    match value.type:
        case Boolean():
            return json_boolean(value)
        case Integer():
            return JsonText([cast(value, Text)])
        case Text() | CodePointText() if is_string:
            return JsonText([JsonString(value)])
    return JsonText(['"', _unquoted(value), '"'])


def _unquoted(value: SqlExpression) -> SqlExpression:
    match value.type:
        case Amount():
            return AmountText(value)
        case Instant():
            return InstantText(value)
    return cast(value, Text)


def json_boolean(value: SqlExpression) -> JsonText:
    """Return a truth value as JSON text; NULL where it is unknown."""
    return JsonText([case((value, string_literal("true")), (not_(value), string_literal("false")))])


def json_or_null(text: SqlExpression) -> JsonText:
    """Return a text, or JSON's null where SQL has no value."""
    return JsonText([func.coalesce(text, string_literal("null"))])


def json_array_agg(text: SqlExpression) -> JsonText:
    """Return a JSON array of a group's texts."""
    return json_array(JsonJoin(text))


def json_array(texts: SqlExpression) -> JsonText:
    """Return a JSON array of texts that are joined already; an empty one where there are none."""
    return JsonText(["[", func.coalesce(texts, string_literal("")), "]"])


class FilteredAggregate(ColumnElement[Any]):
    """An aggregate over the rows of a group for which a condition holds."""

    inherit_cache = False

    def __init__(self, aggregate: SqlExpression, condition: SqlExpression) -> None:
        self.aggregate = aggregate
        self.condition = condition
        self.type = aggregate.type

    @override
    def get_children(self, **_options: Any) -> list[SqlExpression]:
        return [self.aggregate, self.condition]


@compiles(FilteredAggregate)
def _filtered(element: FilteredAggregate, compiler: Any, **_options: Any) -> str:
    condition = compiler.process(element.condition)
    return f"{compiler.process(element.aggregate)} FILTER (WHERE {condition})"


def scalar_subquery(select: Select[Any], *, of: Any) -> SqlExpression:
    """Return a select as a value, computed for each row of ``of`` (None at the root)."""
    return (select if of is None else select.correlate(of)).scalar_subquery()


def prune_columns(rows: Any, use: ClauseElement) -> None:
    """Leave those columns in a subquery that are used, and in the subqueries that it reads.

    What has been made is too late to be told, so it is told what is made of it: a database that sorts or
    numbers rows copies each column of theirs, and SQLite does it even where it passes them on.
    """
    used = {each.name for each in iterate(use) if isinstance(each, ColumnClause) and each.table is rows}
    sources = rows.element.columns_clause_froms
    columns = [each for each in rows.element.selected_columns if each.name in used]
    rows.element = rows.element.with_only_columns(*columns or [literal_column("1")]).select_from(*sources)
    for source in sources:
        if isinstance(source, Subquery):
            prune_columns(source, rows.element)
