"""Logs: a line for each thing that happened, as text for people or as JSON for programs.

What is logged of a request is listed here, so no line holds a token, a variable or the text of a document.
"""

import json
import logging
from enum import StrEnum

from pythonjsonlogger.json import JsonFormatter
from starlette.types import Scope
from typing_extensions import override

from api.observability.redaction import RedactingFormatter
from api.observability.request_context import current_scope, trace_id
from schema.execution.observer import Observation

FIELDS = ("request_id", "trace_id", "method", "path", "status", "operation", "kind", "codes", "duration_ms")
"""What a line may have beside its message: which request it is about, and what became of that."""

_access = logging.getLogger("dealdesk.access")


class LogFormat(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


def configure_logs(format_: LogFormat, *, access_log: bool) -> None:
    """Write warnings and what is worse to stderr; with ``access_log`` every request, too."""
    handler = logging.StreamHandler()
    handler.setFormatter(create_formatter(format_))
    handler.addFilter(add_request_fields)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    _access.setLevel(logging.INFO if access_log else logging.WARNING)


def create_formatter(format_: LogFormat) -> logging.Formatter:
    """Return what makes a line of a record."""
    if format_ is LogFormat.TEXT:
        return RedactingFormatter(_Text("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return RedactingFormatter(
        JsonFormatter(
            ("levelname", "name", "message"),
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
        )
    )


def add_request_fields(record: logging.LogRecord) -> bool:
    """Let a record say which request it is about, unless it says so itself; none is left out."""
    scope = current_scope()
    if scope is not None:
        record.__dict__.setdefault("request_id", scope["request_id"])
        trace = trace_id(scope)
        if trace is not None:
            record.__dict__.setdefault("trace_id", trace)
    return True


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """Log a request over HTTP, with the operation that it asked for."""
    of = {"method": scope["method"], "path": scope["path"], "status": status}
    _access.info("request", extra=of | scope.get("outcome", {}) | _duration(seconds))


def log_operation(observation: Observation) -> None:
    """Log an operation over a socket; one over HTTP is logged with its request."""
    scope = current_scope()
    if scope is not None and scope["type"] == "http":
        scope["outcome"] = _outcome(observation)
    elif scope is not None:
        of = {"request_id": observation.request_id, "method": "WS", "path": scope["path"]}
        _access.info("operation", extra=of | _outcome(observation) | _duration(observation.seconds))


def _outcome(observation: Observation) -> dict[str, object]:
    asked = observation.operation
    of: dict[str, object] = {} if asked is None else {"operation": asked.name, "kind": asked.kind}
    codes = {*observation.codes, *(refused.code for refused in observation.refusals)}
    return of | {"codes": sorted(codes)} if codes else of


def _duration(seconds: float) -> dict[str, object]:
    return {"duration_ms": round(seconds * 1000, 3)}


class _Text(logging.Formatter):
    """Appends the fields to the message, values as JSON so that none can look like another line."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = [
            f" {name}={json.dumps(record.__dict__[name])}" for name in FIELDS if name in record.__dict__
        ]
        return "".join((super().formatMessage(record), *fields))
