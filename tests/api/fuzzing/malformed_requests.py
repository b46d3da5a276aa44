"""Malformed requests, with the status and the code of each error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from api.http.limits import DEFAULT_LIMITS
from api.transports.params import MAX_QUERY_STRING_BYTES

GRAPHQL_RESPONSE = "application/graphql-response+json"
_POST_HEADERS = {"content-type": "application/json", "accept": GRAPHQL_RESPONSE}
_DEEP = "[" * 32 + "]" * 32


@dataclass(frozen=True)
class MalformedRequest:
    """One request and its error."""

    name: str
    code: str
    status: int = 400
    method: str = "POST"
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=lambda: _POST_HEADERS)
    content: bytes = b'{"query": "{ __typename }"}'


def _body(name: str, content: bytes) -> MalformedRequest:
    return MalformedRequest(f"body is {name}", "BAD_REQUEST", content=content)


def _params(name: str, **params: Any) -> MalformedRequest:
    content = json.dumps({"query": "{ __typename }", **params}).encode()
    return MalformedRequest(name, "BAD_REQUEST", content=content)


def _content_type(name: str, content_type: str | None) -> MalformedRequest:
    headers = {"accept": GRAPHQL_RESPONSE} | ({"content-type": content_type} if content_type else {})
    return MalformedRequest(f"content type is {name}", "UNSUPPORTED_MEDIA_TYPE", 415, headers=headers)


def _content_encoding(encoding: str) -> MalformedRequest:
    headers = {**_POST_HEADERS, "content-encoding": encoding}
    content = b"\x1f\x8b"  # how gzip begins
    return MalformedRequest(
        f"encoding is {encoding}", "UNSUPPORTED_MEDIA_TYPE", 415, headers=headers, content=content
    )


def _accept(accept: str) -> MalformedRequest:
    return MalformedRequest(
        f"accepts {accept}", "NOT_ACCEPTABLE", 406, headers={**_POST_HEADERS, "accept": accept}
    )


def _method(method: str, path: str = "/graphql") -> MalformedRequest:
    return MalformedRequest(f"{method} {path}", "METHOD_NOT_ALLOWED", 405, method, path)


def _get(name: str, parameters: str, code: str = "BAD_REQUEST", status: int = 400) -> MalformedRequest:
    path = f"/graphql?{parameters}"
    return MalformedRequest(f"URL with {name}", code, status, "GET", path, {"accept": GRAPHQL_RESPONSE}, b"")


def _document(name: str, code: str, query: str, *, status: int = 400, **params: Any) -> MalformedRequest:
    content = json.dumps({"query": query, **params}).encode()
    return MalformedRequest(name, code, status, content=content)


def _argument(name: str, query: str) -> MalformedRequest:
    """Return a request that is executed, with an invalid argument."""
    return _document(name, "BAD_USER_INPUT", query, status=200)


def _close(name: str, code: str, details: str) -> MalformedRequest:
    """Return a mutation that closes an opportunity with invalid details."""
    mutation = f"closeOpportunity(input: {{opportunityId: $id, {details}}}) {{ __typename }}"
    query = f"mutation($id: ID!) {{ {mutation} }}"
    return _document(name, code, query, variables={"id": "opp_00000000-0000-7000-8000-000000000000"})


BODIES = (
    _body("null", b"null"),
    _body("a number", b"1"),
    _body("a string", b'"x"'),
    _body("a boolean", b"true"),
    _body("a list", b"[]"),
    _body("a batch", b'[{"query": "{ __typename }"}]'),
    _body("an object without parameters", b"{}"),
    _body("empty", b""),
    _body("blank", b" \n"),
    _body("truncated", b'{"query": "{'),
    _body("followed by another", b'{"query": "{ __typename }"} {}'),
    _body("a document without JSON around it", b"{ __typename }"),
    _body("in single quotes", b"{'query': '{ __typename }'}"),
    _body("not UTF-8", b'{"query": "\xff\xfe"}'),
    _body("UTF-16", '{"query": "{ __typename }"}'.encode("utf-16")),
    _body("with a byte order mark", b'\xef\xbb\xbf{"query": "{ __typename }"}'),
    _body("with half a surrogate", b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}'),
    _body("with NaN", b'{"query": "{ __typename }", "variables": {"a": NaN}}'),
    _body("with Infinity", b'{"query": "{ __typename }", "variables": {"a": -Infinity}}'),
    _body("with a number out of range", b'{"query": "{ __typename }", "variables": {"a": 1e999}}'),
    _body("nested 33 deep", b'{"query": "{ __typename }", "extensions": %s}' % _DEEP.encode()),
    _body("nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000),
    MalformedRequest(
        "body is too long", "CONTENT_TOO_LARGE", 413, content=b" " * (DEFAULT_LIMITS.body_bytes + 1)
    ),
)

PARAMS = (
    _params("query is null", query=None),
    _params("query is a number", query=1),
    _params("query is a list", query=["{ __typename }"]),
    _params("query is an object", query={}),
    _params("operationName is a number", operationName=0),
    _params("operationName is a list", operationName=[]),
    _params("variables are a string", variables="{}"),
    _params("variables are a list", variables=[]),
    _params("variables are false", variables=False),
    _params("extensions are a string", extensions="x"),
    _params("extensions are a list", extensions=[]),
)

HEADERS = (
    _content_type("missing", None),
    _content_type("text", "text/plain"),
    _content_type("a form", "application/x-www-form-urlencoded"),
    _content_type("multipart", "multipart/form-data; boundary=x"),
    _content_type("a bare document", "application/graphql"),
    _content_type("in Latin-1", "application/json; charset=iso-8859-1"),
    _content_type("nonsense", ";;;"),
    _content_encoding("gzip"),
    _content_encoding("br, identity"),
    _accept("text/html"),
    _accept("image/*"),
    _accept("application/json;q=0"),
    _accept("application/json;q=nan"),
    _accept(",,;"),
)

METHODS = (
    _method("PUT"),
    _method("PATCH"),
    _method("DELETE"),
    _method("OPTIONS"),
    _method("QUERY"),
    _method("POST", "/livez"),
    _method("DELETE", "/readyz"),
    MalformedRequest("unknown path", "NOT_FOUND", 404, path="/graphiql"),
    MalformedRequest("unknown path with an invalid host", "NOT_FOUND", 404, path="/x", headers={"host": "["}),
    MalformedRequest("path with a trailing slash", "NOT_FOUND", 404, path="/graphql/"),
    MalformedRequest("path with parent directories", "NOT_FOUND", 404, path="/graphql/..%2f..%2fetc/passwd"),
)

URLS = (
    _get("no parameters", ""),
    _get("an empty query", "query="),
    _get("two queries", "query={__typename}&query={__typename}"),
    _get("parameters that are not UTF-8", "query=%ff"),
    _get("variables that are not JSON", "query={__typename}&variables={"),
    _get("variables that are a list", "query={__typename}&variables=[]"),
    _get("variables with NaN", 'query={__typename}&variables={"a":NaN}'),
    _get("variables nested 33 deep", f'query={{__typename}}&variables={{"a":{_DEEP}}}'),
    _get("extensions that are a number", "query={__typename}&extensions=1"),
    _get("too long a query", f"query={'a' * MAX_QUERY_STRING_BYTES}", "URI_TOO_LONG", 414),
    _get("a mutation", f"query={quote('mutation { __typename }')}", "METHOD_NOT_ALLOWED", 405),
    _get("a subscription", f"query={quote('subscription { opportunitiesChanged { kind } }')}"),
)

DOCUMENTS = (
    _document("empty document", "GRAPHQL_PARSE_FAILED", ""),
    _document("document of a comment", "GRAPHQL_PARSE_FAILED", "# nothing"),
    _document("document truncated", "GRAPHQL_PARSE_FAILED", "{ viewer {"),
    _document("document of NUL", "GRAPHQL_PARSE_FAILED", "\0"),
    _document("document nested 50,000 deep", "GRAPHQL_PARSE_FAILED", "{a" * 50_000),
    _document("unknown field", "GRAPHQL_VALIDATION_FAILED", "{ nothing }"),
    _document("object without fields", "GRAPHQL_VALIDATION_FAILED", "{ viewer }"),
    _document("fragment in itself", "GRAPHQL_VALIDATION_FAILED", "{ ...A } fragment A on Query { ...A }"),
    _document("subscription to nothing", "GRAPHQL_VALIDATION_FAILED", "subscription { __typename }"),
    _document("subscription by POST", "BAD_REQUEST", "subscription { opportunitiesChanged { kind } }"),
    _document("no operation", "GRAPHQL_VALIDATION_FAILED", "fragment A on Query { __typename }"),
    _document(
        "unnamed of two", "OPERATION_RESOLUTION_FAILURE", "query A { __typename } query B { __typename }"
    ),
    _document("unknown name", "OPERATION_RESOLUTION_FAILURE", "query A { __typename }", operationName="C"),
    _document("variable missing", "BAD_USER_INPUT", "query($id: ID!) { node(id: $id) { id } }"),
    _document(
        "variable of a wrong type",
        "BAD_USER_INPUT",
        "query($first: Int) { quotes(first: $first) { totalCount } }",
        variables={"first": "ten"},
    ),
    _document(
        "number too large", "GRAPHQL_VALIDATION_FAILED", "{ quotes(first: 4294967296) { totalCount } }"
    ),
    _document(
        "unknown enum value",
        "GRAPHQL_VALIDATION_FAILED",
        "{ quotes(filter: {state: {eq: GONE}}) { totalCount } }",
    ),
    _document("text with NUL", "BAD_USER_INPUT", r'{ quote(number: "\u0000") { id } }'),
    _close("won and lost", "GRAPHQL_VALIDATION_FAILED", "outcome: {won: {}, lost: {}}"),
    _close("neither won nor lost", "GRAPHQL_VALIDATION_FAILED", "outcome: {}"),
    _close(
        "date that does not exist", "GRAPHQL_VALIDATION_FAILED", 'outcome: {won: {}}, closedOn: "2026-02-30"'
    ),
    _close("invalid amount", "GRAPHQL_VALIDATION_FAILED", 'outcome: {won: {actualRevenue: "NaN"}}'),
)

ARGUMENTS = (
    _argument("negative page", "{ opportunities(first: -1) { nodes { id } } }"),
    _argument("page too large", "{ opportunities(first: 101) { nodes { id } } }"),
    _argument("two page sizes", "{ opportunities(first: 1, last: 1) { nodes { id } } }"),
    _argument("invalid cursor", '{ opportunities(after: "x") { nodes { id } } }'),
    _argument("invalid cursor, only counting", '{ opportunities(before: "x") { totalCount } }'),
    _argument("invalid id", '{ opportunity(id: "x") { id } }'),
    _argument("id of another type", '{ opportunity(id: "quo_00000000-0000-7000-8000-000000000000") { id } }'),
    _argument("ids with an invalid one", '{ nodes(ids: ["x"]) { id } }'),
    _argument("cursor that is not UTF-8", '{ opportunities(after: "/////w==") { nodes { id } } }'),
)

ALL = (*BODIES, *PARAMS, *HEADERS, *METHODS, *URLS, *DOCUMENTS, *ARGUMENTS)
