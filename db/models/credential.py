"""Credentials: API tokens, and the accounts of OIDC issuers that are linked to users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.tenant_scoped import TenantScoped, scoped_foreign_key
from db.sql.column_types import Id, Instant


class ApiToken(TenantScoped, table=True):
    """A token with which a user has a role. Only the token's SHA-256 is stored, in hex.

    Names are unique among the tokens that are not revoked.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        scoped_foreign_key("app_user", "user_id", name="api_token_user"),
        UniqueConstraint("digest", name="api_token_digest"),
        CheckConstraint("role IN ('READER', 'SALES', 'MANAGER', 'ADMIN')", name="api_token_role_known"),
        Index(
            "api_token_name",
            "organization_id",
            "name",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
            sqlite_where=text("revoked_at IS NULL"),
        ),
    )

    user_id: UUID = Field(sa_type=Id)
    role: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    digest: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class Identity(SQLModel, table=True):
    """The user that a subject of an OIDC issuer is linked to; an organization may have several issuers."""

    __tablename__ = "identity"
    __table_args__ = (scoped_foreign_key("app_user", "user_id", name="identity_user"),)

    organization_id: UUID = Field(sa_type=Id, primary_key=True)
    issuer: str = Field(sa_type=Text, primary_key=True)
    subject: str = Field(sa_type=Text, primary_key=True)
    user_id: UUID = Field(sa_type=Id)
    created_at: datetime = Field(sa_type=Instant)
