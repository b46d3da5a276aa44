"""Lists as Relay connections: one page of rows, and of it only what is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import strawberry
from graphql import get_named_type
from sqlalchemy import Integer, Text, and_, cast, exists, func, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement
from strawberry.types.arguments import StrawberryArgument

from schema.planner.errors import BadInput
from schema.planner.fields.columns import argument, planned_field
from schema.planner.fields.relations import Condition, scoped_table_of_type
from schema.planner.lists.cursors import ListOrder
from schema.planner.lists.filters import filter_condition
from schema.planner.lists.ordering import ListSpec
from schema.planner.plan.catalog import Source
from schema.planner.plan.planner import ArgumentRef, Selection
from schema.planner.sql.expressions import (
    JsonText,
    SqlExpression,
    json_array_agg,
    json_boolean,
    json_or_null,
    prune_columns,
    scalar_subquery,
    string_literal,
)
from schema.planner.sql.page_window import PageWindow

T = TypeVar("T")

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede this page.")
    start_cursor: str | None = strawberry.field(description="The first row's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last row's cursor; null on an empty page.")


@strawberry.type(description="A row and its place in the list.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="Send it as `after` or `before` to page on from this row.")
    node: T = strawberry.field(description="The row.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """Relay's connection, with the nodes themselves beside the edges."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")
    total_count: int = strawberry.field(
        description="How many rows the whole list has; counted only when asked for."
    )


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """The rows of a type for which a condition holds, listed page by page."""

    listing: ListSpec
    condition: Condition | None = None

    def __call__(self, selection: Selection, row: Any) -> JsonText:
        """Return the connection object."""
        return _Page(self, selection, row).text()


def connection(listing: ListSpec, description: str, condition: Condition | None = None) -> Any:
    """Declare a connection; at the root it takes every row of the organization."""
    return planned_field(ConnectionSource(listing, condition), description, _arguments(listing))


def _arguments(listing: ListSpec) -> list[StrawberryArgument]:
    most = f"; at most {MAX_PAGE_SIZE}."
    order_type: Any = listing.order
    return [
        argument("first", int | None, "How many rows from the start" + most, DEFAULT_PAGE_SIZE),
        argument("after", str | None, "Only rows after this cursor."),
        argument("last", int | None, "How many rows from the end, instead of `first`" + most),
        argument("before", str | None, "Only rows before this cursor."),
        argument("filter", listing.filter | None, "Only rows that meet this."),
        argument("order_by", list[order_type] | None, "How to sort; the id breaks ties."),
    ]


class _Page:
    """One connection field of one plan."""

    def __init__(self, connection: ConnectionSource, selection: Selection, parent: Any) -> None:
        self.connection = connection
        self.selection = selection
        self.parent = parent
        self.arguments = selection.arguments
        self.node_type = _node_type(selection)
        terms = connection.listing.terms(self.arguments["orderBy"])
        self.order = ListOrder.of(self.node_type, terms)
        self.backward = bool(self.arguments["last"])
        self.size = _size(selection, self.arguments)
        self.asked = _names(selection)

    def text(self) -> JsonText:
        sources: dict[str, Source] = {
            "edges": self._edges,
            "nodes": lambda part, page: self._joined(part.object(page)),
            "pageInfo": self._page_info,
            "totalCount": lambda *_: self._total(),
        }
        if not self.asked & {"edges", "nodes", "pageInfo"}:
            self._bounds(self._rows()[0])  # a foreign cursor is refused, whatever is asked for
            return self.selection.object(None, sources=sources)
        object_ = self.selection.object(self.page, sources=sources)
        if not self.asked & {"edges", "nodes"}:
            # An aggregate that adds nothing: it makes one group, which answers once whatever is asked.
            object_ = JsonText([object_, func.coalesce(func.max(string_literal("")), string_literal(""))])
        prune_columns(self.page, object_)
        answer = select(object_).select_from(self.page)
        return JsonText([scalar_subquery(answer, of=self.parent)])

    def _edges(self, selection: Selection, page: Any) -> JsonText:
        sources: dict[str, Source] = {
            "cursor": lambda _, page: self.order.cursor(page),
            "node": lambda part, page: part.object(page),
        }
        return self._joined(selection.object(page, sources=sources))

    def _joined(self, text: JsonText) -> JsonText:
        return self.fetched.joined(text) if self.fetched else json_array_agg(text)

    def _page_info(self, selection: Selection, page: Any) -> JsonText:
        fetched: Any = self.fetched
        more, behind = lambda *_: json_boolean(fetched.has_more), lambda *_: self._behind()
        sources: dict[str, Source] = {
            "hasNextPage": behind if self.backward else more,
            "hasPreviousPage": more if self.backward else behind,
            "startCursor": lambda *_: json_or_null(self.order.cursor(page, fetched.first)),
            "endCursor": lambda *_: json_or_null(self.order.cursor(page, fetched.last)),
        }
        return selection.object(page, sources=sources)

    def _behind(self) -> JsonText:
        cursor = self.arguments["before" if self.backward else "after"]
        if not cursor:
            return JsonText(["false"])
        # Two look-ups, each at its end of an index: the cursor's own row, or any on its other side.
        return json_boolean(or_(*(self._any(is_behind, cursor) for is_behind in (self._at, self._passed))))

    def _any(self, is_behind: Callable[[Any, ArgumentRef], ColumnElement[bool]], cursor: ArgumentRef) -> Any:
        row, conditions = self._rows()
        rows: Any = select(literal_column("1")).select_from(row).where(conditions, is_behind(row, cursor))
        return exists(rows if self.parent is None else rows.correlate(self.parent))

    def _at(self, row: Any, cursor: ArgumentRef) -> ColumnElement[bool]:
        return self.order.at(row, cursor)

    def _passed(self, row: Any, cursor: ArgumentRef) -> ColumnElement[bool]:
        return self.order.beyond(row, cursor, backward=not self.backward)

    def _total(self) -> JsonText:
        row, conditions = self._rows()
        count = select(func.count()).select_from(row).where(conditions)
        return JsonText([cast(scalar_subquery(count, of=self.parent), Text)])

    @cached_property
    def page(self) -> Any:
        return self.fetched.rows if self.fetched else self._sorted().limit(self.size).subquery()

    @cached_property
    def fetched(self) -> PageWindow | None:
        # Only pageInfo and paging backward need to know a row's position and whether one more row follows.
        if self.backward or "pageInfo" in self.asked:
            return PageWindow.of(self._sorted(), self.size, backward=self.backward)
        return None

    def _sorted(self) -> Any:
        row, conditions = self._rows()
        keys = self.order.columns(row, backward=self.backward)
        rows = select(row).where(conditions, *self._bounds(row)).order_by(*keys)
        return rows if self.parent is None else rows.correlate(self.parent)

    def _rows(self) -> tuple[Any, ColumnElement[bool]]:
        planner = self.selection.planner
        row, within = scoped_table_of_type(planner, self.node_type)
        conditions = [
            within,
            filter_condition(planner, self.connection.listing.filter_name, self.arguments["filter"], row),
        ]
        if self.connection.condition is not None:
            conditions.append(
                self.connection.condition(None if self.parent is None else self.parent.c, row.c)
            )
        return row, and_(*conditions)

    def _bounds(self, row: Any) -> list[ColumnElement[bool]]:
        return [
            self.order.beyond(row, self.arguments[name], backward=name == "before")
            for name in ("after", "before")
            if self.arguments[name]
        ]


def _node_type(selection: Selection) -> str:
    connection: Any = selection.planner.collector.schema.get_type(selection.type_name)
    return str(get_named_type(connection.fields["nodes"].type).name)


def _names(selection: Selection) -> set[str]:
    parts = selection.parts(selection.type_name)
    return {node.name.value for part in parts.values() for node in part.nodes}


def _size(selection: Selection, arguments: ArgumentRef) -> SqlExpression:
    if arguments["last"] and arguments["first"] and selection.is_argument_sent("first"):
        raise BadInput("Send `first` to page forward or `last` to page backward, not both.")
    sent = arguments["last"] or arguments["first"]
    return sent.bind(Integer(), _checked_size) if sent else literal_column(str(DEFAULT_PAGE_SIZE))


def _checked_size(size: int) -> int:
    if 0 <= size <= MAX_PAGE_SIZE:
        return size
    raise BadInput(f"A page can't have {size} rows: ask for 0 to {MAX_PAGE_SIZE}, and page on with cursors.")
