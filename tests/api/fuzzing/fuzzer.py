"""A fuzzer: valid requests with random defects."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from graphql import parse, print_ast
from graphql.utilities import separate_operations

from tests.api.fuzzing import malformed_requests
from tests.api.support.access import BEARER, HOST

ID = "opp_00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Example:
    """A valid request."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


EXAMPLES = (
    Example("{ viewer { user { name } } }"),
    Example(
        "query ($id: ID!) { opportunity(id: $id) { name quotes(first: 2) { nodes { number } } } }", {"id": ID}
    ),
    Example(
        "query ($first: Int, $after: String, $filter: OpportunityFilter, $by: [OpportunityOrder!]) {"
        " opportunities(first: $first, after: $after, filter: $filter, orderBy: $by) {"
        " totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ...Deal } } } }"
        " fragment Deal on Opportunity { id state estimatedRevenue { amount currencyCode } }",
        {
            "first": 5,
            "after": None,
            "filter": {"and": [{"state": {"in": ["OPEN"]}}, {"name": {"containsIgnoreCase": "a"}}]},
            "by": [{"field": "NAME", "direction": "DESC"}],
        },
    ),
    Example(
        '{ quotes(last: 3, filter: {or: [{total: {gte: "1.50"}}, {not: {effectiveTo: {lt: "2026-01-31"}}}]})'
        " { nodes { id @skip(if: false) ... on Quote @include(if: true) { revision total { amount } } } } }"
    ),
    Example(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Quote { number } } }",
        {"ids": [ID, "quo_1"]},
    ),
    Example('{ dealAnalytics(groupBy: MONTH_CREATED, timeZone: "Asia/Kathmandu") { month count winRate } }'),
    Example(
        "query ($at: DateTime!) { opportunities(filter: {createdAt: {gt: $at}}) { totalCount } }",
        {"at": "2026-03-31T08:00:00Z"},
    ),
    Example("{ opportunities { nodes { history { nodes { action changes { field before after } } } } } }"),
    Example(
        "mutation ($input: CloseOpportunityInput!) { closeOpportunity(input: $input) { __typename"
        " ... on UserError { code path } ... on ActiveQuotesError { blockingQuotes { totalCount } } } }",
        {
            "input": {
                "opportunityId": ID,
                "outcome": {"lost": {"competitorId": "cmp_1"}},
                "closedOn": "2026-11-20",
            }
        },
    ),
    Example(
        "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { __typename } }",
        {"input": {"name": "Nordhavn", "annualRevenue": "12.50", "employees": 7, "idempotencyKey": "k"}},
    ),
    Example(
        "mutation ($input: CloseQuotesInput!) { closeQuotes(input: $input) { __typename } }",
        {"input": {"quotes": {"ids": ["quo_1", ID]}, "reason": "LOST", "onFailure": "CLOSE_OTHERS"}},
    ),
    Example("subscription { opportunitiesChanged { eventId kind } }"),
    Example('{ __type(name: "Quote") { fields { name args { name defaultValue } } } }'),
    Example("query A { __typename } query B($b: Boolean = true) { viewer @include(if: $b) { __typename } }"),
)

_SCHEMA = Path(__file__).parents[2] / "schema"
_GOLDEN = tuple(
    Example(print_ast(operation))
    for file in sorted(_SCHEMA.glob("planner/answers/*.graphql"))
    for operation in separate_operations(parse(file.read_text())).values()
)
"""Queries of the whole schema, with literal values."""

_SDL = (_SCHEMA.parent.parent / "schema" / "schema.graphql").read_text()
_NAMES = tuple(sorted(set(re.findall(r"\b[a-z]\w+\b", _SDL))))
_TOKEN = re.compile(r'"[^"]*"|\w+')

_ODD = json.loads(Path(__file__).with_name("odd_values.json").read_text())
_VALUES = (*_ODD["values"], "a" * 5_000, [1] * 2_000)
_WORDS: tuple[str, ...] = tuple(_ODD["words"])
_BYTES = (b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f", b"\xef\xbb\xbf", b"\\", b'"', b"{", b"[")
_TYPES = ("application/json; charset=utf-8", "text/plain", "application/graphql", "", "a/b;;=")
_ACCEPTS = (
    "application/json",
    malformed_requests.GRAPHQL_RESPONSE,
    "*/*",
    "text/event-stream",
    "a;q=x",
    "",
    ",",
)
_METHODS = (*["POST"] * 26, "GET", "GET", "GET", "PUT", "HEAD", "X" * 50)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One HTTP request."""

    method: str
    headers: list[tuple[bytes, bytes]]
    query_string: bytes
    body: bytes


def post_request(query: str) -> Fuzzed:
    """Return a valid POST request."""
    headers = [*_ALLOWED, (b"content-type", b"application/json")]
    return Fuzzed("POST", headers, b"", json.dumps({"query": query}).encode())


class Fuzzer:
    """Generates defective requests. The same seed generates the same ones."""

    def __init__(self, seed: object) -> None:
        self._random = Random(str(seed))

    def request(self) -> Fuzzed:
        """Return an HTTP request."""
        random = self._random
        if self._chance(0.03):
            return self._malformed(random.choice(malformed_requests.ALL))
        params, method = self._params(), random.choice(_METHODS)
        body = self._body(params)
        query_string = self._query_string(params) if method == "GET" or self._chance(0.05) else b""
        return Fuzzed(method, self._headers(), query_string, b"" if method == "GET" else body)

    def frame(self) -> bytes | str:
        """Return a WebSocket message, usually text."""
        type_ = self._random.choice(("subscribe", "subscribe", "connection_init", "ping", "complete", "next"))
        message = {"id": "1", "type": type_, "payload": self._params()}
        if self._chance(0.3):
            message = self._mutate_value(message)
        frame = self._body(message)
        return frame if self._chance(0.05) else frame.decode(errors="surrogateescape")

    def _malformed(self, request: malformed_requests.MalformedRequest) -> Fuzzed:
        headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
        path, _, query_string = request.path.partition("?")
        if path != "/graphql":
            return self.request()
        return Fuzzed(request.method, [*_ALLOWED, *headers], query_string.encode(), request.content)

    def _params(self) -> Any:
        example = self._random.choice(EXAMPLES if self._chance(0.6) else _GOLDEN)
        params: Any = {"query": example.query, "variables": dict(example.variables)}
        if self._chance(0.3):
            params["query"] = self._mutate_text(example.query)
        elif self._chance(0.6):
            params["query"] = self._replace_words(example.query)
        if example.variables and self._chance(0.6):
            params["variables"] = self._mutate_value(params["variables"])
        if self._chance(0.1):
            params |= {"operationName": self._random.choice(_VALUES), "extensions": {"cost": True}}
        return self._mutate_value(params) if self._chance(0.1) else params

    def _mutate_text(self, text: str) -> str:
        for _ in range(self._random.randint(1, 4)):
            start = self._random.randrange(len(text) + 1)
            end = min(len(text), start + self._random.choice((0, 1, 1, 5, 40)))
            middle = self._random.choice(("", text[start:end] * 2, *self._random.sample(_WORDS, 2)))
            text = text[:start] + middle + text[end:]
        return text

    def _replace_words(self, text: str) -> str:
        """Return a document in which some words are replaced by names of the schema or by literal values."""
        places = [each.span() for each in _TOKEN.finditer(text)]
        for start, end in sorted(self._random.sample(places, self._random.randint(1, 3)), reverse=True):
            value = json.dumps(self._random.choice(_VALUES), ensure_ascii=False)
            word = self._random.choice((value, *self._random.sample(_NAMES, 2)))
            text = text[:start] + word + text[end:]
        return text

    def _mutate_value(self, value: Any) -> Any:
        """Return a JSON value of which one part is replaced."""
        if isinstance(value, dict) and value and self._chance(0.85):
            key = self._random.choice(list(value))
            changed = {key: self._mutate_value(value[key])}
            return {**value, **changed} if self._chance(0.9) else {key.swapcase(): value[key], **changed}
        if isinstance(value, list) and value and self._chance(0.7):
            index = self._random.randrange(len(value))
            return [*value[:index], self._mutate_value(value[index]), *value[index:]]
        return self._random.choice(_VALUES)

    def _body(self, params: Any) -> bytes:
        body = json.dumps(params, ensure_ascii=self._chance(0.5)).encode(errors="surrogatepass")
        while self._chance(0.1):
            start = self._random.randrange(len(body) + 1)
            end = min(len(body), start + self._random.choice((0, 1, 1, 8, 200)))
            middle = self._random.choice((b"", body[start:end] * 2, self._random.choice(_BYTES)))
            body = body[:start] + middle + body[end:]
        return body

    def _query_string(self, params: Any) -> bytes:
        if not isinstance(params, dict):
            return str(params).encode(errors="replace")
        texts = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()
        }
        text = "&".join(f"{quote(name)}={quote(value)}" for name, value in texts.items())
        return (self._mutate_text(text) if self._chance(0.3) else text).encode(errors="replace")

    def _headers(self) -> list[tuple[bytes, bytes]]:
        values = {"content-type": "application/json", "accept": "application/json"}
        if self._chance(0.03):
            values["content-type"] = self._random.choice(_TYPES)
        if self._chance(0.1):
            values["accept"] = self._random.choice(_ACCEPTS)
        return [*_ALLOWED, *((name.encode(), value.encode()) for name, value in values.items())]

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


_ALLOWED = [(b"host", HOST.encode()), (b"authorization", BEARER.encode())]
