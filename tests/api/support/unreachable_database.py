"""A database that is unreachable for some time."""

from typing import Any

from typing_extensions import override

from db.domain.errors import Unavailable
from db.sql.statements import Statement
from tests.schema.support.client import Recorder


class UnreachableDatabase(Recorder):
    """Raises Unavailable for all reads unless ``reachable`` is set."""

    def __init__(self, inner: Any, *, reachable: bool = False) -> None:
        super().__init__(inner)
        self.reachable = reachable

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        if not self.reachable:
            raise Unavailable("The database can't be reached.")
        return await super().rows(statement, **values)
