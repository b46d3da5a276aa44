"""The request that the current task handles, so that each log line can name it."""

import re
from contextvars import ContextVar

from starlette.types import Scope

_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)
"""A ``traceparent`` header as W3C Trace Context defines it; the group is the trace id."""

_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def set_current_scope(scope: Scope) -> None:
    """Set the ASGI scope that the current task handles."""
    _scope.set(scope)


def current_scope() -> Scope | None:
    """Return the ASGI scope that the current task handles, or None outside of a request."""
    return _scope.get()


def trace_id(scope: Scope) -> str | None:
    """Return the trace id of a request: of its own span, else from the client's ``traceparent``."""
    if "trace_id" in scope:
        return str(scope["trace_id"])
    match = _TRACEPARENT.fullmatch(dict(scope["headers"]).get(b"traceparent", b""))
    return match and match[1].decode()
