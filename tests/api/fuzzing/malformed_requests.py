"""Requests that can't be answered as they are, with the status and the code that each is refused with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from api.http.limits import DEFAULT_LIMITS
from api.transports.params import MAX_QUERY_STRING_BYTES

GRAPHQL_RESPONSE = "application/graphql-response+json"
_POSTED = {"content-type": "application/json", "accept": GRAPHQL_RESPONSE}
_DEEP = "[" * 32 + "]" * 32


@dataclass(frozen=True)
class Malformed:
    """One request and how it is refused."""

    name: str
    code: str
    status: int = 400
    method: str = "POST"
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=lambda: _POSTED)
    content: bytes = b'{"query": "{ __typename }"}'


def _body(name: str, content: bytes) -> Malformed:
    return Malformed(f"body is {name}", "BAD_REQUEST", content=content)


def _members(name: str, **members: Any) -> Malformed:
    content = json.dumps({"query": "{ __typename }", **members}).encode()
    return Malformed(name, "BAD_REQUEST", content=content)


def _sent_as(name: str, content_type: str | None) -> Malformed:
    headers = {"accept": GRAPHQL_RESPONSE} | ({"content-type": content_type} if content_type else {})
    return Malformed(f"content type is {name}", "UNSUPPORTED_MEDIA_TYPE", 415, headers=headers)


def _accepting(accept: str) -> Malformed:
    return Malformed(f"accepts {accept}", "NOT_ACCEPTABLE", 406, headers={**_POSTED, "accept": accept})


def _by(method: str, path: str = "/graphql") -> Malformed:
    return Malformed(f"{method} {path}", "METHOD_NOT_ALLOWED", 405, method, path)


def _get(name: str, parameters: str, code: str = "BAD_REQUEST", status: int = 400) -> Malformed:
    path = f"/graphql?{parameters}"
    return Malformed(f"URL with {name}", code, status, "GET", path, {"accept": GRAPHQL_RESPONSE}, b"")


def _document(name: str, code: str, query: str, *, status: int = 400, **members: Any) -> Malformed:
    content = json.dumps({"query": query, **members}).encode()
    return Malformed(name, code, status, content=content)


def _argument(name: str, query: str) -> Malformed:
    """Make a request that runs, and whose argument turns out to be useless."""
    return _document(name, "BAD_USER_INPUT", query, status=200)


def _close(name: str, code: str, details: str) -> Malformed:
    """Make a mutation that would close the opportunity of ``$id`` were it not for its details."""
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
    _body("an object without members", b"{}"),
    _body("empty", b""),
    _body("blank", b" \n"),
    _body("cut off", b'{"query": "{'),
    _body("followed by another", b'{"query": "{ __typename }"} {}'),
    _body("a document without JSON around it", b"{ __typename }"),
    _body("in single quotes", b"{'query': '{ __typename }'}"),
    _body("no UTF-8", b'{"query": "\xff\xfe"}'),
    _body("UTF-16", '{"query": "{ __typename }"}'.encode("utf-16")),
    _body("begun by a byte order mark", b'\xef\xbb\xbf{"query": "{ __typename }"}'),
    _body("holding half a surrogate", b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}'),
    _body("holding NaN", b'{"query": "{ __typename }", "variables": {"a": NaN}}'),
    _body("holding Infinity", b'{"query": "{ __typename }", "variables": {"a": -Infinity}}'),
    _body("holding a number without end", b'{"query": "{ __typename }", "variables": {"a": 1e999}}'),
    _body("nested 33 deep", b'{"query": "{ __typename }", "extensions": %s}' % _DEEP.encode()),
    _body("nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000),
    Malformed("body is too long", "CONTENT_TOO_LARGE", 413, content=b" " * (DEFAULT_LIMITS.body_bytes + 1)),
)

MEMBERS = (
    _members("query is null", query=None),
    _members("query is a number", query=1),
    _members("query is a list", query=["{ __typename }"]),
    _members("query is an object", query={}),
    _members("operationName is a number", operationName=0),
    _members("operationName is a list", operationName=[]),
    _members("variables are a string", variables="{}"),
    _members("variables are a list", variables=[]),
    _members("variables are false", variables=False),
    _members("extensions are a string", extensions="x"),
    _members("extensions are a list", extensions=[]),
)

HEADERS = (
    _sent_as("missing", None),
    _sent_as("text", "text/plain"),
    _sent_as("a form", "application/x-www-form-urlencoded"),
    _sent_as("multipart", "multipart/form-data; boundary=x"),
    _sent_as("a bare document", "application/graphql"),
    _sent_as("in Latin-1", "application/json; charset=iso-8859-1"),
    _sent_as("nonsense", ";;;"),
    _accepting("text/html"),
    _accepting("image/*"),
    _accepting("application/json;q=0"),
    _accepting("application/json;q=nan"),
    _accepting(",,;"),
)

METHODS = (
    _by("PUT"),
    _by("PATCH"),
    _by("DELETE"),
    _by("OPTIONS"),
    _by("QUERY"),
    _by("POST", "/livez"),
    _by("DELETE", "/readyz"),
    Malformed("unknown path", "NOT_FOUND", 404, path="/graphiql"),
    Malformed("unknown path of a host that is none", "NOT_FOUND", 404, path="/x", headers={"host": "["}),
    Malformed("path with a slash behind it", "NOT_FOUND", 404, path="/graphql/"),
    Malformed("path that climbs", "NOT_FOUND", 404, path="/graphql/..%2f..%2fetc/passwd"),
)

URLS = (
    _get("nothing in it", ""),
    _get("an empty query", "query="),
    _get("two queries", "query={__typename}&query={__typename}"),
    _get("parameters that are no UTF-8", "query=%ff"),
    _get("variables that are no JSON", "query={__typename}&variables={"),
    _get("variables that are a list", "query={__typename}&variables=[]"),
    _get("variables that hold NaN", 'query={__typename}&variables={"a":NaN}'),
    _get("variables nested 33 deep", f'query={{__typename}}&variables={{"a":{_DEEP}}}'),
    _get("extensions that are a number", "query={__typename}&extensions=1"),
    _get("too long a query", f"query={'a' * MAX_QUERY_STRING_BYTES}", "URI_TOO_LONG", 414),
    _get("a mutation", f"query={quote('mutation { __typename }')}", "METHOD_NOT_ALLOWED", 405),
    _get("a subscription", f"query={quote('subscription { opportunitiesChanged { kind } }')}"),
)

DOCUMENTS = (
    _document("empty document", "GRAPHQL_PARSE_FAILED", ""),
    _document("document of a comment", "GRAPHQL_PARSE_FAILED", "# nothing"),
    _document("document cut off", "GRAPHQL_PARSE_FAILED", "{ viewer {"),
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
    _close("no such day", "GRAPHQL_VALIDATION_FAILED", 'outcome: {won: {}}, closedOn: "2026-02-30"'),
    _close("no amount", "GRAPHQL_VALIDATION_FAILED", 'outcome: {won: {actualRevenue: "NaN"}}'),
)

ARGUMENTS = (
    _argument("negative page", "{ opportunities(first: -1) { nodes { id } } }"),
    _argument("page too large", "{ opportunities(first: 101) { nodes { id } } }"),
    _argument("two page sizes", "{ opportunities(first: 1, last: 1) { nodes { id } } }"),
    _argument("cursor of nowhere", '{ opportunities(after: "x") { nodes { id } } }'),
    _argument("cursor of nowhere, only counting", '{ opportunities(before: "x") { totalCount } }'),
    _argument("id that is none", '{ opportunity(id: "x") { id } }'),
    _argument(
        "id of something else", '{ opportunity(id: "quo_00000000-0000-7000-8000-000000000000") { id } }'
    ),
    _argument("ids of which one is none", '{ nodes(ids: ["x"]) { id } }'),
    _argument("cursor that is no text", '{ opportunities(after: "/////w==") { nodes { id } } }'),
)

EVERY = (*BODIES, *MEMBERS, *HEADERS, *METHODS, *URLS, *DOCUMENTS, *ARGUMENTS)
