"""The startup banner: the server's URL, a token for its first user, and a first query."""

from collections.abc import Iterator
from datetime import datetime

from db.auth.create_user import find_or_create_service_user
from db.auth.tokens import CreateToken, any_token_exists, create_token
from db.domain.caller import Role
from db.master_data.organizations import UserRef
from db.sql.database import Database, Transaction

_TOKEN_NAME = "first start"  # noqa: S105 - no secret
_ROLE = Role.ADMIN
_QUERY = """-d '{"query": "{ opportunities(first: 3) { nodes { name state } } }"}'"""


async def create_first_token(
    database: Database, user: UserRef, *, is_sample: bool, now: datetime
) -> str | None:
    """Create a token with the role ``_ROLE`` and return it, or None if any token exists already.

    It acts for the user if that is one of the sample data, and for a service user of the same organization if
    the user is a real person.
    """

    async def work(transaction: Transaction) -> str | None:
        if await any_token_exists(transaction):
            return None
        owner = (
            user
            if is_sample
            else await find_or_create_service_user(
                transaction, user.organization_id, _TOKEN_NAME, _ROLE, now=now
            )
        )
        command = CreateToken(user=owner, role=_ROLE, name=_TOKEN_NAME)
        return await create_token(transaction, command, now=now)

    return await database.write(work)


def startup_banner(url: str, token: str | None) -> Iterator[str]:
    """Yield the lines of the banner; ``token`` is the first token if it was created just now."""
    yield f"Dealdesk is running at {url}"
    yield ""
    if token is None:
        yield "Requests need a token. Create one with `dealdesk token create --role ADMIN --name NAME`."
        yield f"With this token in $TOKEN, the playground is {url}#token=$TOKEN, and a first query is:"
    else:
        yield f"The playground, signed in with the role {_ROLE}. The token in this link is shown only once:"
        yield ""
        yield f"  {url}#token={token}"
        yield ""
        yield "A first query:"
    yield ""
    yield f"""  curl {url} -H "authorization: Bearer {token or "$TOKEN"}" \\"""
    yield f"    -H 'content-type: application/json' {_QUERY}"
