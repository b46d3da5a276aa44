"""Redaction of graphql-core's errors about variables: they keep the name, place and type, not the value.

Responses end up in the logs of clients and proxies, which must not hold customer data.
"""

import re

from graphql import GraphQLError

_MESSAGE = re.compile(r"(Variable '\$\w+' has invalid value(?: at [^:]*)?): (.*)", re.DOTALL)
_UNKNOWN_ENUM_VALUE = re.compile(r"Value .* does not exist in '(\w+)' enum\b.*", re.DOTALL)
_SAFE_PREFIX = re.compile(
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
"""What the messages of graphql-core and of our scalars say before they repeat the value."""


def redact_variable_error(error: GraphQLError) -> GraphQLError:
    """Return an error about a variable without the variable's value."""
    match = _MESSAGE.fullmatch(error.message)
    if match is None:
        return GraphQLError("A variable has a value that its type does not take.", error.nodes)
    prefix, reason = match.groups()
    enum = _UNKNOWN_ENUM_VALUE.fullmatch(reason)
    safe = _SAFE_PREFIX.match(reason)
    if enum is not None:
        reason = f"It is none of the enum '{enum[1]}'"
    elif safe is not None:
        reason = safe[0]
    else:
        reason = "It is not what its type takes"
    return GraphQLError(f"{prefix}: {reason}.", error.nodes)
