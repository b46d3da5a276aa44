"""The settings of every Python contestant, and the ASGI server that runs it."""

import os
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import uvicorn
from starlette.types import ASGIApp

CONNECTIONS = 10
"""Connections to PostgreSQL, the same number for every contestant."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The database, the port, and the user and organization of every request."""

    database_url: str
    port: int
    organization_id: UUID
    user_id: UUID

    @classmethod
    def from_environment(cls) -> Self:
        """Read the variables that the benchmark sets for each process."""
        return cls(
            database_url=os.environ["DATABASE_URL"],
            port=int(os.environ["PORT"]),
            organization_id=UUID(os.environ["ORGANIZATION_ID"]),
            user_id=UUID(os.environ["USER_ID"]),
        )


def serve(app: ASGIApp, port: int) -> None:
    """Run the server until a signal ends the process."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
