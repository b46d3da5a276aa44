"""One operation of a request: its root fields are planned once per document, then bound and run."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
)

from db.domain.caller import Caller
from db.sql.database import Database, ReadJson
from schema.planner.plan.catalog import Catalog
from schema.planner.plan.field_collector import FieldCollector
from schema.planner.plan.planner import Plan, Planner
from schema.request.document import Document, OperationLabel, Plans
from schema.request.policies import FORBIDDEN, Policies
from schema.request.worker import Worker


class RootField(NamedTuple):
    """A root field: its response key, its name, its root type and every node that selects it."""

    key: str
    name: str
    parent: GraphQLObjectType
    nodes: list[FieldNode]

    @property
    def definition(self) -> GraphQLField:
        """The field's definition in the schema; ``__typename`` has none."""
        definition: GraphQLField = self.parent.fields[self.name]
        return definition


class RefusedMutation(NamedTuple):
    """The name of a mutation that a rule refused, and the code of the refusal."""

    mutation: str
    code: str


@dataclass(slots=True)  # not frozen, which would make it four times as slow to make
class Operation:
    """Reads the root fields of one operation as JSON text, on behalf of one caller.

    ``plans`` are those of its document for variables of this shape; ``worker`` makes the missing ones.
    ``with_typename`` adds the concrete type to objects of abstract types, for graphql-core's executor.
    ``refusals`` lists those mutations of the operation that were refused so far. ``errors`` has those errors
    of arguments that graphql-core can't report, because it takes one for each root field.
    """

    catalog: Catalog
    policies: Policies
    database: Database
    caller: Caller
    document: Document
    definition: OperationDefinitionNode
    collector: FieldCollector
    plans: Plans
    worker: Worker
    with_typename: bool = False
    refusals: list[RefusedMutation] = field(default_factory=list)
    errors: list[GraphQLError] = field(default_factory=list)

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.operation

    @property
    def label(self) -> OperationLabel:
        """The operation's name and type in logs and metrics."""
        return self.document.label(self.definition)

    @property
    def root(self) -> GraphQLObjectType:
        """The root type."""
        root = self.collector.schema.get_root_type(self.definition.operation)
        if root is None:
            raise TypeError(f"The schema has no {self.definition.operation.value} type.")
        return root

    def root_fields(self) -> list[RootField]:
        """Return the selected root fields in the order of the response."""
        root = self.root
        selected = self.collector.collect(root, [self.definition.selection_set])
        return [RootField(key, nodes[0].name.value, root, nodes) for key, nodes in selected.items()]

    async def query(self) -> bytes | None:
        """Return the response to a whole query, ``{"data":{...}}``.

        Return None where graphql-core has to execute it: it selects introspection, or null where the schema
        forbids null, or a field that the caller's role may not use.

        Raises:
            InvalidArguments: arguments have invalid values.
            Unavailable: the database did not answer.
        """
        plan = await self._plan("query", self._plan_query) if self._allows_all() else None
        if plan is None:
            return None
        return await self.database.json(plan.statement, plan.values(self.collector.variables, self.caller))

    async def field(self, root_field: RootField) -> bytes | None:
        """Return the value of one root field of a query; raises as ``query`` does."""
        plan = await self.plan(root_field)
        return await self.database.json(plan.statement, plan.values(self.collector.variables, self.caller))

    async def plan(self, root_field: RootField) -> Plan:
        """Return the plan that reads one root field.

        Raises:
            GraphQLError: the caller's role may not use the field.
        """
        if not self.allows(root_field):
            raise GraphQLError(
                self.forbidden_message(root_field),
                root_field.nodes,
                path=[root_field.key],
                extensions={"code": FORBIDDEN},
            )
        return await self._require_plan(
            root_field.key,
            lambda planner: planner.plan_root_field(root_field.parent, root_field.name, root_field.nodes),
        )

    async def payload(
        self, read: ReadJson, root_field: RootField, type_name: str, params: Mapping[str, object]
    ) -> bytes | None:
        """Return a mutation's payload, an object of ``type_name``, as ``read`` returns it.

        ``params`` are the values of the parameters that the type's fields declare.
        """
        plan = await self._require_plan(
            (root_field.key, type_name),
            lambda planner: planner.plan_payload(
                root_field.parent, root_field.name, root_field.nodes, type_name
            ),
        )
        return await read(plan.statement, plan.values(self.collector.variables, self.caller, params))

    def allows(self, root_field: RootField) -> bool:
        """Tell whether the caller's role may use a root field."""
        return self.policies.allows(self.caller.role, root_field.parent.name, root_field.name)

    def forbidden_message(self, root_field: RootField) -> str:
        """Return the message for a caller whose role may not use a root field."""
        return self.policies.forbidden_message(self.caller.role, root_field.parent.name, root_field.name)

    def _allows_all(self) -> bool:
        key = (id(self.definition), self.caller.role)
        allowed = self.document.allowed
        if key not in allowed:
            root = self.root.name
            names = self.document.root_field_names(self.definition)
            allowed[key] = all(self.policies.allows(self.caller.role, root, name) for name in names)
        return allowed[key]

    async def _require_plan(self, what: Hashable, make_plan: Callable[[Planner], Plan]) -> Plan:
        plan = await self._plan(what, make_plan)
        if plan is None:
            raise TypeError(f"There is no plan of {what!r}.")
        return plan

    async def _plan(self, what: Hashable, make_plan: Callable[[Planner], Plan | None]) -> Plan | None:
        key = what, self.with_typename
        if key not in self.plans.by_key:
            planner = Planner(self.catalog, self.database.dialect, self.collector, self.with_typename)
            self.plans.add(key, await self.worker.run(make_plan, planner))
        return self.plans.by_key[key]

    def _plan_query(self, planner: Planner) -> Plan | None:
        return planner.plan_query(self.root, self.definition.selection_set)
