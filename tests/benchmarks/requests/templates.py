"""Request templates: a body for given parameters, and the normalized data of the response."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.requests.responses import normalize, root_value

Parameters = Mapping[str, Any]
"""Parameters of an operation, the same for all: opportunityId, ownerId, first, after. Ids are plain UUIDs."""


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """One HTTP POST with a JSON body."""

    path: str
    body: Callable[[Parameters], Any]

    def encode(self, parameters: Parameters) -> bytes:
        """Return the body of the request."""
        return json.dumps(self.body(parameters), separators=(",", ":")).encode()

    def decode(self, body: bytes) -> Any:
        """Return the normalized data of a response.

        Raises:
            ValueError: it has errors, or not exactly one root field.
        """
        return normalize(root_value(json.loads(body)))

    def end_cursor(self, body: bytes) -> str:
        """Return the cursor of the last row of a page.

        Raises:
            ValueError: it has errors, or not exactly one root field.
        """
        return str(root_value(json.loads(body))["pageInfo"]["endCursor"])


RequestTemplates = Mapping[str, tuple[RequestTemplate, ...]]
"""For each workload, the requests of one operation, in order."""


def graphql(document: str, variables: Callable[[Parameters], Any]) -> RequestTemplate:
    """Return the template of a GraphQL request."""
    text = " ".join(document.split())
    return RequestTemplate("/graphql", lambda parameters: {"query": text, "variables": variables(parameters)})
