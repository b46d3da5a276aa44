"""What a resolver knows of its request."""

from dataclasses import dataclass
from typing import Any

from strawberry.types import Info as StrawberryInfo

from db.caller import Caller
from schema.reading.reader import Reader


@dataclass(frozen=True, slots=True)
class Context:
    """One request: on whose behalf it is asked, and how it reads and writes."""

    caller: Caller
    reader: Reader


Info = StrawberryInfo[Context, Any]
