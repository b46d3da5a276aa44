"""Organizations and their master data."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import (
    AMOUNT,
    ID,
    INSTANT,
    NAME,
    check,
    check_currency,
    create_list_index,
    create_table,
    name_sort_key,
    optional,
    organization_foreign_key,
    required,
    scoped_foreign_key,
    unique,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    _create_organization()
    _create_app_user()
    _create_contracting_unit()
    _create_account()
    _create_competitor()
    _create_status_reason()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("status_reason", "competitor", "account", "contracting_unit", "app_user", "organization"):
        op.drop_table(table)


def _create_organization() -> None:
    op.create_table(
        "organization",
        required("id", ID),
        required("name", NAME),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_app_user() -> None:
    create_table(
        "app_user",
        required("name", NAME),
        required("email", sa.Text()),
        optional("manager_id", ID),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        organization_foreign_key("app_user"),
        scoped_foreign_key("app_user", "app_user_manager", "manager_id"),
        unique("app_user_email", "email"),
    )
    create_list_index("app_user_by_name", "app_user", name_sort_key("name"))


def _create_contracting_unit() -> None:
    create_table(
        "contracting_unit",
        required("name", NAME),
        required("currency_code", sa.Text()),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        organization_foreign_key("contracting_unit"),
        unique("contracting_unit_name", "name"),
        check_currency("contracting_unit"),
    )
    create_list_index("contracting_unit_by_name", "contracting_unit", name_sort_key("name"))


def _create_account() -> None:
    create_table(
        "account",
        required("name", NAME),
        optional("industry", sa.Text()),
        optional("country", sa.Text()),
        optional("established", sa.Integer()),
        optional("employees", sa.Integer()),
        optional("annual_revenue", AMOUNT),
        optional("parent_account_id", ID),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        organization_foreign_key("account"),
        scoped_foreign_key("account", "account_parent", "parent_account_id"),
        unique("account_name", "name"),
    )
    create_list_index("account_by_name", "account", name_sort_key("name"))


def _create_competitor() -> None:
    create_table(
        "competitor",
        required("name", NAME),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        organization_foreign_key("competitor"),
        unique("competitor_name", "name"),
    )
    create_list_index("competitor_by_name", "competitor", name_sort_key("name"))


def _create_status_reason() -> None:
    create_table(
        "status_reason",
        required("state", sa.Text()),
        optional("code", sa.Integer()),
        required("label", NAME),
        required("description_required", sa.Boolean()),
        required("competitor_required", sa.Boolean()),
        optional("retired_at", INSTANT),
        required("version", sa.Integer()),
        required("created_at", INSTANT),
        organization_foreign_key("status_reason"),
        unique("status_reason_state", "id", "state"),
        unique("status_reason_code", "code"),
        unique("status_reason_label", "state", "label"),
        check("status_reason_state_known", "state IN ('OPEN', 'WON', 'LOST')"),
    )
    create_list_index("status_reason_by_label", "status_reason", name_sort_key("label"))
