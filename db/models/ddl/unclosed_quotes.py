"""The quotes of an opportunity that are not closed, as they are once the opportunity is locked.

On PostgreSQL a statement that has waited for a lock sees everything but the locked row as it was before the
wait. A volatile function looks anew whenever it is called, so called with the locked row it sees what was
committed in the meantime, and that takes no statement more. On SQLite a writer is alone already.
"""

from typing import Any

from sqlalchemy import DDL, FromClause, MetaData, column, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def create_unclosed_quotes(metadata: MetaData) -> None:
    """Create the function whenever the tables are created."""
    function = DDL(_POSTGRESQL).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
    event.listen(metadata, "after_create", function)


def unclosed_quotes(quote: Any, opportunity: Any) -> FromClause:
    """Return what to join a locked ``opportunity`` with; it has the columns of the table ``quote``."""
    found = _UnclosedQuotes(opportunity.c.organization_id, opportunity.c.id)
    return found.table_valued(*(column(each.name, each.type) for each in quote.c), name="quote")


class _UnclosedQuotes(FunctionElement[Any]):
    inherit_cache = True


@compiles(_UnclosedQuotes, "postgresql")
def _on_postgresql(element: _UnclosedQuotes, compiler: Any, **options: Any) -> str:
    return f"unclosed_quotes{compiler.process(element.clause_expr, **options)}"


@compiles(_UnclosedQuotes, "sqlite")
def _on_sqlite(_element: _UnclosedQuotes, _compiler: Any, **_options: Any) -> str:
    return "(SELECT * FROM quote WHERE state <> 'CLOSED')"


_POSTGRESQL = """
CREATE FUNCTION unclosed_quotes(organization_id uuid, opportunity_id uuid) RETURNS SETOF quote
LANGUAGE plpgsql VOLATILE ROWS 3 AS $$
BEGIN
  RETURN QUERY
  SELECT * FROM quote
  WHERE quote.organization_id = $1 AND quote.opportunity_id = $2 AND quote.state <> 'CLOSED';
END $$
"""
