"""Alembic's folder. `storage.migrating` runs it; there is no alembic.ini."""
