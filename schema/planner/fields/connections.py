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
from schema.planner.fields.columns import argument, sourced
from schema.planner.fields.relations import Condition, row_of
from schema.planner.lists.cursors import Order
from schema.planner.lists.filters import narrowed
from schema.planner.lists.ordering import Listing
from schema.planner.plan.catalog import Source
from schema.planner.plan.planner import Late, Selection
from schema.planner.sql.expressions import (
    Concatenation,
    Sql,
    constant,
    joined,
    json_boolean,
    narrow,
    or_null,
    subquery,
)
from schema.planner.sql.page_window import Fetched

T = TypeVar("T")

DEFAULT_SIZE = 20
LARGEST_SIZE = 100


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
class Many:
    """The rows of a type for which a condition holds, listed page by page."""

    listing: Listing
    condition: Condition | None = None

    def __call__(self, selection: Selection, row: Any) -> Concatenation:
        """Return the connection object."""
        return _Page(self, selection, row).text()


def many(listing: Listing, description: str, condition: Condition | None = None) -> Any:
    """Declare a connection; at the root it takes every row of the organization."""
    return sourced(Many(listing, condition), description, _arguments(listing))


def _arguments(listing: Listing) -> list[StrawberryArgument]:
    most = f"; at most {LARGEST_SIZE}."
    order_type: Any = listing.order
    return [
        argument("first", int | None, "How many rows from the start" + most, DEFAULT_SIZE),
        argument("after", str | None, "Only rows after this cursor."),
        argument("last", int | None, "How many rows from the end, instead of `first`" + most),
        argument("before", str | None, "Only rows before this cursor."),
        argument("filter", listing.filter | None, "Only rows that meet this."),
        argument("order_by", list[order_type] | None, "How to sort; the id breaks ties."),
    ]


class _Page:
    """One connection field of one plan."""

    def __init__(self, many: Many, selection: Selection, parent: Any) -> None:
        self.many = many
        self.selection = selection
        self.parent = parent
        self.arguments = selection.arguments
        self.node_type = _node_type(selection)
        terms = many.listing.terms(self.arguments["orderBy"])
        self.order = Order.of(self.node_type, terms)
        self.backward = bool(self.arguments["last"])
        self.size = _size(selection, self.arguments)
        self.asked = _names(selection)

    def text(self) -> Concatenation:
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
            object_ = Concatenation([object_, func.coalesce(func.max(constant("")), constant(""))])
        narrow(self.page, object_)
        answer = select(object_).select_from(self.page)
        return Concatenation([subquery(answer, of=self.parent)])

    def _edges(self, selection: Selection, page: Any) -> Concatenation:
        sources: dict[str, Source] = {
            "cursor": lambda _, page: self.order.cursor(page),
            "node": lambda part, page: part.object(page),
        }
        return self._joined(selection.object(page, sources=sources))

    def _joined(self, text: Concatenation) -> Concatenation:
        return self.fetched.joined(text) if self.fetched else joined(text)

    def _page_info(self, selection: Selection, page: Any) -> Concatenation:
        fetched: Any = self.fetched
        more, behind = lambda *_: json_boolean(fetched.has_more), lambda *_: self._behind()
        sources: dict[str, Source] = {
            "hasNextPage": behind if self.backward else more,
            "hasPreviousPage": more if self.backward else behind,
            "startCursor": lambda *_: or_null(self.order.cursor(page, fetched.first)),
            "endCursor": lambda *_: or_null(self.order.cursor(page, fetched.last)),
        }
        return selection.object(page, sources=sources)

    def _behind(self) -> Concatenation:
        cursor = self.arguments["before" if self.backward else "after"]
        if not cursor:
            return Concatenation(["false"])
        # Two look-ups, each at its end of an index: the cursor's own row, or any on its other side.
        return json_boolean(or_(*(self._any(is_behind, cursor) for is_behind in (self._at, self._passed))))

    def _any(self, is_behind: Callable[[Any, Late], ColumnElement[bool]], cursor: Late) -> Any:
        row, conditions = self._rows()
        rows: Any = select(literal_column("1")).select_from(row).where(conditions, is_behind(row, cursor))
        return exists(rows if self.parent is None else rows.correlate(self.parent))

    def _at(self, row: Any, cursor: Late) -> ColumnElement[bool]:
        return self.order.at(row, cursor)

    def _passed(self, row: Any, cursor: Late) -> ColumnElement[bool]:
        return self.order.beyond(row, cursor, backward=not self.backward)

    def _total(self) -> Concatenation:
        row, conditions = self._rows()
        count = select(func.count()).select_from(row).where(conditions)
        return Concatenation([cast(subquery(count, of=self.parent), Text)])

    @cached_property
    def page(self) -> Any:
        return self.fetched.rows if self.fetched else self._sorted().limit(self.size).subquery()

    @cached_property
    def fetched(self) -> Fetched | None:
        # Only pageInfo and paging backward need to know a row's position and whether one more row follows.
        if self.backward or "pageInfo" in self.asked:
            return Fetched.of(self._sorted(), self.size, backward=self.backward)
        return None

    def _sorted(self) -> Any:
        row, conditions = self._rows()
        keys = self.order.columns(row, backward=self.backward)
        rows = select(row).where(conditions, *self._bounds(row)).order_by(*keys)
        return rows if self.parent is None else rows.correlate(self.parent)

    def _rows(self) -> tuple[Any, ColumnElement[bool]]:
        planner = self.selection.planner
        row, within = row_of(planner, self.node_type)
        conditions = [within, narrowed(planner, self.many.listing.filter_name, self.arguments["filter"], row)]
        if self.many.condition is not None:
            conditions.append(self.many.condition(None if self.parent is None else self.parent.c, row.c))
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


def _size(selection: Selection, arguments: Late) -> Sql:
    if arguments["last"] and arguments["first"] and selection.sends("first"):
        raise BadInput("Send `first` to page forward or `last` to page backward, not both.")
    sent = arguments["last"] or arguments["first"]
    return sent.bind(Integer(), _checked_size) if sent else literal_column(str(DEFAULT_SIZE))


def _checked_size(size: int) -> int:
    if 0 <= size <= LARGEST_SIZE:
        return size
    raise BadInput(f"A page can't have {size} rows: ask for 0 to {LARGEST_SIZE}, and page on with cursors.")
