"""Switches tracing on: the components of the server are replaced by ones that open spans."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import ASGIApp

from db.sql.database import Database
from schema.execution.executor import Executor

_log = logging.getLogger("dealdesk.telemetry")


class Components(NamedTuple):
    """How the components of a server are created or wrapped."""

    database: Callable[[Database], Database]
    executor: Callable[..., Executor]
    app: Callable[[ASGIApp], ASGIApp]


UNTRACED = Components(lambda database: database, Executor, lambda app: app)


@contextmanager
def instrumented(*, enabled: bool) -> Iterator[Components]:
    """Yield the components of a server. If tracing is enabled, export their spans until the block ends."""
    if not enabled:
        yield UNTRACED
        return
    try:
        from api.observability.tracing.instrumentation import exporting_components  # noqa: PLC0415 - an extra
    except ImportError:
        _log.warning(
            "OTEL_ variables enable traces, but the extra is missing. Install dealdesk[telemetry], or set"
            " OTEL_SDK_DISABLED=true."
        )
        yield UNTRACED
        return
    with exporting_components() as components:
        yield components
