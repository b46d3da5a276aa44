"""What every Python contestant is started with, and the server that runs it."""

import os
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import uvicorn
from starlette.types import ASGIApp

CONNECTIONS = 10
"""Connections to PostgreSQL; every contestant has as many."""


@dataclass(frozen=True, slots=True)
class Settings:
    """On whose behalf a contestant answers, from which database, on which port."""

    database_url: str
    port: int
    organization_id: UUID
    user_id: UUID

    @classmethod
    def from_environment(cls) -> Self:
        """Read what the benchmark sets for each process it starts."""
        return cls(
            database_url=os.environ["DATABASE_URL"],
            port=int(os.environ["PORT"]),
            organization_id=UUID(os.environ["ORGANIZATION_ID"]),
            user_id=UUID(os.environ["USER_ID"]),
        )


def serve(app: ASGIApp, port: int) -> None:
    """Run until a signal ends the process."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
