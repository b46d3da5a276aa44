from api.cli.runtime.banner import create_first_token
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
