"""Requests that schemathesis makes of the schema, as it finds it by introspection."""

from collections.abc import Sequence
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

schemathesis.graphql.scalar("Decimal", st.decimals(0, 10**9, places=2).map(str).map(nodes.String))


def documents(introspection: Any, count: int, chance: int) -> Sequence[str]:
    """Return documents over all root fields of a schema; the same ``chance`` makes the same ones."""
    schema = schemathesis.graphql.from_dict(introspection)
    found: Any = schema.get_all_operations()
    operations = [operation.ok().as_strategy() for operation in found]
    made = list[str]()

    @seed(chance)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(operations))
    def make(case: Any) -> None:
        made.append(case.body)

    make()
    return made
