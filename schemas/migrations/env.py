"""Run migrations on the connection that `storage.migrating` hands over, which already holds the lock."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
    **context.config.attributes["comparison"],
)
with context.begin_transaction():
    context.run_migrations()
