"""The engine and its sessions."""

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from tests.benchmarks.servers.asgi_server import CONNECTIONS, Settings

settings = Settings.from_environment()
organization = settings.organization_id
session = async_sessionmaker(
    create_async_engine(
        settings.database_url.replace("postgresql:", "postgresql+asyncpg:"),
        pool_size=CONNECTIONS,
        max_overflow=0,
    ),
    class_=AsyncSession,
    expire_on_commit=False,
)
