"""What a server says when it starts: where it is, and how to be let in."""

from collections.abc import Iterator
from datetime import datetime

from db.auth.tokens import CreateToken, any_token_exists, create_token
from db.domain.caller import Role
from db.master_data.organizations import UserRef
from db.sql.database import Database, Transaction

_QUERY = """-d '{"query": "{ opportunities(first: 3) { nodes { name state } } }"}'"""


async def create_first_token(database: Database, served: UserRef, *, now: datetime) -> str | None:
    """Make a token that may do everything and return it, unless there has been one before."""

    async def work(transaction: Transaction) -> str | None:
        if await any_token_exists(transaction):
            return None
        draft = CreateToken(user=served, role=Role.ADMIN, name="first start")
        return await create_token(transaction, draft, now=now)

    return await database.write(work)


def startup_banner(url: str, token: str | None) -> Iterator[str]:
    """Return the lines of the welcome; ``token`` is the one that was made just now."""
    yield f"Dealdesk serves {url}"
    yield ""
    if token is None:
        yield "Whoever asks needs a token. `dealdesk token create --role ADMIN --name NAME` makes one."
        yield f"With $TOKEN set to it, the playground is at {url}#token=$TOKEN, and a first query is"
    else:
        yield "The playground, signed in. The token in this link is not shown again:"
        yield ""
        yield f"  {url}#token={token}"
        yield ""
        yield "A first query:"
    yield ""
    yield f"""  curl {url} -H "authorization: Bearer {token or "$TOKEN"}" \\"""
    yield f"    -H 'content-type: application/json' {_QUERY}"
