# ruff: noqa: S608 - the statements consist of constants of this module
"""The ids that requests use: the same random sample of the data in every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from tests.benchmarks.data.stores import Store

_MAX_SAMPLES = 5_000
_FIRST = "SELECT id FROM organization ORDER BY created_at LIMIT 1"
_OWN = f"organization_id = ({_FIRST})"


@dataclass(frozen=True, slots=True)
class Samples:
    """Ids for requests, as text. ``blocked`` are open opportunities with at least one active quote.

    ``before_halfway`` opportunities, half of all, were created at ``halfway`` or earlier.
    """

    organization: str
    user: str
    owners: Sequence[str]
    opportunities: Sequence[str]
    blocked: Sequence[str]
    before_halfway: int
    halfway: str


def take_samples(store: Store) -> Samples:
    """Take samples from the organization that was created first."""
    half = int(store.column(f"SELECT count(*) / 2 FROM opportunity WHERE {_OWN}")[0])
    in_order = f"SELECT created_at FROM opportunity WHERE {_OWN} ORDER BY created_at"
    return Samples(
        organization=store.column(_FIRST)[0],
        user=store.column(f"SELECT id FROM app_user WHERE {_OWN} ORDER BY created_at, id LIMIT 1")[0],
        owners=_some(store, f"SELECT id FROM app_user WHERE {_OWN}"),
        opportunities=_some(store, f"SELECT id FROM opportunity WHERE {_OWN}"),
        blocked=_some(store, f"SELECT DISTINCT active_parent FROM quote WHERE {_OWN} AND state = 'ACTIVE'"),
        before_halfway=half,
        halfway=_rfc_3339(store.column(f"{in_order} LIMIT 1 OFFSET {half - 1}")[0]),
    )


def _some(store: Store, statement: str) -> list[str]:
    found = sorted(store.column(statement))
    return Random(0).sample(found, min(_MAX_SAMPLES, len(found)))


def _rfc_3339(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
