"""For which organization a connection to PostgreSQL works: ``db.models.ddl.row_security`` says how."""

from typing import Any
from uuid import UUID

import asyncpg

from db.domain.errors import Unavailable
from db.models.ddl.row_security import CALLER_ROLE, ORGANIZATION_SETTING

_CONFINE = f"SELECT set_config('{ORGANIZATION_SETTING}', $1, false), set_config('role', $2, false)"


async def confine(connection: Any, organization_id: UUID | None) -> None:
    """Let a connection see the rows of one organization, or of every one."""
    if organization_id is None:
        await connection.fetchrow(_CONFINE, "", "none")
    else:
        await connection.fetchrow(_CONFINE, str(organization_id), CALLER_ROLE)


async def check_confinable(connection: Any) -> None:
    """Check that a connection can be confined.

    Raises:
        Unavailable: its user may not take the role of callers.
    """
    try:
        await connection.execute(f"SET ROLE {CALLER_ROLE}; RESET ROLE")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError) as error:
        user = await connection.fetchval("SELECT quote_ident(current_user)")
        raise Unavailable(
            f"Rows can't be hidden from PostgreSQL's user {user}: {error}. Let an administrator of the server"
            f" run: GRANT {CALLER_ROLE} TO {user}."
        ) from error
