"""PostgreSQL: connect, the embedded server, editions, migrations, statements, frames in and out.

The only room that knows psycopg. Everything else opens a Database and names a file under sql/:

    with open_database(read_settings()) as database:
        require_schema(database)
        daily = read_frame(database, "reads/metric_daily", {"since": since})
"""

from workbench.db.asking import Answer, ask, ask_arrow
from workbench.db.caching import ResultCache
from workbench.db.checks import CheckResult, check_names, run_check
from workbench.db.connect import Database, Edition, open_database
from workbench.db.copying import copy_frame, copy_lines, copy_new_lines, copy_rows
from workbench.db.dictionary import Column, Relation, dictionary_text, read_dictionary
from workbench.db.digests import Digest, digest_of, digests_by_part, relations_of
from workbench.db.editions import (
    ChunkPlan,
    MovedUp,
    chunk_plan,
    move_up,
    refresh_aggregates,
    set_chunk_interval,
    wanted_chunk_days,
)
from workbench.db.embedded import EmbeddedStatus, embedded_status, start_embedded, stop_embedded
from workbench.db.emptying import empty_table
from workbench.db.frames import read_frame, read_frames
from workbench.db.gone import mark_gone, rows_not_met, unmark_gone
from workbench.db.merge import Merged, insert_frame, merge_rows, staging_table
from workbench.db.migrations import migrate, pending_migrations, require_schema
from workbench.db.moving import CopiedTable, Told, copy_database, count_rows
from workbench.db.rights import may_see_upkeep, rights_told
from workbench.db.sparing import store_sparing
from workbench.db.statements import statement

__all__ = [
    "Answer",
    "CheckResult",
    "ChunkPlan",
    "Column",
    "CopiedTable",
    "Database",
    "Digest",
    "Edition",
    "EmbeddedStatus",
    "Merged",
    "MovedUp",
    "Relation",
    "ResultCache",
    "Told",
    "ask",
    "ask_arrow",
    "check_names",
    "chunk_plan",
    "copy_database",
    "copy_frame",
    "copy_lines",
    "copy_new_lines",
    "copy_rows",
    "count_rows",
    "dictionary_text",
    "digest_of",
    "digests_by_part",
    "embedded_status",
    "empty_table",
    "insert_frame",
    "mark_gone",
    "may_see_upkeep",
    "merge_rows",
    "migrate",
    "move_up",
    "open_database",
    "pending_migrations",
    "read_dictionary",
    "read_frame",
    "read_frames",
    "refresh_aggregates",
    "relations_of",
    "require_schema",
    "rights_told",
    "rows_not_met",
    "run_check",
    "set_chunk_interval",
    "staging_table",
    "start_embedded",
    "statement",
    "stop_embedded",
    "store_sparing",
    "unmark_gone",
    "wanted_chunk_days",
]
