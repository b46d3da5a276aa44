"""Telling what is wrong with a variable without repeating what it holds.

Answers end up in logs of clients and of proxies, where what somebody wrote of a customer has no business.
"""

import re

from graphql import GraphQLError

_MESSAGE = re.compile(r"(Variable '\$\w+' has invalid value(?: at [^:]*)?): (.*)", re.DOTALL)
_IN_ENUM = re.compile(r"Value .* does not exist in '(\w+)' enum\b.*", re.DOTALL)
_TELLABLE = re.compile(
    r"Expected a value of non-null type '[^']+' to be provided"
    r"|Expected value of non-null type '[^']+' not to be None"
    r"|Expected value of type '[^']+' to be an object"
    r"|Expected value of type '[^']+' to include required field '\w+'"
    r"|Expected value of type '[^']+' not to include unknown field '[A-Za-z_]\w{0,63}'"
    r"|Expected value of type '[^']+'"
    r"|Within OneOf Input Object type '[^']+', [\w ,-]+"
    r"|\w+ cannot represent [\w -]*value"
    r"|A (?:Date|DateTime|Decimal) is written [^;]+(?=\.$)"
)
"""What graphql-core and our scalars say before they repeat the value."""


def redact_variable_error(error: GraphQLError) -> GraphQLError:
    """Return an error about a variable that says no more than its name, the place in it and the type."""
    match = _MESSAGE.fullmatch(error.message)
    if match is None:
        return GraphQLError("A variable has a value that its type does not take.", error.nodes)
    return GraphQLError(f"{match[1]}: {_why(match[2])}.", error.nodes)


def _why(text: str) -> str:
    in_enum = _IN_ENUM.fullmatch(text)
    if in_enum is not None:
        return f"It is none of the enum '{in_enum[1]}'"
    told = _TELLABLE.match(text)
    return "It is not what its type takes" if told is None else told[0]
