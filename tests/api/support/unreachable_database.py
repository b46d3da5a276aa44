"""A database that can't be reached for a while."""

from typing import Any

from typing_extensions import override

from db.domain.errors import Unavailable
from db.sql.statements import Statement
from tests.schema.support.client import Recorder


class Unreachable(Recorder):
    """Reads nothing while it does not work."""

    def __init__(self, inner: Any, *, works: bool = False) -> None:
        super().__init__(inner)
        self.works = works

    @override
    async def rows(self, statement: Statement, **values: Any) -> list[Any]:
        if not self.works:
            raise Unavailable("The database can't be reached.")
        return await super().rows(statement, **values)
