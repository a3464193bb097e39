"""Everything the workbench can refuse or fail at, as one tree.

    WorkbenchError
     ├─ SettingsInvalid            an environment variable or workbench.toml entry cannot be used
     ├─ KlaviyoError
     │   ├─ KlaviyoRefused         asking again changes nothing (400, 404, 405, 409, 415)
     │   │   ├─ KeyRejected        the private key is missing, wrong or revoked (401)
     │   │   ├─ ScopeMissing       the key lacks a scope; only that stream stops (403)
     │   │   ├─ CursorExpired      a page's cursor is no longer good; begin again (400)
     │   │   ├─ RevisionRetired    the pinned API revision is no longer served (410)
     │   │   └─ WriteForbidden     a request that could change the account; it was not sent
     │   └─ KlaviyoUnavailable     retried and still failing (429, 5xx, connection, broken body)
     │       └─ QuotaExhausted     the day's calls are used up; it says when it goes on (429)
     ├─ DatabaseError
     │   ├─ DatabaseUnavailable    no server answers, or it answers but cannot be used
     │   ├─ DatabaseOutdated       the schema is older or newer than this code
     │   ├─ MigrationFailed        a migration was rolled back
     │   ├─ RightMissing           this user of the database may not do that
     │   ├─ CopyDiffers            a copied table is not equal to its source
     │   └─ RestoreDiffers         what was restored is not what was dumped; it was removed
     ├─ DataMissing
     │   └─ AccountMissing         nothing synced yet, or no such account
     ├─ SyncRunning                another sync of the same account is at work
     ├─ MaintenanceRunning         another upkeep of the same database is at work
     ├─ ContractBroken             a frame lacks a column its reader was promised
     ├─ NotAdditive                a unique, a rate or two currencies would have been summed
     ├─ ModelFailed                a forecast model did not converge; another one may
     ├─ WorkFailed                 a piece of work that was handed to other processes failed
     ├─ RunError
     │   ├─ NotebookMissing        no notebook of that name
     │   ├─ ParameterInvalid       unknown parameter or wrong type; no kernel was started
     │   └─ NotebookFailed         a cell raised; the run is kept and recorded as failed
     ├─ QueryInvalid               a statement of an analyst is wrong, would write, or is slow
     ├─ InputInvalid               a file or argument given by the user cannot be used
     └─ PortTaken                  another process listens where a server was to start

A caller that wants to catch "anything the workbench says" catches WorkbenchError; the command line
prints its message and its hint and exits with 1.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

__all__ = [
    "AccountMissing",
    "ContractBroken",
    "CopyDiffers",
    "CursorExpired",
    "DataMissing",
    "DatabaseError",
    "DatabaseOutdated",
    "DatabaseUnavailable",
    "InputInvalid",
    "KeyRejected",
    "KlaviyoError",
    "KlaviyoRefused",
    "KlaviyoUnavailable",
    "MaintenanceRunning",
    "MigrationFailed",
    "ModelFailed",
    "NotAdditive",
    "NotebookFailed",
    "NotebookMissing",
    "ParameterInvalid",
    "PortTaken",
    "QueryInvalid",
    "QuotaExhausted",
    "RestoreDiffers",
    "RevisionRetired",
    "RightMissing",
    "RunError",
    "ScopeMissing",
    "SettingsInvalid",
    "SyncRunning",
    "WorkFailed",
    "WorkbenchError",
    "WriteForbidden",
]


class WorkbenchError(Exception):
    """Base of the tree: what happened, with the value, and what to do next.

    Args:
        message: what happened; holds the offending value, never a secret or an e-mail address.
        hint: the next command to type or line to edit.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # errors cross process borders (runner, workers) and must arrive whole
        return (_rebuilt, (type(self), self.message, dict(self.__dict__)))


def _rebuilt(cls: type[WorkbenchError], message: str, state: dict[str, object]) -> WorkbenchError:
    error = cls.__new__(cls, message)  # what else it was made with is in its state
    error.__dict__.update(state)
    return error


class SettingsInvalid(WorkbenchError):
    """An environment variable or an entry of workbench.toml cannot be used."""


class KlaviyoError(WorkbenchError):
    """Klaviyo answered with an error, or did not answer."""

    def __init__(
        self, message: str, *, hint: str = "", status: int | None = None, endpoint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.endpoint = endpoint


class KlaviyoRefused(KlaviyoError):
    """Asking again changes nothing: the request itself was refused."""


class KeyRejected(KlaviyoRefused):
    """The private key is missing, wrong or revoked."""


class ScopeMissing(KlaviyoRefused):
    """The key lacks a scope.

    Args:
        scopes: those that it lacks, such as ``"forms:read"``; empty when Klaviyo does not say.
        told: message, hint, status and endpoint.
    """

    def __init__(self, message: str, *, scopes: tuple[str, ...] = (), **told: Any) -> None:
        super().__init__(message, **told)
        self.scopes = scopes


class CursorExpired(KlaviyoRefused):
    """The cursor of a page is no longer good: what it led through must be begun again."""


class RevisionRetired(KlaviyoRefused):
    """The pinned API revision is no longer served."""


class WriteForbidden(KlaviyoRefused):
    """A request that could change the account; it was not sent."""


class KlaviyoUnavailable(KlaviyoError):
    """Retried, and still failing."""


class QuotaExhausted(KlaviyoUnavailable):
    """The calls of a day are used up.

    Args:
        retry_at: when there will be new ones, by Klaviyo's clock, UTC.
        told: message, hint, status and endpoint.
    """

    def __init__(self, message: str, *, retry_at: dt.datetime, **told: Any) -> None:
        super().__init__(message, **told)
        self.retry_at = retry_at


class DatabaseError(WorkbenchError):
    """The database cannot do what was asked."""


class DatabaseUnavailable(DatabaseError):
    """No server answers, or it answers but cannot be used."""


class DatabaseOutdated(DatabaseError):
    """The schema is older or newer than this code."""


class MigrationFailed(DatabaseError):
    """A migration was rolled back; the database is as it was before it."""


class RightMissing(DatabaseError):
    """This user of the database may not do that."""


class CopyDiffers(DatabaseError):
    """A table that was copied is not equal to its source."""


class RestoreDiffers(DatabaseError):
    """What was restored is not what was dumped; it was removed again."""


class DataMissing(WorkbenchError):
    """What was asked for is not in the database."""


class AccountMissing(DataMissing):
    """Nothing synced yet, or no account of that id."""


class SyncRunning(WorkbenchError):
    """Another sync of the same account is at work."""


class MaintenanceRunning(WorkbenchError):
    """Another upkeep of the same database is at work."""


class ContractBroken(WorkbenchError):
    """A frame lacks a column, or has it in another type, than its reader was promised."""


class NotAdditive(WorkbenchError):
    """A unique count, a rate, or two currencies would have been summed."""


class ModelFailed(WorkbenchError):
    """A forecast model did not converge or gave no finite number; another one may."""


class WorkFailed(WorkbenchError):
    """A piece of work that was handed to other processes failed; the message begins with which."""


class RunError(WorkbenchError):
    """A notebook could not be run."""


class NotebookMissing(RunError):
    """No notebook of that name."""


class ParameterInvalid(RunError):
    """An unknown parameter, or one of the wrong type; no kernel was started."""


class NotebookFailed(RunError):
    """A cell raised; the run is kept and recorded as failed.

    Args:
        message: what happened.
        hint: where to look.
        raised: class of what the cell raised, such as ``"DataMissing"``; empty when the kernel
            died or took too long.
    """

    def __init__(self, message: str, *, hint: str = "", raised: str = "") -> None:
        super().__init__(message, hint=hint)
        self.raised = raised


class QueryInvalid(WorkbenchError):
    """A statement that an analyst wrote is wrong, would write, or takes too long."""


class InputInvalid(WorkbenchError):
    """A file or an argument given by the user cannot be used."""


class PortTaken(WorkbenchError):
    """Another process listens where a server was to start."""
