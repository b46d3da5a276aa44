"""The application over PostgreSQL, with an organization that may call it."""

import pytest
from starlette.applications import Starlette

from api.app import create_app
from db.sql.database import Database
from schema.execution.executor import Executor
from tests.api.support.access import access_policy, store_token
from tests.builders import OrganizationBuilder
from tests.schema.support.client import UNLIMITED, cached_schema


@pytest.fixture
async def builder(postgresql: Database) -> OrganizationBuilder:
    """An organization whose user has a token."""
    builder = await OrganizationBuilder.create(postgresql)
    await store_token(builder)
    return builder


@pytest.fixture
def executor(builder: OrganizationBuilder) -> Executor:
    return Executor(cached_schema(), builder.database, limits=UNLIMITED)


@pytest.fixture
def app(executor: Executor, builder: OrganizationBuilder) -> Starlette:
    return create_app(executor, builder.database, access_policy(builder.database))
