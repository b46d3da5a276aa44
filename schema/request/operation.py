"""Reading for one request: what is asked is planned once a document and shape, then bound and run."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from graphql import FieldNode, GraphQLError, GraphQLObjectType, OperationDefinitionNode
from graphql.execution.values import VariableValues

from db.domain.caller import Caller
from db.sql.database import Database, ReadJson
from schema.planner.plan.catalog import Catalog
from schema.planner.plan.field_collector import FieldCollector
from schema.planner.plan.planner import Plan, Planner
from schema.planner.plan.variables import variables_shape
from schema.request.document_cache import Document, OperationLabel
from schema.request.policies import FORBIDDEN, Policies


class RootField(Protocol):
    """A root field of an operation: that much of graphql-core's GraphQLResolveInfo."""

    @property
    def field_name(self) -> str:
        """Its name."""

    @property
    def field_nodes(self) -> list[FieldNode]:
        """Every node that asks for it."""

    @property
    def parent_type(self) -> GraphQLObjectType:
        """The root type."""

    @property
    def path(self) -> Any:
        """Its place in the answer; ``key`` is the response key."""


class RefusedMutation(NamedTuple):
    """A mutation that a rule refused, by their names for programs."""

    mutation: str
    code: str


@dataclass(slots=True)  # not frozen, which would make it four times as slow to make
class Operation:
    """Answers what one request asks, as JSON text.

    ``with_typename`` adds the concrete type to objects of abstract types, for an executor that must know it.
    ``refusals`` are those of its mutations that were refused, so far.
    """

    catalog: Catalog
    policies: Policies
    database: Database
    caller: Caller
    document: Document
    operation: OperationDefinitionNode
    collector: FieldCollector
    with_typename: bool = False
    refusals: list[RefusedMutation] = field(default_factory=list)

    async def query(self) -> bytes | None:
        """Return the answer to a whole query, ``{"data":{...}}``.

        None where graphql-core must answer: it holds introspection, or a null that the schema rules out, or
        a field that is not for the caller's role.

        Raises:
            BadInput: an argument can't be used.
            Unavailable: the database did not answer.
        """
        plan = self._plan("query", self._plan_query) if self._permits_all else None
        if plan is None:
            return None
        return await self.database.json(plan.statement, plan.values(self._variables, self.caller))

    async def field(self, asked: RootField) -> bytes | None:
        """Return the value of one root field of a query; raises as ``query`` does."""
        plan = self.plan(asked)
        return await self.database.json(plan.statement, plan.values(self._variables, self.caller))

    def plan(self, asked: RootField) -> Plan:
        """Return how one root field is read, for whoever reads it again and again.

        Raises:
            GraphQLError: it is not for the caller's role.
        """
        if not self.permits(asked):
            path = asked.path.as_list()
            told = {"code": FORBIDDEN}
            raise GraphQLError(self.refusal(asked), asked.field_nodes, path=path, extensions=told)
        return self._planned(
            asked.path.key,
            lambda planner: planner.plan_root_field(asked.parent_type, asked.field_name, asked.field_nodes),
        )

    async def payload(
        self, read: ReadJson, asked: RootField, type_name: str, given: Mapping[str, Any]
    ) -> bytes | None:
        """Return a mutation's payload, which its transaction reads from the values that its type declares."""
        plan = self._planned(
            (asked.path.key, type_name),
            lambda planner: planner.plan_payload(
                asked.parent_type, asked.field_name, asked.field_nodes, type_name
            ),
        )
        return await read(plan.statement, plan.values(self._variables, self.caller, given))

    def permits(self, asked: RootField) -> bool:
        """Say whether the caller's role may use a root field."""
        return self.policies.allows(self.caller.role, asked.parent_type.name, asked.field_name)

    def refusal(self, asked: RootField) -> str:
        """Return what a caller is told whose role may not use a root field."""
        return self.policies.refusal(self.caller.role, asked.parent_type.name, asked.field_name)

    @property
    def _permits_all(self) -> bool:
        key = (id(self.operation), self.caller.role)
        known = self.document.permitted
        if key not in known:
            root = self.collector.schema.query_type.name  # type: ignore[union-attr]
            names = self.document.root_fields(self.operation)
            known[key] = all(self.policies.allows(self.caller.role, root, name) for name in names)
        return known[key]

    @property
    def label(self) -> OperationLabel:
        """The operation, as it is counted and logged."""
        return self.document.label(self.operation)

    @property
    def _variables(self) -> VariableValues:
        return self.collector.variables

    def _planned(self, what: Hashable, make_plan: Callable[[Planner], Plan]) -> Plan:
        plan = self._plan(what, make_plan)
        if plan is None:
            raise TypeError(f"There is no plan of {what!r}.")
        return plan

    def _plan(self, what: Hashable, make_plan: Callable[[Planner], Plan | None]) -> Plan | None:
        key = (id(self.operation), what, self.with_typename, variables_shape(self._variables))
        plans = self.document.plans
        if key not in plans:
            planner = Planner(self.catalog, self.database.dialect, self.collector, self.with_typename)
            self.document.keep(key, make_plan(planner))
        return plans[key]

    def _plan_query(self, planner: Planner) -> Plan | None:
        root: Any = self.collector.schema.query_type
        return planner.plan_query(root, self.operation.selection_set)
