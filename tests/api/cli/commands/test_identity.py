import asyncio
from datetime import UTC, datetime

from api.cli.runtime.database import open_migrated
from api.settings import Settings
from db.auth.oidc_identities import OidcUser, resolve_user
from db.domain.caller import Role
from tests.api.support.command_line import CommandLine

ISSUER = "https://login.example"


def test_an_identity_is_listed_and_unlinked(dealdesk: CommandLine) -> None:
    dealdesk.run("migrate", "--sample")
    asyncio.run(_sign_in())
    unlink = ("identity", "unlink", "--by", "Ingrid Solheim", "--user", "Mara Lindqvist")
    email = "mara.lindqvist@corvane.example"
    assert dealdesk.run("identity", "list") == (0, f"Mara Lindqvist\t{email}\t{ISSUER}\t7\n", "")

    assert dealdesk.run(*unlink) == (0, f"Mara Lindqvist is no longer linked to 7 of {ISSUER}.\n", "")

    assert dealdesk.run("identity", "list") == (0, "", "")
    assert dealdesk.error_message(*unlink) == (
        "The user is not linked to an identity. `dealdesk identity list` shows all identities."
    )


async def _sign_in() -> None:
    async with open_migrated(Settings.from_environment()) as database:
        user = OidcUser(
            issuer=ISSUER,
            subject="7",
            role=Role.SALES,
            email="mara.lindqvist@corvane.example",
            email_verified=True,
        )
        await resolve_user(database, "Corvane Engineering", user, now=datetime.now(UTC))
