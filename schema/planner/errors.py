"""What is wrong with a request that is well formed, but can't be planned or bound."""


class BadInput(Exception):
    """An argument's value can't be used; the message says what to send instead."""
