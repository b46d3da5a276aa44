"""A request as a contestant takes it, and the plain structure that its answer holds."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.asking.answers import plain, root

Subject = Mapping[str, Any]
"""What a request is about, in neutral names: opportunityId, ownerId, first, after. Ids are plain UUIDs."""


@dataclass(frozen=True, slots=True)
class Question:
    """One HTTP POST with a JSON body."""

    path: str
    body: Callable[[Subject], Any]

    def request(self, subject: Subject) -> bytes:
        """Return the body as it is sent."""
        return json.dumps(self.body(subject), separators=(",", ":")).encode()

    def answer(self, body: bytes) -> Any:
        """Return the plain structure of an answer.

        Raises:
            ValueError: it holds errors, or something other than one root field.
        """
        return plain(root(json.loads(body)))

    def end_cursor(self, body: bytes) -> str:
        """Return the cursor behind the last row of a page.

        Raises:
            ValueError: it holds errors, or something other than one root field.
        """
        return str(root(json.loads(body))["pageInfo"]["endCursor"])


Questions = Mapping[str, tuple[Question, ...]]
"""By workload, the requests that make up one of its operations, in order."""


def graphql(document: str, variables: Callable[[Subject], Any]) -> Question:
    """Return a question that a GraphQL server is asked."""
    text = " ".join(document.split())
    return Question("/graphql", lambda subject: {"query": text, "variables": variables(subject)})
