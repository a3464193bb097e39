"""The tree of errors: as drawn, each with message and hint, whole after crossing a process."""

from __future__ import annotations

import builtins
import datetime as dt
import inspect
import pickle
import re
from typing import Any

import psycopg
import pytest

from workbench import errors
from workbench.errors import KlaviyoError, NotebookFailed, WorkbenchError

RETRY_AT = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, WorkbenchError) and cls.__module__ == errors.__name__
]


def drawn_tree() -> dict[str, str]:
    """Class -> the class it stands under in the module's drawing."""
    parents: dict[str, str] = {}
    above = ["WorkbenchError"]
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^( *(?:│   )*(?: )*[├└]─ )(\w+)", line):
            depth = (len(found[1]) - len("     ├─ ")) // 4 + 1
            above[depth:] = [found[2]]
            parents[found[2]] = above[depth - 1]
    return parents


def test_the_drawing_is_the_tree() -> None:
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES}
    assert real.pop("WorkbenchError") == "Exception"
    assert drawn_tree() == real
    assert errors.__all__ == sorted(cls.__name__ for cls in CLASSES)


def test_no_name_is_taken_already() -> None:
    ours = {cls.__name__ for cls in CLASSES}
    assert not ours & set(dir(builtins))
    # psycopg.DatabaseError is never imported by name, so that the two cannot be mixed up
    assert ours & set(dir(psycopg)) <= {"DatabaseError"}


def made(cls: type[WorkbenchError], message: str, **told: Any) -> WorkbenchError:
    if issubclass(cls, errors.QuotaExhausted):
        told |= {"retry_at": RETRY_AT}
    return cls(message, **told)


@pytest.mark.parametrize("cls", CLASSES)
def test_message_and_hint_survive_a_process_border(cls: type[WorkbenchError]) -> None:
    error = pickle.loads(pickle.dumps(made(cls, "week is 60", hint="pass 1 to 53")))
    assert type(error) is cls
    assert (error.message, error.hint) == ("week is 60", "pass 1 to 53")
    assert str(error) == "week is 60 (pass 1 to 53)"
    assert error.args == ("week is 60",)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if issubclass(cls, KlaviyoError)])
def test_what_klaviyo_answered_survives_too(cls: type[KlaviyoError]) -> None:
    error = pickle.loads(pickle.dumps(made(cls, "refused", status=403, endpoint="/api/events")))
    assert (error.status, error.endpoint) == (403, "/api/events")
    assert getattr(error, "retry_at", RETRY_AT) == RETRY_AT
    assert str(error) == "refused"


def test_what_a_cell_raised_survives_too() -> None:
    error = pickle.loads(pickle.dumps(NotebookFailed("it failed", raised="DataMissing")))
    assert error.raised == "DataMissing"
