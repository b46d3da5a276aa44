"""Reading for one request: a field's plan is made or found, bound, and run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import FieldNode, GraphQLField, GraphQLResolveInfo, GraphQLSchema
from graphql.execution.values import VariableValues

from db.caller import Caller
from db.database import Database, Transaction
from schema.reading.catalog import Catalog
from schema.reading.collecting import Collector
from schema.reading.documents import Document, shape_of
from schema.reading.planning import Plan, Planner, Selection
from schema.reading.sql import Concatenation


@dataclass(frozen=True, slots=True)
class Reader:
    """Answers the fields of one request from plans."""

    schema: GraphQLSchema
    catalog: Catalog
    database: Database
    caller: Caller
    document: Document
    variables: VariableValues

    async def field(self, info: GraphQLResolveInfo) -> Any:
        """Return the value of a root field, by response keys all the way down.

        Raises:
            BadInput: an argument can't be used.
            Unavailable: the database did not answer.
        """
        plan = self._plan(info, None)
        text = await self.database.json(plan.statement, plan.values(self.variables, self.caller))
        return orjson.loads(text or b"null")

    async def payload(
        self, transaction: Transaction, info: GraphQLResolveInfo, type_name: str, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return a mutation's payload, read in its transaction; ``given`` are the values its type declares."""
        plan = self._plan(info, type_name)
        text = await transaction.json(plan.statement, plan.values(self.variables, self.caller, given))
        return {**orjson.loads(text or b"{}"), "__typename": type_name}

    def _plan(self, info: GraphQLResolveInfo, type_name: str | None) -> Plan:
        operation = info.operation.name.value if info.operation.name else None
        key = (operation, info.path.key, type_name, shape_of(self.variables))
        found = self.document.plans.get(key)
        return found or self.document.keep(key, self._planned(info, type_name))

    def _planned(self, info: GraphQLResolveInfo, type_name: str | None) -> Plan:
        collector = Collector(self.schema, self.document.fragments, self.variables)
        planner = Planner(self.catalog, self.database.dialect, collector, names_types=True)
        nodes: list[FieldNode] = info.field_nodes
        field: GraphQLField = info.parent_type.fields[info.field_name]
        selection = Selection(planner, info.parent_type.name, field, nodes)
        return planner.plan(_answer(selection, type_name))


def _answer(selection: Selection, type_name: str | None) -> Concatenation:
    if type_name is not None:
        return selection.object(None, type_name=type_name)
    return selection.text(None, selection.planner.catalog.sources[selection.parent])
