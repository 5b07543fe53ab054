"""What Alembic runs: the migrations, on the connection and in the transaction that `store.database` opened."""

from alembic import context

from foretell.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
