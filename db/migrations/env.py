"""Runs the steps on the connection that ``db.migrating`` hands over, in the transaction it has begun."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
