"""The request that is being answered, as every line of the log names it."""

import re
from contextvars import ContextVar

from starlette.types import Scope

_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""A ``traceparent`` as W3C Trace Context defines it."""

_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def set_current_scope(scope: Scope) -> None:
    """Take the scope of what this task answers from here on."""
    _scope.set(scope)


def current_scope() -> Scope | None:
    """Return the scope of the request, or None outside of any."""
    return _scope.get()


def trace_id(scope: Scope) -> str | None:
    """Return the trace that the request is part of: ours, or what the client says."""
    if "trace_id" in scope:
        return str(scope["trace_id"])
    header = dict(scope["headers"]).get(b"traceparent", b"")
    match = _TRACE.fullmatch(header)
    return match and match[1].decode()
