"""Documents as they are asked again and again: parsed, validated and planned once."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from graphql import DocumentNode, FragmentDefinitionNode

from schema.reading.planning import Plan

MOST_PLANS = 64
"""How many plans a document keeps: one for each shape of its variables."""


@dataclass(slots=True)
class Document:
    """A valid document, with the plans that were made of it so far."""

    ast: DocumentNode
    plans: dict[Hashable, Plan] = field(default_factory=dict)

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by their names."""
        return {
            each.name.value: each for each in self.ast.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def keep(self, key: Hashable, plan: Plan) -> Plan:
        """Remember a plan; a document with too many shapes starts over."""
        if len(self.plans) >= MOST_PLANS:
            self.plans.clear()
        self.plans[key] = plan
        return plan
