"""Documents that schemathesis generates from the introspected schema."""

from collections.abc import Sequence
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

schemathesis.graphql.scalar("Decimal", st.decimals(0, 10**9, places=2).map(str).map(nodes.String))


def generate_documents(introspection: Any, count: int, seed_value: int) -> Sequence[str]:
    """Return ``count`` documents over all root fields. The same seed generates the same ones."""
    schema = schemathesis.graphql.from_dict(introspection)
    found: Any = schema.get_all_operations()
    operations = [operation.ok().as_strategy() for operation in found]
    generated = list[str]()

    @seed(seed_value)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(operations))
    def generate(case: Any) -> None:
        generated.append(case.body)

    generate()
    return generated
