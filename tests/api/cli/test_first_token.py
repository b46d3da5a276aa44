import pytest

from api.cli.runtime.banner import create_first_token, startup_banner
from api.server.server import server_url
from db.auth.tokens import list_tokens
from db.master_data.organizations import UserRef
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder


async def test_the_first_token_of_imported_data_acts_for_a_service_user(sqlite: Database) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    user = UserRef(builder.organization_id, builder.user_id)

    assert await create_first_token(sqlite, user, is_sample=False, now=NOW) is not None

    [token] = await list_tokens(sqlite, builder.organization_id)
    assert (token.user_name, token.user_id != builder.user_id) == ("first start", True)


async def test_the_first_token_of_the_sample_acts_for_its_first_user(sqlite: Database) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    user = UserRef(builder.organization_id, builder.user_id)

    assert await create_first_token(sqlite, user, is_sample=True, now=NOW) is not None
    before = await builder.dump()
    assert await create_first_token(sqlite, user, is_sample=False, now=NOW) is None

    [token] = await list_tokens(sqlite, builder.organization_id)
    assert token.user_id == builder.user_id
    assert await builder.dump() == before


def test_the_banner_names_the_role_of_the_token() -> None:
    lines = list(startup_banner("http://127.0.0.1:8000/graphql", "dealdesk_x"))

    assert (
        "The playground, signed in with the role ADMIN. The token in this link is shown only once:" in lines
    )
    assert "  http://127.0.0.1:8000/graphql#token=dealdesk_x" in lines


@pytest.mark.parametrize(
    ("address", "allowed_hosts", "url"),
    [
        ("127.0.0.1", (), "http://127.0.0.1:8000"),
        ("::1", ("deals.example",), "http://[::1]:8000"),
        ("0.0.0.0", ("deals.example", "10.0.0.7"), "http://deals.example:8000"),  # noqa: S104 - no socket
        ("::", ("deals.example",), "http://deals.example:8000"),
        ("10.0.0.7", ("deals.example", "10.0.0.7"), "http://10.0.0.7:8000"),
        ("10.0.0.8", ("deals.example", "10.0.0.7"), "http://deals.example:8000"),
    ],
)
def test_the_url_of_the_banner_has_an_allowed_host(
    address: str, allowed_hosts: tuple[str, ...], url: str
) -> None:
    assert server_url(address, 8000, allowed_hosts) == url
