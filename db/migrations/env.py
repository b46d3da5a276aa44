"""Runs the steps on the connection that ``db.migrations.runner`` hands over, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
