"""Insert the users, contracting units and accounts of a pipeline, and look up their ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from db import models
from db.domain.ids import new_id
from db.importers.pipeline.records import NO_ACCOUNT, Pipeline, PipelineAccount, placeholder_email
from db.importers.report import EntityKind
from db.importers.target import ImportTarget

CURRENCY = "USD"
"""The currency of all amounts in the files."""


@dataclass(frozen=True, slots=True)
class References:
    """Ids of the rows that opportunities refer to."""

    users: Mapping[str, UUID]
    """By e-mail address."""
    units: Mapping[str, UUID]
    """By name."""
    accounts: Mapping[str, UUID]
    """By name."""
    status_reasons: Mapping[int, UUID]
    """By Dataverse's code."""


async def insert_references(target: ImportTarget, pipeline: Pipeline, *, with_no_account: bool) -> References:
    """Insert the missing users, units and accounts of a pipeline, and return the ids of all.

    ``with_no_account`` adds the account ``NO_ACCOUNT``.
    """
    return References(
        users=await _insert_users(target, pipeline),
        units=await _insert_units(target, pipeline),
        accounts=await _insert_accounts(
            target, {**pipeline.accounts, **({NO_ACCOUNT: PipelineAccount()} if with_no_account else {})}
        ),
        status_reasons=await target.status_reason_ids(),
    )


async def _insert_users(target: ImportTarget, pipeline: Pipeline) -> Mapping[str, UUID]:
    agents = pipeline.agents.values()
    # Managers first: the first manager becomes the first user of a new organization.
    managers: dict[str, str | None] = {agent.manager: None for agent in agents}
    managers |= {agent.name: agent.manager for agent in agents}
    users = {
        placeholder_email(name): models.User(
            organization_id=target.organization_id,
            id=new_id(),
            name=name,
            email=placeholder_email(name),
            created_at=target.now,
        )
        for name in managers
    }
    parents = {
        placeholder_email(name): placeholder_email(manager) for name, manager in managers.items() if manager
    }
    ids, _ = await target.find_or_insert(EntityKind.USER, users, parents=parents)
    return ids


async def _insert_units(target: ImportTarget, pipeline: Pipeline) -> Mapping[str, UUID]:
    units = {
        agent.office: models.ContractingUnit(
            organization_id=target.organization_id,
            id=new_id(),
            name=agent.office,
            currency_code=CURRENCY,
            created_at=target.now,
        )
        for agent in pipeline.agents.values()
    }
    ids, _ = await target.find_or_insert(EntityKind.CONTRACTING_UNIT, units)
    return ids


async def _insert_accounts(
    target: ImportTarget, accounts: Mapping[str, PipelineAccount]
) -> Mapping[str, UUID]:
    rows = {
        name: models.Account(
            organization_id=target.organization_id,
            id=new_id(),
            name=name,
            industry=account.industry,
            country=account.country,
            established=account.established,
            employees=account.employees,
            annual_revenue=account.annual_revenue,
            created_at=target.now,
        )
        for name, account in accounts.items()
    }
    parents = {name: account.parent for name, account in accounts.items() if account.parent}
    ids, inserted = await target.find_or_insert(EntityKind.ACCOUNT, rows, parents=parents)
    for name in inserted:
        target.summary.corrections.update(accounts[name].corrections)
    return ids
