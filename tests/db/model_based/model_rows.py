"""The rows that the model expects and the rows of the database, in the same form."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import SQLModel

from db.lines.storage import read_lines
from db.sql.statements import Statement
from tests.builders import OrganizationBuilder
from tests.db.model_based.model import Model

Rows = dict[str, Any]


def expected_rows(model: Model) -> Rows:
    opportunities, quotes = model.opportunities.items(), model.quotes.items()
    won = {id_: quote for id_, quote in quotes if quote.state == "WON"}
    return {
        "accounts": {id_: (each.name, each.parent, each.version) for id_, each in model.accounts.items()},
        "competitors": model.competitors,
        "reasons": {id_: (each.state, each.is_retired, each.version) for id_, each in model.reasons.items()},
        "opportunities": {
            id_: (each.name, each.state, each.reason, each.revenue, each.version)
            for id_, each in opportunities
        },
        "closes": {id_: each.closes for id_, each in opportunities if each.closes},
        "quotes": {
            id_: (each.number, each.revision, each.name, each.state, each.reason, each.total, each.version)
            for id_, each in quotes
        },
        "lines": {id_: list(enumerate(each.lines, start=1)) for id_, each in quotes if each.lines},
        "quote_closes": {id_: each.close for id_, each in quotes if each.close},
        "contracts": {id_: each.total for id_, each in won.items()},
        "contract_lines": {id_: list(enumerate(each.lines, start=1)) for id_, each in won.items()},
        "audit": model.audit,
        "events": model.events,
    }


async def stored_rows(builder: OrganizationBuilder) -> Rows:
    async with builder.database.transaction() as transaction:
        found = {
            name: await transaction.rows(statement, organization_id=builder.organization_id)
            for name, statement in _ROWS.items()
        }
    quote_of_contract = {row.id: row.quote_id for row in found["project_contract"]}
    return {
        "accounts": {row.id: (row.name, row.parent_account_id, row.version) for row in found["account"]},
        "competitors": {row.name for row in found["competitor"]},
        "reasons": {
            row.id: (row.state, row.retired_at is not None, row.version) for row in found["status_reason"]
        },
        "opportunities": {
            row.id: (row.name, row.state, row.status_reason_id, row.actual_revenue, row.version)
            for row in found["opportunity"]
        },
        "closes": _grouped(
            (row.opportunity_id, (row.outcome, row.state, row.status_reason_id))
            for row in found["opportunity_close"]
        ),
        "quotes": {
            row.id: (row.number, row.revision, row.name, row.state, row.status_reason, row.total, row.version)
            for row in found["quote"]
        },
        "lines": _grouped((row.quote_id, _line(row)) for row in found["quote_line"]),
        "quote_closes": {row.quote_id: row.reason for row in found["quote_close"]},
        "contracts": {row.quote_id: row.total for row in found["project_contract"]},
        "contract_lines": _grouped(
            (quote_of_contract[row.project_contract_id], _line(row)) for row in found["project_contract_line"]
        ),
        "audit": Counter((row.action, row.subject_id) for row in found["audit"]),
        "events": [(row.opportunity_id, row.kind) for row in found["event"]],
    }


async def ids_of_lines(builder: OrganizationBuilder, quote_id: UUID) -> list[UUID]:
    async with builder.database.transaction() as transaction:
        return [line.id for line in await read_lines(transaction, builder.caller, quote_id)]


def _line(row: Any) -> tuple[int, Any]:
    return row.position, (row.name, row.quantity, row.unit_price)


def _grouped(pairs: Iterable[tuple[UUID, Any]]) -> dict[UUID, list[Any]]:
    groups = defaultdict(list)
    for id_, value in pairs:
        groups[id_].append(value)
    return dict(groups)


_NAMES = {
    *("account", "competitor", "status_reason", "audit", "event"),
    *("opportunity", "opportunity_close", "quote", "quote_line", "quote_close"),
    *("project_contract", "project_contract_line"),
}
_ORDERS = {"quote_line": "position", "project_contract_line": "position", "event": "position"}
_ROWS = {
    name: Statement(
        select(table)
        .where(table.c.organization_id == bindparam("organization_id"))
        .order_by(table.c[_ORDERS.get(name, "id")])
    )
    for name, table in SQLModel.metadata.tables.items()
    if name in _NAMES
}
