"""Schema migrations with Alembic. A released migration is never changed."""
