"""The error of requests that are valid GraphQL, but have an argument that can't be used."""


class BadInput(Exception):
    """The value of an argument can't be used. The message, shown to clients, says what to send instead."""
