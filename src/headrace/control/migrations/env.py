"""How Alembic reaches the store: on the connection that `ControlStore` hands over."""

from __future__ import annotations

from alembic import context

from headrace.control.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
