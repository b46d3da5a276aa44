"""The quotes of a locked opportunity that are not closed, in the statement that locks it.

On PostgreSQL a statement that has waited for a lock sees everything but the locked row as it was before the
wait. A volatile function takes a new snapshot at each call, so it sees what was committed meanwhile. SQLite
has only one writer at a time.
"""

from typing import Any

from sqlalchemy import FromClause, column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def unclosed_quotes(quote: FromClause, opportunity: FromClause) -> FromClause:
    """Return what to join a locked ``opportunity`` with; it has the columns of the table ``quote``."""
    function = _UnclosedQuotes(opportunity.c.organization_id, opportunity.c.id)
    return function.table_valued(*(column(each.name, each.type) for each in quote.c), name="quote")


class _UnclosedQuotes(FunctionElement[Any]):
    inherit_cache = True


@compiles(_UnclosedQuotes, "postgresql")
def _on_postgresql(element: _UnclosedQuotes, compiler: SQLCompiler, **options: Any) -> str:
    return f"unclosed_quotes{compiler.process(element.clause_expr, **options)}"


@compiles(_UnclosedQuotes, "sqlite")
def _on_sqlite(_element: _UnclosedQuotes, _compiler: SQLCompiler, **_options: object) -> str:
    return "(SELECT * FROM quote WHERE state <> 'CLOSED')"
