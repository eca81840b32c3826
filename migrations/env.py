"""Run by Alembic for `nvr.store.schema`, which gives the connection to work on."""

from alembic import context

from nvr.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change a table in place: batches copy it.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
