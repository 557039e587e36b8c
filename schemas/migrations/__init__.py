"""Alembic's folder. `schemas.migrating` runs it; there is no alembic.ini."""
