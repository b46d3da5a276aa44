"""Logs: one line for each event, as text for people or as JSON for programs.

``FIELDS`` lists what is logged of a request: no token, no variable and no text of a document.
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
"""Fields of a line besides its message: the request that it belongs to, and the result of that request."""

_access = logging.getLogger("dealdesk.access")


class LogFormat(StrEnum):
    """The format of log lines."""

    TEXT = "text"
    JSON = "json"


def configure_logs(format_: LogFormat, *, access_log: bool) -> None:
    """Log warnings and errors to stderr; with ``access_log`` also each request."""
    handler = logging.StreamHandler()
    handler.setFormatter(create_formatter(format_))
    handler.addFilter(add_request_fields)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    _access.setLevel(logging.INFO if access_log else logging.WARNING)


def create_formatter(format_: LogFormat) -> logging.Formatter:
    """Return a formatter that redacts secrets."""
    if format_ is LogFormat.TEXT:
        return RedactingFormatter(_TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return RedactingFormatter(
        JsonFormatter(
            ("levelname", "name", "message"),
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
        )
    )


def add_request_fields(record: logging.LogRecord) -> bool:
    """Add the ids of the current request to a record that has none; return True, because it drops none."""
    scope = current_scope()
    if scope is not None:
        record.__dict__.setdefault("request_id", scope["request_id"])
        trace = trace_id(scope)
        if trace is not None:
            record.__dict__.setdefault("trace_id", trace)
    return True


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """Log an HTTP request with its operation."""
    fields = {"method": scope["method"], "path": scope["path"], "status": status}
    _access.info("request", extra=fields | scope.get("outcome", {}) | _duration(seconds))


def log_operation(observation: Observation) -> None:
    """Log an operation over a WebSocket. Over HTTP, keep its result for the line of the request."""
    scope = current_scope()
    if scope is not None and scope["type"] == "http":
        scope["outcome"] = _outcome(observation)
    elif scope is not None:
        fields = {"request_id": observation.request_id, "method": "WS", "path": scope["path"]}
        _access.info("operation", extra=fields | _outcome(observation) | _duration(observation.seconds))


def _outcome(observation: Observation) -> dict[str, object]:
    label = observation.operation
    fields: dict[str, object] = {} if label is None else {"operation": label.name, "kind": label.kind}
    codes = {*observation.codes, *(refusal.code for refusal in observation.refusals)}
    return fields | {"codes": sorted(codes)} if codes else fields


def _duration(seconds: float) -> dict[str, object]:
    return {"duration_ms": round(seconds * 1000, 3)}


class _TextFormatter(logging.Formatter):
    """Appends the fields to the message. JSON escapes line breaks, so a value can't forge another line."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = [
            f" {name}={json.dumps(record.__dict__[name])}" for name in FIELDS if name in record.__dict__
        ]
        return "".join((super().formatMessage(record), *fields))
