"""Traces, if they are wanted: then the parts of the server are replaced by ones that tell what they do."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import ASGIApp

from db.sql.database import Database
from schema.execution.executor import Executor

_log = logging.getLogger("dealdesk.telemetry")


class Components(NamedTuple):
    """How the parts of a server are made, or wrapped."""

    database: Callable[[Database], Database]
    executor: Callable[..., Executor]
    app: Callable[[ASGIApp], ASGIApp]


UNTRACED = Components(lambda database: database, Executor, lambda app: app)


@contextmanager
def instrumented(*, enabled: bool) -> Iterator[Components]:
    """Give the parts of a server; where traces are wanted they are sent on while the block runs."""
    if not enabled:
        yield UNTRACED
        return
    try:
        from api.observability.tracing.exporter import exporting_tracer  # noqa: PLC0415 - the extra may be absent
        from api.observability.tracing.instrumentation import traced_components  # noqa: PLC0415
    except ImportError:
        _log.warning("OTEL_ variables ask for traces, but the extra dealdesk[telemetry] is not installed")
        yield UNTRACED
        return
    with exporting_tracer() as tracer:
        yield traced_components(tracer)
