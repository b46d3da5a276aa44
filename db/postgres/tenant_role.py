"""Row-level security: sets which organization's rows a PostgreSQL connection sees."""

from uuid import UUID

import asyncpg

from db.domain.errors import Unavailable

CALLER_ROLE = "dealdesk_caller"
"""The role of a connection that sees one organization: it may do to each table what the rules do."""

ORGANIZATION_SETTING = "dealdesk.organization_id"
"""The setting that row-level security compares each row's organization with."""

_SET_ROLE = f"SELECT set_config('{ORGANIZATION_SETTING}', $1, false), set_config('role', $2, false)"


async def set_tenant_role(connection: asyncpg.Connection, organization_id: UUID | None) -> None:
    """Show the connection the rows of one organization, or of all organizations."""
    if organization_id is None:
        await connection.fetchrow(_SET_ROLE, "", "none")
    else:
        await connection.fetchrow(_SET_ROLE, str(organization_id), CALLER_ROLE)


async def check_can_set_role(connection: asyncpg.Connection) -> None:
    """Check that the connection's user may take the role of callers.

    Raises:
        Unavailable: it may not; the message says what an administrator has to run.
    """
    try:
        await connection.execute(f"SET ROLE {CALLER_ROLE}; RESET ROLE")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError) as error:
        user = await connection.fetchval("SELECT quote_ident(current_user)")
        raise Unavailable(
            f"Rows can't be hidden from PostgreSQL's user {user}: {error}. Let an administrator of the server"
            f" run: GRANT {CALLER_ROLE} TO {user}."
        ) from error
