"""A job of the upkeep: how it is planned, run beside others, and recorded in ops.maintenance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from workbench.db.connect import Database
from workbench.db.statements import statement
from workbench.errors import MaintenanceRunning

__all__ = ["Job", "Outcome", "Plan", "in_batch", "run_job", "upkeep_session", "value_of"]

_Connection = psycopg.Connection[tuple[Any, ...]]
_Result = TypeVar("_Result")

_BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)
_TRIES = 6
_PAUSE_SECONDS = 0.5
# shorter than the second after which a server looks for deadlocks: who waits for us gets on
_SESSION = """
set lock_timeout = '500ms';
set statement_timeout = 0;
set idle_session_timeout = 0;
set application_name = 'workbench maintain'
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to be done to the database.

    Attributes:
        task: one of TASKS.
        subject: what it is done to: a table, or an account and a class.
        told: what it does, in words.
        count_rows: rows that it will delete or mend; None where it has none.
        work: does it; yields the rows of each batch as it is committed.
    """

    task: str
    subject: str
    told: str
    count_rows: int | None
    work: Callable[[_Connection], Iterator[int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do, and what cannot be done now, each with its reason."""

    jobs: tuple[Job, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.jobs + other.jobs, self.notes + other.notes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: status as in ops.maintenance, rows, and why where it was skipped."""

    status: str
    count_rows: int | None
    told: str
    seconds: float


@contextmanager
def upkeep_session(database: Database) -> Iterator[_Connection]:
    """A connection of its own, outside of any transaction, that holds the lock of the upkeep.

    Raises:
        MaintenanceRunning: another process holds it.
    """
    with database.apart() as connection:
        connection.execute(_SESSION)
        if not value_of(connection, "writes/maintain/lock_maintenance"):
            raise MaintenanceRunning(
                f"another upkeep of {database.label} is at work",
                hint="wait for it, or stop it; what it has done stays",
            )
        try:
            connection.execute(statement("writes/maintain/create_credited_event"))
            yield connection
        finally:
            # the server notices the end of a connection later than who begins the next upkeep
            if not connection.closed:
                connection.execute(statement("writes/maintain/unlock_maintenance"))


def run_job(
    connection: _Connection, job: Job, *, advance: Callable[[int], None] = lambda _: None
) -> Outcome:
    """Do a job and record it; one that others stand in the way of is skipped.

    Args:
        connection: of an upkeep_session.
        job: what to do.
        advance: told of the rows of each batch.
    """
    connection.execute(statement("writes/maintain/fail_dead_maintenance"))
    about = {"task": job.task, "subject": job.subject}
    number = value_of(connection, "writes/maintain/begin_maintenance", about)
    began, rows = time.monotonic(), 0
    status, told = "done", job.told
    try:
        for count in job.work(connection):
            rows += count
            advance(count)
    except _BUSY:
        status, told = "skipped", "something else is at work on it: run it again later"
    except psycopg.Error as error:
        _end(connection, number, "failed", rows, type(error).__name__)
        raise
    count_rows = None if job.count_rows is None else rows
    _end(connection, number, status, count_rows, told)
    return Outcome(status, count_rows, told, time.monotonic() - began)


def in_batch(connection: _Connection, work: Callable[[], _Result]) -> _Result:
    """What ``work`` gives in a short transaction, tried again while others hold its rows."""
    for _ in range(_TRIES - 1):
        try:
            with connection.transaction():
                return work()
        except _BUSY:
            time.sleep(_PAUSE_SECONDS)
    with connection.transaction():
        return work()


def value_of(connection: _Connection, path: str, params: dict[str, Any] | None = None) -> Any:
    """The one value that a statement gives."""
    row = connection.execute(statement(path), params).fetchone()
    return row[0] if row else None


def _end(
    connection: _Connection, number: int, status: str, count_rows: int | None, told: str
) -> None:
    connection.execute(
        statement("writes/maintain/end_maintenance"),
        {"maintenance_id": number, "status": status, "count_rows": count_rows, "told": told},
    )
