"""The parameters of a GraphQL request, from a JSON body or from the URL."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from graphql import OperationType

from api.http.body import parse_json
from api.http.errors import BadRequest, UriTooLong
from api.http.limits import Limits
from api.transports.trusted_documents import TrustedDocuments
from schema.execution.executor import Request

MAX_QUERY_STRING_BYTES = 32 * 1024
"""Hardly anything between a client and us carries a longer URL; a longer query goes by POST."""

_OVER_POST = frozenset({OperationType.QUERY, OperationType.MUTATION})
_OVER_GET = frozenset({OperationType.QUERY})
_OVER_SOCKET = frozenset(OperationType)


def from_body(
    body: bytes | bytearray, documents: TrustedDocuments, request_id: str, limits: Limits
) -> Request:
    """Return the request that a JSON body makes: a query or a mutation.

    Raises:
        BadRequest: the body is no object of the members that a request has.
        DocumentRefusal: its document is not run here.
    """
    members = parse_json(body, "The body", limits)
    if not isinstance(members, dict):
        raise BadRequest('The body must be a JSON object with a member "query".')
    return _request(members, documents, _OVER_POST, request_id)


def from_url(query_string: bytes, documents: TrustedDocuments, request_id: str, limits: Limits) -> Request:
    """Return the request that a URL's parameters make: a query, because a GET changes nothing.

    Raises:
        UriTooLong: they are longer than ``MAX_QUERY_STRING_BYTES``.
        BadRequest: they are not those that a request has.
        DocumentRefusal: its document is not run here.
    """
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        raise UriTooLong(f"The parameters are longer than {MAX_QUERY_STRING_BYTES} bytes. Send them by POST.")
    members: dict[str, Any] = _decoded(query_string)
    for name in ("variables", "extensions"):
        if name in members:
            members[name] = parse_json(members[name].encode(), f'The parameter "{name}"', limits)
    return _request(members, documents, _OVER_GET, request_id)


def from_message(members: Mapping[str, Any], documents: TrustedDocuments, request_id: str) -> Request:
    """Return the request that a message over a socket makes: of any kind.

    Raises:
        BadRequest: its members are not those that a request has.
        DocumentRefusal: its document is not run here.
    """
    return _request(members, documents, _OVER_SOCKET, request_id)


def _decoded(query_string: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(query_string.decode(), errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The parameters of the URL are not UTF-8.") from None
    members = dict(pairs)
    if len(members) < len(pairs):
        raise BadRequest("A parameter is in the URL more than once.")
    return members


def _request(
    members: Mapping[str, Any],
    documents: TrustedDocuments,
    operations: frozenset[OperationType],
    request_id: str,
) -> Request:
    for name, value in members.items():
        if value is not None and not isinstance(value, _TYPES.get(name, object)):
            called = "a string" if _TYPES[name] is str else "an object"
            raise BadRequest(f'"{name}" must be {called}, or left out.')
    extensions = members.get("extensions") or {}
    return Request(
        documents.resolve(members.get("query"), members.get("documentId")),
        variables=members.get("variables"),
        operation_name=members.get("operationName"),
        operations=operations,
        id=request_id,
        include_cost=extensions.get("cost") is True,
    )


_TYPES = {"query": str, "documentId": str, "operationName": str, "variables": dict, "extensions": dict}
"""The members of a request; others are left alone."""
