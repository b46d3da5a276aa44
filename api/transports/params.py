"""The parameters of a GraphQL request, from a JSON body, a URL or a WebSocket message."""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from graphql import OperationType

from api.http.body import parse_json
from api.http.errors import BadRequest, UriTooLong
from api.http.limits import Limits
from api.transports.trusted_documents import TrustedDocuments
from schema.execution.executor import Request

T = TypeVar("T")

MAX_QUERY_STRING_BYTES = 32 * 1024
"""Few proxies accept longer URLs; a longer query can be sent by POST."""

_POST_OPERATIONS = frozenset({OperationType.QUERY, OperationType.MUTATION})
_GET_OPERATIONS = frozenset({OperationType.QUERY})
_WEBSOCKET_OPERATIONS = frozenset(OperationType)


def from_body(
    body: bytes | bytearray, documents: TrustedDocuments, request_id: str, limits: Limits
) -> Request:
    """Return the request in a JSON body: a query or a mutation.

    Raises:
        BadRequest: the body is not a JSON object with valid parameters.
        DocumentError: the server does not run the document.
    """
    params = parse_json(body, "The body", limits)
    if not isinstance(params, dict):
        raise BadRequest('The body must be a JSON object with a member "query".')
    return _request(params, documents, _POST_OPERATIONS, request_id)


def from_url(query_string: bytes, documents: TrustedDocuments, request_id: str, limits: Limits) -> Request:
    """Return the request in the query string of a URL: a query, because GET is safe (RFC 9110, 9.2.1).

    Raises:
        UriTooLong: the query string is longer than ``MAX_QUERY_STRING_BYTES``.
        BadRequest: the parameters are not valid.
        DocumentError: the server does not run the document.
    """
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        raise UriTooLong(
            f"The query string is longer than {MAX_QUERY_STRING_BYTES} bytes. Send the request by POST."
        )
    try:
        pairs = parse_qsl(query_string.decode(), errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The parameters of the URL are not UTF-8.") from None
    params: dict[str, object] = dict(pairs)
    if len(params) < len(pairs):
        raise BadRequest("A parameter occurs more than once in the URL.")
    for name, text in pairs:
        if name in ("variables", "extensions"):
            params[name] = parse_json(text.encode(), f'The parameter "{name}"', limits)
    return _request(params, documents, _GET_OPERATIONS, request_id)


def from_message(params: Mapping[str, object], documents: TrustedDocuments, request_id: str) -> Request:
    """Return the request in the payload of a WebSocket message: an operation of any type.

    Raises:
        BadRequest: the parameters are not valid.
        DocumentError: the server does not run the document.
    """
    return _request(params, documents, _WEBSOCKET_OPERATIONS, request_id)


def _request(
    params: Mapping[str, object],
    documents: TrustedDocuments,
    operation_types: frozenset[OperationType],
    request_id: str,
) -> Request:
    """Return the request; ignore unknown parameters."""
    query = _optional(params, "query", str, "a string")
    document_id = _optional(params, "documentId", str, "a string")
    operation_name = _optional(params, "operationName", str, "a string")
    variables = _optional(params, "variables", dict, "an object")
    extensions = _optional(params, "extensions", dict, "an object")
    return Request(
        documents.resolve(query, document_id),
        variables=variables,
        operation_name=operation_name,
        operation_types=operation_types,
        id=request_id,
        include_cost=(extensions or {}).get("cost") is True,
    )


def _optional(params: Mapping[str, object], name: str, type_: type[T], type_name: str) -> T | None:
    value = params.get(name)
    if value is None or isinstance(value, type_):
        return value
    raise BadRequest(f'"{name}" must be {type_name} or null.')
