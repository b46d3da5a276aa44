"""Column types that store the same value exactly on PostgreSQL and on SQLite.

SQLite has neither decimals nor instants nor UUIDs of its own. Each type here picks a storage that keeps
equality, order and sums exact there, and PostgreSQL's native type on the other side.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, Numeric, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

from db.domain.money import from_minor_units, to_minor_units


class Id(TypeDecorator[UUID]):
    """A UUID: ``uuid`` on PostgreSQL, the 36-character text on SQLite."""

    impl = Text
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.UUID(as_uuid=True) if dialect.name == "postgresql" else Text()

    @override
    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else str(value)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return value if value is None or dialect.name == "postgresql" else UUID(value)


class Amount(TypeDecorator[Decimal]):
    """An exact decimal with two places: ``numeric(15, 2)`` on PostgreSQL, whole hundredths on SQLite."""

    impl = Numeric
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.NUMERIC(15, 2) if dialect.name == "postgresql" else BigInteger()

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else to_minor_units(value)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return value if value is None or dialect.name == "postgresql" else from_minor_units(value)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC with microseconds: ``timestamptz`` on PostgreSQL, sortable RFC 3339 text on SQLite."""

    impl = Text
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text()

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value if value is None or dialect.name == "postgresql" else datetime.fromisoformat(value)


class CodePointText(TypeDecorator[str]):
    """A text that lists are sorted by: compared by code point on both databases, whatever their locale."""

    impl = Text
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.TEXT(collation="C") if dialect.name == "postgresql" else Text()


class Name(CodePointText):
    """A code that people read: lists sort it without regard to the case of ASCII letters."""

    cache_ok = True


class CurrencyCode(TypeDecorator[str]):
    """Three capital letters (ISO 4217); its column needs ``currency_rules`` to be sure of that."""

    impl = Text
    cache_ok = True
