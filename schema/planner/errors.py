"""The error of requests that are valid GraphQL, but have an argument that can't be used."""


class BadInput(Exception):
    """The value of an argument can't be used. The message, shown to clients, says what to send instead."""


BAD_USER_INPUT = {"code": "BAD_USER_INPUT"}
"""The extensions of the GraphQL error that a ``BadInput`` becomes."""
