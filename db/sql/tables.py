"""The SQLAlchemy table of a SQLModel class."""

from sqlalchemy import FromClause, Table, inspect
from sqlmodel import SQLModel


def table_of(model: type[SQLModel]) -> Table:
    """Return the table that a model with ``table=True`` is mapped to.

    Raises:
        TypeError: the model is mapped to something that is no table.
    """
    mapped: FromClause = inspect(model).local_table
    if not isinstance(mapped, Table):
        raise TypeError(f"{model.__name__} is mapped to {mapped}, which is no table.")
    return mapped
