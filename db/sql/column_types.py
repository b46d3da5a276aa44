"""Column types that store the same value exactly on PostgreSQL and on SQLite.

SQLite has no decimals, instants or UUIDs of its own. Each type has PostgreSQL's native type on one side and,
on the other, a storage class of SQLite that keeps equality, order and sums exact.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, Dialect, Numeric, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override

from db.domain.money import from_minor_units, to_minor_units

T = TypeVar("T")


class _PortableType(TypeDecorator[T]):
    """A type that is native on PostgreSQL and converted on SQLite."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True
    on_postgresql: ClassVar[TypeEngine[Any]]
    on_sqlite: ClassVar[TypeEngine[Any]] = Text()

    def to_sqlite(self, value: T) -> object:
        """Return what SQLite stores."""
        return value

    def from_sqlite(self, stored: Any) -> T:
        """Return the value of what SQLite stores."""
        value: T = stored
        return value

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.on_postgresql if dialect.name == "postgresql" else self.on_sqlite

    @override
    def process_bind_param(self, value: T | None, dialect: Dialect) -> object:
        return value if value is None or dialect.name == "postgresql" else self.to_sqlite(value)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        return value if value is None or dialect.name == "postgresql" else self.from_sqlite(value)


class Id(_PortableType[UUID]):
    """A UUID; on SQLite its text of 36 characters."""

    cache_ok = True
    on_postgresql = postgresql.UUID(as_uuid=True)

    @override
    def to_sqlite(self, value: UUID) -> str:
        return str(value)

    @override
    def from_sqlite(self, stored: str) -> UUID:
        return UUID(stored)


class Amount(_PortableType[Decimal]):
    """An exact decimal with two places; on SQLite whole hundredths."""

    impl = Numeric
    cache_ok = True
    on_postgresql = postgresql.NUMERIC(15, 2)
    on_sqlite = BigInteger()

    @override
    def to_sqlite(self, value: Decimal) -> int:
        return to_minor_units(value)

    @override
    def from_sqlite(self, stored: int) -> Decimal:
        return from_minor_units(stored)


class Instant(_PortableType[datetime]):
    """A moment in UTC with microseconds; on SQLite RFC 3339 text that sorts like it."""

    cache_ok = True
    on_postgresql = postgresql.TIMESTAMP(timezone=True)

    @override
    def to_sqlite(self, value: datetime) -> str:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    @override
    def from_sqlite(self, stored: str) -> datetime:
        return datetime.fromisoformat(stored)


class CodePointText(_PortableType[str]):
    """A text that sorts by code points on both databases, whatever their locale."""

    cache_ok = True
    on_postgresql = postgresql.TEXT(collation="C")


class Name(CodePointText):
    """A name that people read: lists sort it regardless of the case of ASCII letters (``sort_value``)."""

    cache_ok = True


class CurrencyCode(TypeDecorator[str]):
    """Three capital letters (ISO 4217); ``currency_checks`` makes sure of that."""

    impl = Text
    cache_ok = True
