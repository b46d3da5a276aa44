"""The limits of documents, variables and costs, and the error of exceeding one."""

from collections.abc import Sized

from graphql import GraphQLError
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from db.domain.caller import Role

MAX_VALUE_DEPTH = 32
"""Levels of nested values in a document and in JSON. Functions that walk them recurse once per level."""

_ADVICE = {
    "characters": "Send a shorter document; long texts belong into variables.",
    "tokens": "Send a shorter document; lists of values belong into variables.",
    "depth": "Select the deeper objects in another request.",
    "nesting": "Select the deeper objects in another request, or nest fewer fragments.",
    "selections": "Split the request.",
    "aliases": "Split the request.",
    "directives": "Use fewer.",
    "root_fields": "Split the request.",
    "mutations": "Split the request, or use the mutations that change many objects at once.",
    "value_depth": "Nest fewer lists and objects.",
    "list_items": "Send fewer at once.",
    "introspection": "Select at most what the standard introspection query selects.",
    "complexity": "Select fewer lists and objects, or split the request.",
    "cost": "Request smaller pages (first, last), above all of lists within lists.",
}


class OperationLimits(BaseModel):
    """The limits of one document with its variables, and of one caller.

    ``bucket`` is the capacity of a caller's bucket in units of cost, ``preparation_bucket`` in tokens of new
    documents and units of their complexity, ``database_bucket`` in seconds of database time; 0 means that the
    rate is not limited. ``role_factors`` multiply cost, bucket and its refill for the callers of a role.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    characters: PositiveInt = 30_000
    tokens: PositiveInt = 2_000
    depth: PositiveInt = 15
    selections: PositiveInt = 100
    aliases: NonNegativeInt = 100
    directives: NonNegativeInt = 50
    root_fields: PositiveInt = 20
    mutations: PositiveInt = 10
    list_items: PositiveInt = 1_000
    complexity: PositiveInt = 1_200
    cost: PositiveInt = 100_000
    bucket: NonNegativeInt = 2_000_000
    restores_per_second: PositiveInt = 100_000
    preparation_bucket: NonNegativeInt = 100_000
    preparation_restores_per_second: PositiveInt = 10_000
    database_bucket: NonNegativeFloat = 60.0
    database_restores_per_second: PositiveFloat = 1.0
    subscriptions_per_caller: PositiveInt = 1_000
    role_factors: dict[Role, PositiveInt] = Field(default_factory=dict)


DEFAULT_LIMITS = OperationLimits()


class LimitExceeded(GraphQLError):
    """A document or its variables exceed a limit; ``code`` is that of the response."""

    def __init__(self, code: str, name: str, maximum: int, actual: int) -> None:
        words = name.replace("_", " ")
        super().__init__(
            f"Too much for one request: {words} {actual:,}, at most {maximum:,}. {_ADVICE[name]}",
            extensions={"limit": {"name": name, "most": maximum, "asked": actual}},
        )
        self.code = code


def check_list_size(values: Sized, limits: OperationLimits) -> None:
    """Check a list in a document or in variables.

    Raises:
        LimitExceeded: it has too many items.
    """
    if len(values) > limits.list_items:
        raise LimitExceeded("BAD_USER_INPUT", "list_items", limits.list_items, len(values))
