"""Hostile requests: cheap to send, and designed to be expensive to execute."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import get_introspection_query

_ID = "opp_00000000-0000-7000-8000-000000000000"
_LISTS = "opportunities(SIZE) { nodes { quotes(SIZE) { nodes { lines(SIZE) { nodes { id } } } } } }"


@dataclass(frozen=True)
class HostileRequest:
    """One request, and the code of its error; None if it must be executed."""

    name: str
    code: str | None
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


def _many(part: str, times: int) -> str:
    """Repeat a part; replace ``#`` by the number of the repetition, and ``+`` by the next number."""
    return " ".join(part.replace("#", str(each)).replace("+", str(each + 1)) for each in range(times))


def _deep(opening: str, innermost: str, times: int) -> str:
    """Nest an opening in itself, and close its braces."""
    return opening * times + innermost + "}" * ((opening.count("{") - opening.count("}")) * times)


PARSED, VALID, INPUT, COSTLY = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "TOO_COSTLY",
)

FRAGMENTS = (
    HostileRequest(
        "fragments double",
        VALID,
        "{ ...F0 }"
        + _many("fragment F# on Query { a: viewer { __typename } ...F+ ...F+ }", 50)
        + "fragment F50 on Query { __typename }",
    ),
    HostileRequest(
        "fields of fragments double",
        VALID,
        "{ opportunities { nodes { ...F0 } } }"
        + _many("fragment F# on Opportunity { a: account { ...G# } b: account { ...G# } }", 30)
        + _many("fragment G# on Account { opportunities { nodes { ...F+ } } }", 30)
        + "fragment F30 on Opportunity { id }",
    ),
    HostileRequest("a fragment in itself", VALID, "{ ...F } fragment F on Query { ...F ...F }"),
    HostileRequest(
        "fragments in a circle",
        VALID,
        "{ ...F0 }" + _many("fragment F# on Query { ...F+ }", 50) + "fragment F50 on Query { ...F0 }",
    ),
    HostileRequest(
        "fields of fragments in a circle",
        VALID,
        "{ opportunities { nodes { ...F } } } fragment F on Opportunity { account { ...G } }"
        " fragment G on Account { opportunities { nodes { ...F } } }",
    ),
    HostileRequest(
        "a chain of fragments",
        VALID,
        "{ ...F0 }" + _many("fragment F# on Query { ...F+ }", 240) + "fragment F240 on Query { __typename }",
    ),
    HostileRequest(
        "a chain of fragments full of fragments",
        VALID,
        "{ ...F0 }"
        + _many("fragment F# on Query {" + _deep("... {", "...F+", 50) + "}", 12)
        + "fragment F12 on Query { __typename }",
    ),
    HostileRequest(
        "one fragment spread many times",
        VALID,
        "{ viewer { user { " + "...F " * 900 + "} } } fragment F on User { name }",
    ),
    HostileRequest(
        "unused fragments",
        VALID,
        "{ __typename }" + _many("fragment F# on Query { __typename }", 200),
    ),
    HostileRequest(
        "an unused fragment that repeats one field",
        VALID,
        "{ __typename } fragment F on User { " + "name " * 1_900 + "}",
    ),
    HostileRequest(
        "many fragments in one place",
        VALID,
        "{ viewer { user {"
        + _many("...F#", 60)
        + "} } }"
        + _many("fragment F# on User { name email manager { name email } }", 60),
    ),
    HostileRequest("inline fragments nested", VALID, "{" + _deep("... {", "__typename", 150) + "}"),
    HostileRequest(
        "fragments of types nested",
        None,
        f'{{ node(id: "{_ID}") {{' + _deep("... on Node { ... on Quote { id } ", "id", 40) + "} }",
    ),
)

WIDTH = (
    HostileRequest("10,000 aliases", PARSED, "{" + _many("a#: __typename", 10_000) + "}"),
    HostileRequest("500 aliases", VALID, "{ viewer {" + _many("a#: __typename", 500) + "} }"),
    HostileRequest(
        "aliases in many objects",
        VALID,
        "{ viewer {" + _many("a#: user {" + _many("b#: name", 20) + "}", 15) + "} }",
    ),
    HostileRequest(
        "5,000 directives", PARSED, "{ viewer" + " @include(if: true)" * 5_000 + "{ __typename } }"
    ),
    HostileRequest(
        "200 directives on a field", VALID, "{ viewer" + " @include(if: true)" * 200 + "{ __typename } }"
    ),
    HostileRequest(
        "a directive on every field", VALID, "{ viewer {" + _many("__typename @skip(if: true)", 90) + "} }"
    ),
    HostileRequest("unknown directives", VALID, "{ viewer" + _many("@d#", 900) + "{ __typename } }"),
    HostileRequest("one field many times", VALID, "{ viewer { user {" + "name " * 1_900 + "} } }"),
    HostileRequest(
        "overlapping fields nested",
        VALID,
        "{ viewer { user {" + _many("manager {" + "name " * 95 + "}", 15) + "} } }",
    ),
    HostileRequest(
        "overlapping fields with arguments",
        VALID,
        "{ viewer { user {" + _many("opportunities(first: #) { totalCount }", 90) + "} } }",
    ),
    HostileRequest("100 root fields", VALID, "{" + _many("a#: viewer { __typename }", 100) + "}"),
    HostileRequest(
        "50 mutations",
        VALID,
        "mutation {" + _many(f'a#: activateQuote(input: {{quoteId: "{_ID}"}}) {{ __typename }}', 50) + "}",
    ),
    HostileRequest(
        "160 operations", "OPERATION_RESOLUTION_FAILURE", _many("query Q# { viewer { user { name } } }", 160)
    ),
    HostileRequest(
        "operations that share a large fragment",
        VALID,
        _many("query Q# { ...F }", 100) + "fragment F on Query {" + "__typename " * 1_200 + "}",
    ),
    HostileRequest("unknown fields", VALID, "{ viewer {" + _many("opportunitie#", 99) + "} }"),
    HostileRequest(
        "12 lists", None, "{" + _many("a#: opportunities { nodes { id name account { name } } }", 12) + "}"
    ),
    HostileRequest(
        "75 objects of one row",
        None,
        "{ accounts { nodes {" + _many("a#: parentAccount { id }", 75) + "} } }",
    ),
    HostileRequest(
        "20 lists with all fields of lists",
        COSTLY,
        "{"
        + _many(
            "a#: quotes { totalCount pageInfo { hasNextPage endCursor } nodes { id } edges { node { id } } }",
            20,
        )
        + "}",
    ),
    HostileRequest(
        "20 objects of any type", COSTLY, "{" + _many(f'a#: node(id: "{_ID}") {{ id __typename }}', 20) + "}"
    ),
    HostileRequest(
        "history of history",
        COSTLY,
        "{ opportunities { nodes { history { nodes { changes { beforeObject { ... on Opportunity { history"
        " { nodes { changes { beforeObject { id } afterObject { id } } } } } } } } } } } }",
    ),
)

DEPTH = (
    HostileRequest(
        "objects nested",
        VALID,
        "{ accounts { nodes {" + _deep("parentAccount {", "id", 100) + "} } }",
    ),
    HostileRequest(
        "lists nested",
        VALID,
        "{" + _deep("opportunities { nodes { account {", "id", 6) + "}",
    ),
    HostileRequest("braces that are never closed", PARSED, "{ a " * 1_900),
    HostileRequest("pages of 100 nested", COSTLY, "{" + _LISTS.replace("SIZE", "first: 100") + "}"),
    HostileRequest("last pages of 100 nested", COSTLY, "{" + _LISTS.replace("SIZE", "last: 100") + "}"),
    HostileRequest(
        "pages nested by a variable",
        COSTLY,
        "query ($size: Int) {" + _LISTS.replace("SIZE", "first: $size") + "}",
        {"size": 100},
    ),
    HostileRequest(
        "pages nested by a default",
        COSTLY,
        "query ($size: Int = 100) {" + _LISTS.replace("SIZE", "first: $size") + "}",
    ),
    HostileRequest(
        "pages of 20 nested, four deep",
        COSTLY,
        "{ accounts { nodes { opportunities { nodes { quotes { nodes { lines { nodes { id } } } } } } } } }",
    ),
    HostileRequest(
        "100 nodes with pages of 100 nested",
        COSTLY,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on"
        " Opportunity { quotes(first: 100) { nodes { lines(first: 100) { nodes { id } } } } } } }",
        {"ids": [_ID] * 100},
    ),
)

INTROSPECTION = (
    HostileRequest(
        "20 introspections",
        VALID,
        "{" + _many("a#: __schema { types { ...T } }", 20) + "} fragment T on __Type"
        " { name fields { name args { name type { name } } type { name } } }",
    ),
    HostileRequest(
        "types of types", None, "{ __schema { types {" + _deep("ofType { name ", "name", 55) + "} } }"
    ),
    HostileRequest(
        "fields of types of fields",
        VALID,
        "{ __schema { types {" + _deep("fields { type { ", "name", 12) + "} } }",
    ),
    HostileRequest(
        "types with everything in every way",
        VALID,
        "{ __schema { types {"
        + _many("a#: fields { name description args { name description type { name description } } }", 10)
        + "} } }",
    ),
    HostileRequest(
        "the standard introspection twice",
        VALID,
        get_introspection_query().replace(
            "__schema {", "a: __schema { types { ...FullType } } __schema {", 1
        ),
    ),
)

VALUES = (
    HostileRequest("a long list", PARSED, f"{{ nodes(ids: [{'1,' * 2_000}]) {{ id }} }}"),
    HostileRequest("a list of 1,900 ids", INPUT, "{ nodes(ids: [" + '"x" ' * 1_900 + "]) { id } }"),
    HostileRequest("a list of 1,000 ids", INPUT, "{ nodes(ids: [" + '"x" ' * 1_000 + "]) { id } }"),
    HostileRequest("deep lists", PARSED, "{ nodes(ids: " + "[" * 900 + "]" * 900 + ") { id } }"),
    HostileRequest(
        "deep objects", PARSED, "{ quotes(filter: " + _deep("{not: ", "{}", 600) + ") { totalCount } }"
    ),
    HostileRequest(
        "objects 100 deep", COSTLY, "{ quotes(filter: " + _deep("{not: ", "{}", 100) + ") { totalCount } }"
    ),
    HostileRequest(
        "400 conditions",
        COSTLY,
        "{ quotes(filter: {and: [" + '{name: {eq: "a"}}' * 200 + "]}) { totalCount } }",
    ),
    HostileRequest(
        "1,000 conditions in a variable",
        COSTLY,
        "query ($filter: QuoteFilter) { quotes(filter: $filter) { totalCount } }",
        {"filter": {"and": [{"name": {"eq": "a"}}] * 1_000}},
    ),
    HostileRequest(
        "conditions of conditions in a variable",
        COSTLY,
        "query ($filter: QuoteFilter) { quotes(filter: $filter) { totalCount } }",
        {"filter": {"or": [{"and": [{"not": {"name": {"eq": "a"}}}] * 30}] * 30}},
    ),
    HostileRequest(
        "10,000 items in a variable",
        INPUT,
        "query ($in: [String!]) { quotes(filter: {name: {in: $in}}) { totalCount } }",
        {"in": ["a"] * 10_000},
    ),
    HostileRequest(
        "200 variables",
        None,
        "query ("
        + _many("$a#: String!", 200)
        + ") { quotes(filter: {name: {in: ["
        + _many("$a#", 200)
        + "]}}) { totalCount } }",
        {f"a{number}": "x" for number in range(200)},
    ),
    HostileRequest(
        "a text of 200,000 characters", PARSED, '{ quote(number: "' + "x" * 200_000 + '") { id } }'
    ),
    HostileRequest("a text of 29,000 escapes", None, '{ quote(number: "' + "\\n" * 14_000 + '") { id } }'),
    HostileRequest(
        "a text of 200,000 characters in a variable",
        None,
        "query ($number: String) { quote(number: $number) { id } }",
        {"number": "x" * 200_000},
    ),
    HostileRequest(
        "a number of 20,000 digits", VALID, "{ quotes(first: " + "9" * 20_000 + ") { totalCount } }"
    ),
    HostileRequest(
        "an amount of 20,000 digits",
        VALID,
        "{ quotes(filter: {total: {eq: " + "9" * 20_000 + "}}) { totalCount } }",
    ),
    HostileRequest(
        "an exponent of 20,000 digits",
        VALID,
        "{ quotes(filter: {total: {eq: 1e" + "9" * 20_000 + "}}) { totalCount } }",
    ),
    HostileRequest("a name of 20,000 characters", VALID, "{ " + "a" * 20_000 + " }"),
    HostileRequest("10,000 comments", PARSED, "#\n" * 10_000 + "{ __typename }"),
    HostileRequest("30,000 blanks", None, "{ __typename" + " " * 29_000 + "}"),
    HostileRequest("a million blanks", PARSED, "{ __typename" + " " * 200_000 + "}"),
    HostileRequest(
        "unknown members of an enum",
        VALID,
        "{ quotes(filter: {state: {in: [" + "DRAFTT " * 1_000 + "]}}) { totalCount } }",
    ),
    HostileRequest(
        "an order by everything",
        None,
        "{ quotes(orderBy: [" + "{field: NUMBER} {field: NAME}" * 100 + "]) { nodes { id } } }",
    ),
)

ALL = (*FRAGMENTS, *WIDTH, *DEPTH, *INTROSPECTION, *VALUES)
