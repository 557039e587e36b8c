"""Run migrations on the connection that `schemas.migrating` hands over, which already holds the lock."""

from alembic import context

from schemas.migrating import comparison_options
from schemas.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
    **comparison_options(),
)
with context.begin_transaction():
    context.run_migrations()
