"""What Alembic runs: the migrations, in the transaction that `migrate.upgrade` opened."""

from __future__ import annotations

from alembic import context

from analysis.database.models import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
