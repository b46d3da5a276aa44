"""The payload of a mutation: which member of its result union answers, and what that type's plan binds."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from db.domain.errors import OpportunityFailure, QuoteFailure

PayloadParams = Mapping[str, object]
"""Values by the names of the parameters that the fields of a payload declare (``param``, ``by_param``)."""


class Payload(NamedTuple):
    """The Strawberry type of a payload and the parameters of its fields."""

    type: type
    params: PayloadParams


def encode_failures(failures: Sequence[QuoteFailure | OpportunityFailure]) -> str:
    """Return failures as the JSON array that QuoteCloseFailure and OpportunityCloseFailure read."""
    return orjson.dumps(failures, default=str).decode()  # asyncpg's UUIDs are of a class of their own
