"""PostgreSQL: connect, the embedded server, editions, migrations, statements, frames in and out.

The only room that knows psycopg. Everything else opens a Database and names a file under sql/:

    with open_database(read_settings()) as database:
        require_schema(database)
        daily = read_frame(database, "reads/metric_daily", {"since": since})
"""

from workbench.db.connect import Database, Edition, open_database
from workbench.db.copying import copy_frame, copy_lines, copy_new_lines, copy_rows
from workbench.db.embedded import EmbeddedStatus, embedded_status, start_embedded, stop_embedded
from workbench.db.frames import read_frame
from workbench.db.gone import mark_gone, rows_not_met, unmark_gone
from workbench.db.merge import Merged, merge_rows, staging_table
from workbench.db.migrations import migrate, pending_migrations, require_schema
from workbench.db.sparing import store_sparing
from workbench.db.statements import statement

__all__ = [
    "Database",
    "Edition",
    "EmbeddedStatus",
    "Merged",
    "copy_frame",
    "copy_lines",
    "copy_new_lines",
    "copy_rows",
    "embedded_status",
    "mark_gone",
    "merge_rows",
    "migrate",
    "open_database",
    "pending_migrations",
    "read_frame",
    "require_schema",
    "rows_not_met",
    "staging_table",
    "start_embedded",
    "statement",
    "stop_embedded",
    "store_sparing",
    "unmark_gone",
]
