"""A connection to PostgreSQL: its settings, its types and the organization that it is set to."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg

from db.postgres.url import driver_url
from db.sql.timeouts import GRACE_SECONDS, Timeouts

CLOSE_TIMEOUT_SECONDS = 1.0
"""Time for a connection to close in order; after that it is terminated."""

PREPARED_STATEMENTS = 256
"""Statements that each connection keeps prepared; the server holds a plan for each."""

_SETTINGS = {
    "datestyle": "ISO, YMD",  # JSON text holds dates as PostgreSQL writes them
    "timezone": "UTC",
    "jit": "off",  # compiling such short statements costs more than it saves
    "random_page_cost": "1.1",  # the data are in memory, or on a disk that does not seek
    # Each shape of a request has a statement of its own, so planning it for every value finds nothing new:
    # a page with its pageInfo takes half the time without.
    "plan_cache_mode": "force_generic_plan",
    # A program that is gone, or its host, holds no lock for longer than a minute.
    "idle_in_transaction_session_timeout": "60s",
    "tcp_user_timeout": "30s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The instant from which PostgreSQL counts microseconds; its date is the one from which it counts days."""

_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)


class Connection(asyncpg.Connection):  # type: ignore[misc] # the driver has no types
    """A connection that knows which organization's rows it sees; None is for those of all organizations."""

    organization_id: UUID | None = None


async def connect(url: str, timeouts: Timeouts) -> Connection:
    """Connect to ``postgresql://user:password@host:port/database``.

    A statement that the server has not answered ``GRACE_SECONDS`` after its own timeout raises TimeoutError.

    Raises:
        TimeoutError: the server did not answer within the acquire timeout.
        OSError, asyncpg.PostgresError: it can't be reached, or refuses the connection.
        InvalidUrlParameter: the URL requires what the driver can't do.
    """
    settings, silent_after = _SETTINGS, None
    if timeouts.statement is not None:
        silent_after = timeouts.statement + GRACE_SECONDS
        settings = _SETTINGS | {
            "statement_timeout": f"{timeouts.statement:.3f}s",
            "lock_timeout": f"{min(timeouts.acquire, timeouts.statement):.3f}s",
        }
    async with asyncio.timeout(timeouts.acquire):
        connection: Connection = await asyncpg.connect(
            driver_url(url),
            connection_class=Connection,
            command_timeout=silent_after,
            statement_cache_size=PREPARED_STATEMENTS,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings=settings,
        )
        try:
            await _set_codecs(connection)
        except BaseException:
            connection.terminate()
            raise
    return connection


async def close(connection: Connection) -> None:
    """Close a connection in order, or terminate it if that fails or takes too long."""
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is, the connection is not used again
        connection.terminate()


async def _set_codecs(connection: Connection) -> None:
    # Planned statements return varchar, every column of ours is text: so the JSON passes through as bytes.
    await connection.set_type_codec(
        "varchar", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
    )
    # asyncpg takes the first and the last day and instant of the calendar for infinities; here they are not.
    await connection.set_type_codec(
        "date",
        schema="pg_catalog",
        encoder=lambda day: (day.toordinal() - _EPOCH_DAY,),
        decoder=lambda days: date.fromordinal(days[0] + _EPOCH_DAY),
        format="tuple",
    )
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=lambda instant: ((instant - _EPOCH) // _MICROSECOND,),
        decoder=lambda microseconds: _EPOCH + microseconds[0] * _MICROSECOND,
        format="tuple",
    )
