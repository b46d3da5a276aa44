"""``dealdesk identity``: list and unlink the identities of OpenID Connect users."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.auth.oidc_identities import IdentityRow, list_identities, unlink_user
from db.auth.user_lookup import find_organization, find_user
from db.sql.database import Transaction

Organization = Annotated[
    str | None, typer.Option(help="The organization's name. Default: the oldest organization.")
]
identities = typer.Typer(help="List and unlink the identities of OpenID Connect users.", no_args_is_help=True)


@identities.command("list")
def list_(organization: Organization = None) -> None:
    """List the identities with user, e-mail address, issuer and subject."""

    async def read(transaction: Transaction) -> list[IdentityRow]:
        return await list_identities(transaction, await find_organization(transaction, organization))

    async def work() -> list[IdentityRow]:
        async with open_migrated(Settings.from_environment()) as database:
            return await database.write(read)

    for row in run(work()):
        typer.echo(f"{row.user_name}\t{row.email}\t{row.issuer}\t{row.subject}")


@identities.command()
def unlink(
    user: Annotated[str, typer.Option(help="The e-mail address or name of the user to unlink.")],
    by: Annotated[
        str, typer.Option(help="The e-mail address or name of the user who unlinks, for the audit log.")
    ],
    organization: Organization = None,
) -> None:
    """Unlink a user from all identities, so that the next sign-in with the verified address links it again.

    A running server accepts the identity for a few more seconds, and on open connections until its token
    expires.
    """
    now = datetime.now(UTC)

    async def work(transaction: Transaction) -> list[IdentityRow]:
        organization_id = await find_organization(transaction, organization)
        found = await find_user(transaction, organization_id, user)
        actor = await find_user(transaction, organization_id, by)
        return await unlink_user(transaction, found, actor, now=now)

    async def write() -> list[IdentityRow]:
        async with open_migrated(Settings.from_environment()) as database:
            return await database.write(work)

    for row in run(write()):
        typer.echo(f"{row.user_name} is no longer linked to {row.subject} of {row.issuer}.")
