"""Quotes, their lines, the activities that close them, and the contracts of won quotes."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import (
    AMOUNT,
    CODE,
    ID,
    INSTANT,
    NAME,
    check,
    check_currency,
    create_list_index,
    create_partial_unique_index,
    create_table,
    date_sort_key,
    dialect_sql,
    generated,
    name_sort_key,
    optional,
    required,
    scoped_foreign_key,
    unique,
)

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    _create_quote()
    _create_lines("quote_line", "quote")
    _create_quote_close()
    _create_project_contract()
    _create_lines("project_contract_line", "project_contract")


def downgrade() -> None:
    """Drop the tables."""
    for table in ("project_contract_line", "project_contract", "quote_close", "quote_line", "quote"):
        op.drop_table(table)


def _create_quote() -> None:
    create_table(
        "quote",
        required("opportunity_id", ID),
        required("number", CODE),
        required("revision", sa.Integer()),
        required("name", NAME),
        required("state", sa.Text()),
        required("status_reason", sa.Text()),
        required("currency_code", sa.Text()),
        required("total", AMOUNT),
        optional("effective_from", sa.Date()),
        optional("effective_to", sa.Date()),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        required("updated_at", INSTANT),
        generated("active_parent", ID, "CASE WHEN state = 'ACTIVE' THEN opportunity_id END"),
        scoped_foreign_key("opportunity", "quote_opportunity", "opportunity_id"),
        scoped_foreign_key("opportunity", "quote_active_under_open", "active_parent", target=("open_key",)),
        scoped_foreign_key(
            "opportunity",
            "quote_currency_of_opportunity",
            "opportunity_id",
            "currency_code",
            target=("id", "currency_code"),
        ),
        unique("quote_number", "number", "revision"),
        unique("quote_currency", "id", "currency_code"),
        check("quote_state_known", "state IN ('DRAFT', 'ACTIVE', 'WON', 'CLOSED')"),
        check(
            "quote_reason_of_state",
            "(state = 'DRAFT' AND status_reason = 'DRAFT_IN_PROGRESS')"
            " OR (state = 'ACTIVE' AND status_reason IN ('ACTIVE_IN_PROGRESS', 'OPEN'))"
            " OR (state = 'WON' AND status_reason = 'WON')"
            " OR (state = 'CLOSED' AND status_reason IN ('LOST', 'CANCELED', 'REVISED'))",
        ),
        check("quote_revision_not_negative", "revision >= 0"),
        check("quote_total_not_negative", "total >= 0"),
        check("quote_effective_in_order", "effective_to >= effective_from"),
    )
    create_partial_unique_index("one_won_quote", "quote", "opportunity_id", where="state = 'WON'")
    op.create_index("quote_active_parent", "quote", ["organization_id", "active_parent"])
    for column, order in {
        "name": name_sort_key("name"),
        "total": "total",
        "created_at": "created_at",
        "updated_at": "updated_at",
        "effective_to": date_sort_key("effective_to"),
    }.items():
        create_list_index(f"quote_by_{column}", "quote", order)
    for name, filtered in {"quote_by_opportunity": "opportunity_id", "quote_by_state": "state"}.items():
        op.create_index(name, "quote", ["organization_id", filtered, "number", "revision"])


def _create_lines(table: str, parent: str) -> None:
    create_table(
        table,
        required("position", sa.Integer()),
        required("kind", sa.Text()),
        required("name", NAME),
        optional("billing_method", sa.Text()),
        optional("not_to_exceed", AMOUNT),
        optional("customer_budget", AMOUNT),
        required("quantity", AMOUNT),
        required("unit_price", AMOUNT),
        required("currency_code", sa.Text()),
        generated("total", AMOUNT, _line_total()),
        required(f"{parent}_id", ID),
        scoped_foreign_key(
            parent,
            f"{table}_{parent}",
            f"{parent}_id",
            "currency_code",
            target=("id", "currency_code"),
        ),
        unique(f"{table}_position", f"{parent}_id", "position"),
        check(f"{table}_kind_known", "kind IN ('PROJECT', 'PRODUCT')"),
        check(f"{table}_billing_of_project", "(kind = 'PROJECT') = (billing_method IS NOT NULL)"),
        check(f"{table}_billing_known", "billing_method IN ('TIME_AND_MATERIAL', 'FIXED_PRICE')"),
        check(
            f"{table}_limit_of_time_and_material",
            "not_to_exceed IS NULL OR (billing_method IS NOT NULL AND billing_method = 'TIME_AND_MATERIAL')",
        ),
        check(f"{table}_not_negative", "quantity >= 0 AND unit_price >= 0"),
    )


def _line_total() -> str:
    """Return the line total, rounded half up. SQLite stores hundredths: their product has four decimals."""
    return dialect_sql(
        postgresql="round(quantity * unit_price, 2)", sqlite="(quantity * unit_price + 50) / 100"
    )


def _create_quote_close() -> None:
    create_table(
        "quote_close",
        required("quote_id", ID),
        required("reason", sa.Text()),
        required("closed_on", sa.Date()),
        optional("description", sa.Text()),
        required("closed_by_id", ID),
        required("created_at", INSTANT),
        scoped_foreign_key("quote", "quote_close_quote", "quote_id"),
        scoped_foreign_key("app_user", "quote_close_closed_by", "closed_by_id"),
        unique("quote_close_once", "quote_id"),
        check("quote_close_reason_known", "reason IN ('WON', 'LOST', 'CANCELED', 'REVISED')"),
    )


def _create_project_contract() -> None:
    create_table(
        "project_contract",
        required("quote_id", ID),
        required("opportunity_id", ID),
        required("name", NAME),
        required("state", sa.Text()),
        required("currency_code", sa.Text()),
        required("total", AMOUNT),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        scoped_foreign_key("quote", "project_contract_quote", "quote_id"),
        scoped_foreign_key("opportunity", "project_contract_opportunity", "opportunity_id"),
        unique("project_contract_once", "quote_id"),
        unique("project_contract_currency", "id", "currency_code"),
        check("project_contract_state_known", "state IN ('DRAFT')"),
        check_currency("project_contract"),
    )
