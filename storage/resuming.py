"""Idempotent versions of Alembic's operations: each checks what exists and does what is missing.

MySQL and MariaDB commit every statement that defines a table, so a migration that is killed leaves a part of its
work behind. Run again, it must go on from there. Migrations are written with plain `op` calls; what they send as SQL
text they must write so that it can be repeated.
"""

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops


def _inspector(operations: Operations) -> sa.Inspector:
    """Return a new inspector: inspectors cache what they have read."""
    return sa.inspect(operations.get_bind())


def _create_table(operations: Operations, operation: ops.CreateTableOp) -> sa.Table:
    table = operation.to_table(operations.migration_context)
    if not _inspector(operations).has_table(table.name):
        operations.impl.create_table(table)
    return table


def _create_index(operations: Operations, operation: ops.CreateIndexOp) -> None:
    index = operation.to_index(operations.migration_context)
    found = {found["name"] for found in _inspector(operations).get_indexes(operation.table_name)}
    if index.name not in found:
        operations.impl.create_index(index)


def _add_column(operations: Operations, operation: ops.AddColumnOp) -> None:
    found = {column["name"] for column in _inspector(operations).get_columns(operation.table_name)}
    if operation.column.name not in found:
        operations.impl.add_column(operation.table_name, operation.column, **operation.kw)


def _bulk_insert(operations: Operations, operation: ops.BulkInsertOp) -> None:
    table: Any = operation.table
    stored = [dict(row) for row in operations.get_bind().execute(sa.select(*table.c)).mappings()]
    missing = [row for row in operation.rows if row not in stored]
    if missing:
        operations.impl.bulk_insert(table, missing)  # type: ignore[union-attr]


def register() -> None:
    """Have Alembic use these in place of its own operations, in this process."""
    for operation, repeatable in (
        (ops.CreateTableOp, _create_table),
        (ops.CreateIndexOp, _create_index),
        (ops.AddColumnOp, _add_column),
        (ops.BulkInsertOp, _bulk_insert),
    ):
        Operations.implementation_for(operation, replace=True)(repeatable)
