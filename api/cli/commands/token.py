"""``dealdesk token``: create, list and revoke API tokens."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import typer

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.auth.create_user import find_or_create_service_user
from db.auth.tokens import CreateToken, TokenRow, create_token, list_tokens, revoke_token
from db.auth.user_lookup import find_organization, find_user
from db.domain.caller import Role
from db.sql.database import Transaction

T = TypeVar("T")

MAX_LIFETIME = timedelta(days=3650)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _parse_lifetime(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text)
    lifetime = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if lifetime is None or lifetime > MAX_LIFETIME:
        raise typer.BadParameter("Write a number and a unit, such as 90m, 12h, 30d or 8w; at most ten years.")
    return lifetime


Organization = Annotated[
    str | None, typer.Option(help="The organization's name. Default: the oldest organization.")
]
tokens = typer.Typer(help="Create, list and revoke API tokens.", no_args_is_help=True)


@tokens.command()
def create(
    role: Annotated[
        Role, typer.Option(case_sensitive=False, help="The role, which decides what the token allows.")
    ],
    name: Annotated[str, typer.Option(help="The purpose of the token; `token revoke` takes this name.")],
    expires_in: Annotated[
        timedelta | None,
        typer.Option(parser=_parse_lifetime, metavar="30d", help="The lifetime. Default: no expiry."),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="E-mail address or name of the token's user. Default: a service user of the token's name."
        ),
    ] = None,
    organization: Organization = None,
) -> None:
    """Create a token and print it alone on the last line. It is shown only once: only its hash is stored."""
    now = datetime.now(UTC)
    expires_at = None if expires_in is None else now + expires_in

    async def work(transaction: Transaction) -> str:
        organization_id = await find_organization(transaction, organization)
        if user is None:
            owner = await find_or_create_service_user(
                transaction, organization_id, name.strip(), role, now=now
            )
        else:
            owner = await find_user(transaction, organization_id, user)
        command = CreateToken(user=owner, role=role, name=name, expires_at=expires_at)
        return await create_token(transaction, command, now=now)

    token = run(_write(work))
    typer.echo(f"The token {name.strip()!r} is shown only once. It is valid {_until(expires_at)}.\n{token}")


@tokens.command("list")
def list_(organization: Organization = None) -> None:
    """List the tokens with name, role, user and validity."""
    now = datetime.now(UTC)

    async def read() -> list[TokenRow]:
        async with open_migrated(Settings.from_environment()) as database:
            organization_id = await database.write(
                lambda transaction: find_organization(transaction, organization)
            )
            return await list_tokens(database, organization_id)

    for token in run(read()):
        typer.echo("\t".join((token.name, token.role, token.user_name, _validity(token, now))))


@tokens.command()
def revoke(name: str, organization: Organization = None) -> None:
    """Revoke a token. A running server accepts it for a few more seconds."""
    now = datetime.now(UTC)

    async def work(transaction: Transaction) -> None:
        organization_id = await find_organization(transaction, organization)
        await revoke_token(transaction, organization_id, name, now=now)

    run(_write(work))
    typer.echo(f"The token {name!r} is revoked.")


async def _write(work: Callable[[Transaction], Awaitable[T]]) -> T:
    async with open_migrated(Settings.from_environment()) as database:
        return await database.write(work)


def _validity(token: TokenRow, now: datetime) -> str:
    if token.revoked_at is not None:
        return f"revoked on {token.revoked_at:%Y-%m-%d}"
    if token.expires_at is not None and token.expires_at <= now:
        return f"expired on {token.expires_at:%Y-%m-%d}"
    return f"valid {_until(token.expires_at)}"


def _until(expires_at: datetime | None) -> str:
    return "until it is revoked" if expires_at is None else f"until {expires_at:%Y-%m-%d %H:%M} UTC"
