"""Opportunities and the activities that close them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import (
    AMOUNT,
    ID,
    INSTANT,
    NAME,
    amount_sort_key,
    check,
    check_currency,
    create_list_index,
    create_partial_unique_index,
    create_table,
    date_sort_key,
    generated,
    name_sort_key,
    optional,
    organization_foreign_key,
    required,
    scoped_foreign_key,
    unique,
)

revision = "0002"
down_revision = "0001"

_CLOSED_BY_ACTIVITY = (
    ["organization_id", "id", "close_id"],
    ["organization_id", "opportunity_id", "id"],
)
_AT_COMMIT: dict[str, Any] = {"deferrable": True, "initially": "DEFERRED"}


def upgrade() -> None:
    """Create the tables."""
    _create_opportunity()
    _create_opportunity_close()
    if op.get_context().dialect.supports_alter:  # on SQLite CREATE TABLE contains the foreign key
        op.create_foreign_key(
            "opportunity_closed_by_activity",
            "opportunity",
            "opportunity_close",
            *_CLOSED_BY_ACTIVITY,
            **_AT_COMMIT,
        )


def downgrade() -> None:
    """Drop the tables."""
    if op.get_context().dialect.supports_alter:
        op.drop_constraint("opportunity_closed_by_activity", "opportunity")
    op.drop_table("opportunity_close")
    op.drop_table("opportunity")


def _create_opportunity() -> None:
    create_table(
        "opportunity",
        optional("external_reference", sa.Text()),
        required("name", NAME),
        optional("description", sa.Text()),
        required("account_id", ID),
        required("owner_id", ID),
        required("contracting_unit_id", ID),
        required("currency_code", sa.Text()),
        required("state", sa.Text()),
        required("status_reason_id", ID),
        required("estimated_revenue", AMOUNT),
        optional("estimated_close_date", sa.Date()),
        optional("actual_revenue", AMOUNT),
        optional("closed_on", sa.Date()),
        optional("close_id", ID),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        required("updated_at", INSTANT),
        generated("open_key", ID, "CASE WHEN state = 'OPEN' THEN id END"),
        organization_foreign_key("opportunity"),
        scoped_foreign_key("account", "opportunity_account", "account_id"),
        scoped_foreign_key("app_user", "opportunity_owner", "owner_id"),
        scoped_foreign_key("contracting_unit", "opportunity_contracting_unit", "contracting_unit_id"),
        scoped_foreign_key(
            "status_reason", "opportunity_status_reason", "status_reason_id", "state", target=("id", "state")
        ),
        sa.ForeignKeyConstraint(
            _CLOSED_BY_ACTIVITY[0],
            [f"opportunity_close.{column}" for column in _CLOSED_BY_ACTIVITY[1]],
            "opportunity_closed_by_activity",
            use_alter=True,
            **_AT_COMMIT,
        ),
        unique("opportunity_open_key", "open_key"),
        unique("opportunity_currency", "id", "currency_code"),
        unique("opportunity_external_reference", "external_reference"),
        check("opportunity_state_known", "state IN ('OPEN', 'WON', 'LOST')"),
        check("opportunity_closed_with_activity", "(state = 'OPEN') = (close_id IS NULL)"),
        check("opportunity_closed_on_a_day", "(state = 'OPEN') = (closed_on IS NULL)"),
        check("opportunity_open_without_revenue", "state <> 'OPEN' OR actual_revenue IS NULL"),
        check_currency("opportunity"),
        check("opportunity_estimate_not_negative", "estimated_revenue >= 0"),
        check("opportunity_revenue_not_negative", "actual_revenue >= 0"),
    )
    for column, order in {
        "name": name_sort_key("name"),
        "created_at": "created_at",
        "updated_at": "updated_at",
        "estimated_close_date": date_sort_key("estimated_close_date"),
        "estimated_revenue": "estimated_revenue",
        "closed_on": date_sort_key("closed_on"),
        "actual_revenue": amount_sort_key("actual_revenue"),
    }.items():
        create_list_index(f"opportunity_by_{column}", "opportunity", order)
    due = date_sort_key("estimated_close_date")
    for column in ("owner_id", "account_id", "contracting_unit_id", "status_reason_id"):
        create_list_index(f"opportunity_by_{column}", "opportunity", column, "state", due)
    create_list_index("opportunity_by_state", "opportunity", "state", due)


def _create_opportunity_close() -> None:
    create_table(
        "opportunity_close",
        required("opportunity_id", ID),
        required("state", sa.Text()),
        required("outcome", sa.Text()),
        required("status_reason_id", ID),
        optional("actual_revenue", AMOUNT),
        required("currency_code", sa.Text()),
        required("closed_on", sa.Date()),
        optional("competitor_id", ID),
        optional("description", sa.Text()),
        required("closed_by_id", ID),
        required("created_at", INSTANT),
        scoped_foreign_key("opportunity", "opportunity_close_opportunity", "opportunity_id"),
        scoped_foreign_key("app_user", "opportunity_close_closed_by", "closed_by_id"),
        scoped_foreign_key("competitor", "opportunity_close_competitor", "competitor_id"),
        scoped_foreign_key(
            "status_reason",
            "opportunity_close_status_reason",
            "status_reason_id",
            "outcome",
            target=("id", "state"),
        ),
        unique("opportunity_close_of_opportunity", "opportunity_id", "id"),
        check("opportunity_close_state_known", "state IN ('COMPLETED', 'CANCELED')"),
        check("opportunity_close_outcome_known", "outcome IN ('WON', 'LOST')"),
        check("opportunity_close_competitor_of_a_loss", "competitor_id IS NULL OR outcome = 'LOST'"),
        check("opportunity_close_revenue_not_negative", "actual_revenue >= 0"),
        check_currency("opportunity_close"),
    )
    create_partial_unique_index(
        "one_standing_close", "opportunity_close", "opportunity_id", where="state = 'COMPLETED'"
    )
