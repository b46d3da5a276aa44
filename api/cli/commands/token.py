"""Who may ask, by tokens of our own."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from api.cli.runtime.database import open_migrated, run
from api.settings import Settings
from db.auth.tokens import CreateToken, create_token, list_tokens, revoke_token
from db.auth.user_lookup import find_user
from db.domain.caller import Role
from db.sql.database import Transaction

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3650)

Organization = Annotated[
    str | None, typer.Option(help="The organization's name. Unless given, it is the oldest one.")
]


def _time_span(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text)
    span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if span is None or span > _LONGEST:
        raise typer.BadParameter("Write a number and a unit, such as 90m, 12h, 30d or 8w; up to ten years.")
    return span


tokens = typer.Typer(help="Let programs and people in.", no_args_is_help=True)


@tokens.command()
def create(
    role: Annotated[Role, typer.Option(case_sensitive=False, help="What whoever has the token may do.")],
    name: Annotated[str, typer.Option(help="What the token is for; it is revoked by this name.")],
    expires_in: Annotated[
        timedelta | None, typer.Option(parser=_time_span, metavar="30d", help="Unless given, it never does.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(help="On whose behalf: e-mail address or name. Unless given, the first user."),
    ] = None,
    organization: Organization = None,
) -> None:
    """Make a token and print it, alone on the last line. It can't be shown again: only its hash is kept."""
    now = datetime.now(UTC)
    expires_at = None if expires_in is None else now + expires_in

    async def work(transaction: Transaction) -> str:
        whose = await find_user(transaction, organization, user)
        draft = CreateToken(user=whose, role=role, name=name, expires_at=expires_at)
        return await create_token(transaction, draft, now=now)

    token = run(_written(work))
    typer.echo(f"The token {name.strip()!r} is shown this once; it is valid {_until(expires_at)}.\n{token}")


@tokens.command("list")
def list_(organization: Organization = None) -> None:
    """List the tokens: name, role, user, and until when each is valid."""
    now = datetime.now(UTC)
    for row in run(_listed(organization)):
        typer.echo("\t".join((row.name, row.role, row.user_name, _state(row, now))))


@tokens.command()
def revoke(name: str, organization: Organization = None) -> None:
    """Revoke a token for good. A running server lets it in for a few seconds more."""
    now = datetime.now(UTC)

    async def work(transaction: Transaction) -> None:
        whose = await find_user(transaction, organization, None)
        await revoke_token(transaction, whose.organization_id, name, now=now)

    run(_written(work))
    typer.echo(f"The token {name!r} is revoked.")


async def _written(work: Any) -> Any:
    async with open_migrated(Settings.from_environment()) as database:
        return await database.write(work)


async def _listed(organization: str | None) -> list[Any]:
    async with open_migrated(Settings.from_environment()) as database:
        whose = await database.write(lambda transaction: find_user(transaction, organization, None))
        return await list_tokens(database, whose.organization_id)


def _state(row: Any, now: datetime) -> str:
    if row.revoked_at is not None:
        return f"revoked on {row.revoked_at:%Y-%m-%d}"
    if row.expires_at is not None and row.expires_at <= now:
        return f"expired on {row.expires_at:%Y-%m-%d}"
    return f"valid {_until(row.expires_at)}"


def _until(expires_at: datetime | None) -> str:
    return "until it is revoked" if expires_at is None else f"until {expires_at:%Y-%m-%d %H:%M} UTC"
