"""Fields that list rows as Relay connections, page by page. A page fetches only what is selected of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

import strawberry
from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import (
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from strawberry.types.arguments import StrawberryArgument

from schema.planner.errors import BadInput
from schema.planner.fields.relations import JoinCondition
from schema.planner.lists.cursors import ListOrder
from schema.planner.lists.filters import filter_condition
from schema.planner.lists.ordering import ListSpec
from schema.planner.plan.catalog import Source
from schema.planner.plan.declarations import FieldDeclaration, argument, planned_field
from schema.planner.plan.planner import Selection
from schema.planner.plan.scoped_tables import scoped_table_of_type
from schema.planner.sql.expressions import (
    Condition,
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


@strawberry.type(description="Whether there are rows before and after a page, and the cursors of its ends.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(
        description="Whether rows of the list come after this page, beyond `before` too."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether rows of the list come before this page, beyond `after` too."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first row; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last row; null on an empty page."
    )


@strawberry.type(description="A row of a list, with its cursor.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(
        description="The position of the row: send it as `after` or `before` to get the rows next to it."
    )
    node: T = strawberry.field(description="The row.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """Relay's connection, with the nodes themselves beside the edges."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="What is before and after this page.")
    total_count: int = strawberry.field(
        description="The number of rows on all pages: those that match the filter. They are counted only if"
        " this is selected."
    )


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """The rows of a type that are related to the parent's row, listed page by page.

    ``(SELECT '{"nodes":[' || string_agg(...) || ']}' FROM (SELECT ... FROM quote WHERE <in the organization>
    AND <condition> AND <filter> AND <after the cursor> ORDER BY ... LIMIT :first) AS page)``
    """

    spec: ListSpec
    condition: JoinCondition | None = None

    def __call__(self, selection: Selection, row: FromClause) -> JsonText:
        """Return the connection object; raise BadInput if a page's arguments contradict each other."""
        return _Page(self, selection, row).json()


def connection(spec: ListSpec, description: str, condition: JoinCondition | None = None) -> FieldDeclaration:
    """Declare a connection of the rows that meet the condition; by default of the whole organization.

    ``connection(QUOTES, "The quotes.", lambda opportunity, row: row.opportunity_id == opportunity.id)``
    """
    return planned_field(ConnectionSource(spec, condition), description, _arguments(spec))


def _arguments(spec: ListSpec) -> list[StrawberryArgument]:
    default = ", ".join(f"{field} {direction}" for field, direction in spec.default)
    most = f"; at most {MAX_PAGE_SIZE}."
    order_type: Any = spec.order  # a type made at run time, which the type checker takes for a variable
    return [
        argument("first", int | None, "The number of rows from the start" + most, DEFAULT_PAGE_SIZE),
        argument("after", str | None, "Only rows after this cursor."),
        argument("last", int | None, "The number of rows from the end, instead of `first`" + most),
        argument("before", str | None, "Only rows before this cursor."),
        argument("filter", spec.filter | None, "Only rows that match this filter; null is no filter."),
        argument(
            "order_by",
            list[order_type] | None,
            f"The order; by default {default}. Rows that are equal in it are sorted by id.",
        ),
    ]


class _Page:
    """One connection field of one plan.

    A forward page has ``first`` rows from the start or after a cursor, a backward page ``last`` rows from the
    end or before a cursor.
    """

    def __init__(self, source: ConnectionSource, selection: Selection, parent: FromClause) -> None:
        self.source = source
        self.selection = selection
        self.parent = parent
        self.arguments = selection.arguments
        self.node_type = _node_type(selection)
        self.order = ListOrder.from_terms(self.node_type, source.spec.terms(self.arguments["orderBy"]))
        self.is_backward = bool(self.arguments["last"])
        self.size = self._size()
        subselections = selection.subselections(selection.type_name).values()
        self.selected = {node.name.value for each in subselections for node in each.nodes}
        self.has_window = self.is_backward or "pageInfo" in self.selected

    def json(self) -> JsonText:
        sources: dict[str, Source] = {
            "edges": self._edges,
            "nodes": lambda nodes, page: self._array(nodes.json_object(page)),
            "pageInfo": self._page_info,
            "totalCount": lambda *_: self._total_count(),
        }
        if not self.selected & {"edges", "nodes", "pageInfo"}:
            self._bounds(self._rows()[0])  # refuses a foreign cursor, whatever is selected
            return self.selection.json_object(self.parent, sources=sources)
        text = self.selection.json_object(self.page, sources=sources)
        if not self.selected & {"edges", "nodes"}:
            # An aggregate that adds nothing, so that the page is one group even without the arrays.
            text = JsonText([text, func.coalesce(func.max(string_literal("")), string_literal(""))])
        prune_columns(self.page, text)
        return JsonText([scalar_subquery(select(text).select_from(self.page), outer=self.parent)])

    @cached_property
    def page(self) -> Subquery:
        """The rows that the page fetches."""
        return self.window.rows if self.has_window else self._sorted().limit(self.size).subquery()

    @cached_property
    def window(self) -> PageWindow:
        return PageWindow.from_select(self._sorted(), self.size, backward=self.is_backward)

    def _edges(self, edges: Selection, page: FromClause) -> JsonText:
        sources: dict[str, Source] = {
            "cursor": lambda _, page: self.order.cursor(page),
            "node": lambda node, page: node.json_object(page),
        }
        return self._array(edges.json_object(page, sources=sources))

    def _array(self, text: JsonText) -> JsonText:
        return self.window.json_array(text) if self.has_window else json_array_agg(text)

    def _page_info(self, page_info: Selection, page: FromClause) -> JsonText:
        window = self.window
        sources: dict[str, Source] = {
            "hasNextPage": lambda *_: self._has_rows_beyond("before", more=not self.is_backward),
            "hasPreviousPage": lambda *_: self._has_rows_beyond("after", more=self.is_backward),
            "startCursor": lambda *_: json_or_null(self.order.cursor(page, window.first)),
            "endCursor": lambda *_: json_or_null(self.order.cursor(page, window.last)),
        }
        return page_info.json_object(page, sources=sources)

    def _has_rows_beyond(self, name: str, *, more: bool) -> JsonText:
        """Return whether the list has rows that the cursor skips: its own row, or those on its other side.

        With ``more``, on this side of the page there can also be rows that its size leaves out.
        """
        conditions = [self.window.has_more] if more else []
        cursor = self.arguments[name]
        if cursor:
            # Two look-ups, each of which reads one row of an index.
            is_across = partial(self.order.follows, cursor=cursor, backward=name == "after")
            conditions += [self._exists(lambda row: self.order.is_at(row, cursor)), self._exists(is_across)]
        return json_boolean(or_(*conditions)) if conditions else JsonText(["false"])

    def _exists(self, condition: Callable[[FromClause], Condition]) -> Condition:
        row, conditions = self._rows()
        rows: Select[Any] = select(literal_column("1")).select_from(row).where(conditions, condition(row))
        return exists(rows.correlate(self.parent))

    def _total_count(self) -> JsonText:
        row, conditions = self._rows()
        count = select(func.count()).select_from(row).where(conditions)
        return JsonText([cast(scalar_subquery(count, outer=self.parent), Text)])

    def _sorted(self) -> Select[Any]:
        row, conditions = self._rows()
        order_by = self.order.order_by(row, backward=self.is_backward)
        rows = select(row).where(conditions, *self._bounds(row)).order_by(*order_by)
        return rows.correlate(self.parent)

    def _rows(self) -> tuple[FromClause, Condition]:
        """Return the table of the list, and the condition on which its rows are in the list."""
        planner, spec = self.selection.planner, self.source.spec
        row, is_in_scope = scoped_table_of_type(planner, self.node_type)
        conditions = [is_in_scope, filter_condition(planner, spec.filter_name, self.arguments["filter"], row)]
        if self.source.condition is not None:
            conditions.append(self.source.condition(self.parent.c, row.c))
        return row, and_(*conditions)

    def _bounds(self, row: FromClause) -> list[Condition]:
        """Return the conditions that the cursors set; raise BadInput if one is of another list or order."""
        return [
            self.order.follows(row, self.arguments[name], backward=name == "before")
            for name in ("after", "before")
            if self.arguments[name]
        ]

    def _size(self) -> SqlExpression:
        first, last = self.arguments["first"], self.arguments["last"]
        if last and first and self.selection.is_argument_sent("first"):
            raise BadInput("Send `first` to page forward or `last` to page backward, not both.")
        size = last or first
        return size.bind(Integer(), _validate_size) if size else literal_column(str(DEFAULT_PAGE_SIZE))


def _node_type(selection: Selection) -> str:
    type_ = get_named_type(selection.field.type)
    if not isinstance(type_, GraphQLObjectType):
        raise TypeError(f"{type_} is no connection.")
    return str(get_named_type(type_.fields["nodes"].type).name)


def _validate_size(size: int) -> int:
    if 0 <= size <= MAX_PAGE_SIZE:
        return size
    raise BadInput(f"A page can't have {size} rows: ask for 0 to {MAX_PAGE_SIZE}, and page on with cursors.")
