"""How Alembic runs here: always through `app.core.schema`, which hands over an open connection in a transaction."""

from alembic import context

from app.core.db import Base
from app.core.schema import render_type

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,
    render_item=render_type,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
