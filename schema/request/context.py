"""What a resolver knows of its request."""

from dataclasses import dataclass
from typing import Any

from strawberry.types import Info as StrawberryInfo

from schema.request.operation import Operation


@dataclass(frozen=True, slots=True)
class Context:
    """One request: how it reads and writes, and on whose behalf."""

    reader: Operation


Info = StrawberryInfo[Context, Any]
