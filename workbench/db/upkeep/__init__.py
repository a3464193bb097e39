"""The upkeep of a database: what goes by age, what is left over, vacuum, chunks, and a report.

``planned_jobs`` looks and changes nothing; ``run_job`` does one of what it found. Both need the
connection of ``upkeep_session``, which one process holds at a time. Syncs and refreshes go on
beside it: no job waits longer than half a second for a lock, and none holds one on the events for
longer than a batch.
"""

from workbench.db.upkeep.indexes import IndexFinding, index_findings
from workbench.db.upkeep.jobs import Job, Outcome, Plan, run_job, upkeep_session
from workbench.db.upkeep.planning import TASKS, planned_jobs
from workbench.db.upkeep.report import SlowQueries, slow_queries

__all__ = [
    "TASKS",
    "IndexFinding",
    "Job",
    "Outcome",
    "Plan",
    "SlowQueries",
    "index_findings",
    "planned_jobs",
    "run_job",
    "slow_queries",
    "upkeep_session",
]
