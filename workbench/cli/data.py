"""workbench migrate, database: look after the place where data is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from workbench.db import (
    Database,
    embedded_status,
    open_database,
    pending_migrations,
    require_schema,
    rights_told,
    stop_embedded,
)
from workbench.db import migrate as migrate_database
from workbench.errors import SettingsInvalid
from workbench.settings import Settings, read_settings

__all__ = ["JSON", "database", "migrate", "ready_database"]

JSON = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@contextmanager
def ready_database(settings: Settings) -> Iterator[Database]:
    """The database, open and of this version.

    The embedded one belongs to this workbench alone and is brought up to date in passing; any
    other may serve more than us, and only ``workbench migrate`` changes it.

    Raises:
        RightMissing: the login may not do what the block asks of it.
    """
    with open_database(settings) as opened, rights_told():
        if settings.database_url is None:
            migrate_database(opened)
        require_schema(opened)
        yield opened


def migrate() -> None:
    """Create the tables, or bring them up to this version.

    Example: WORKBENCH_DATABASE_URL=postgresql://user@host/name workbench migrate
    """
    with open_database(read_settings()) as opened, rights_told():
        applied = migrate_database(opened)
        print(f"{opened.label} ({opened.edition.value}): ", end="")
        print(f"applied {', '.join(applied)}" if applied else "nothing to do")


class Action(StrEnum):
    """What to do with the embedded database."""

    status = "status"
    stop = "stop"
    url = "url"


def database(
    action: Annotated[Action, typer.Argument(help="status, stop or url")] = Action.status,
) -> None:
    """Look at, or stop, the embedded database.

    It stays up when a command ends, so that the next one is quick.

    Example: psql "$(workbench database url)"
    """
    settings = read_settings()
    if settings.database_url is not None and action is not Action.status:
        raise SettingsInvalid(
            "WORKBENCH_DATABASE_URL names another database", hint="unset it to use the embedded one"
        )
    if settings.database_url is not None:
        with open_database(settings) as opened, rights_told():
            behind = pending_migrations(opened)
            print(f"{opened.label}, {opened.edition.value}, {len(behind)} migrations pending")
        return
    status = embedded_status(settings.data_dir)
    if action is Action.stop:
        print("stopped" if stop_embedded(settings.data_dir) else "was not running")
    elif status.url is None:
        print("not running: the next command that needs it starts it")
    else:
        # the address is asked for to be used: it holds the password of this data folder only
        print(status.url if action is Action.url else f"running, process {status.pid}")
