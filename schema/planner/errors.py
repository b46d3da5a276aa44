"""The errors of requests that are valid GraphQL, but have an argument that can't be used."""

from collections.abc import Iterable, Sequence

from graphql import FieldNode, GraphQLError

BAD_USER_INPUT = {"code": "BAD_USER_INPUT"}
"""The extensions of the GraphQL error that a ``BadInput`` becomes."""


class BadInput(Exception):
    """The value of an argument can't be used. The message, shown to clients, says what to send instead."""


class InvalidArguments(BadInput):
    """Fields have arguments that can't be used. ``errors`` has one for each field, with path and location.

    The path has the response keys down to the field, without indices of lists: it is wrong in every row.
    """

    def __init__(self, errors: Iterable[GraphQLError]) -> None:
        self.errors = tuple({(*(each.path or ()), each.message): each for each in errors}.values())
        super().__init__(self.errors[0].message)


def locate(error: BadInput | GraphQLError, nodes: Sequence[FieldNode], path: Sequence[str]) -> GraphQLError:
    """Return the GraphQL error of a field, whose response keys are ``path``."""
    message = error.message if isinstance(error, GraphQLError) else str(error)
    return GraphQLError(message, nodes, path=list(path), extensions=BAD_USER_INPUT)
