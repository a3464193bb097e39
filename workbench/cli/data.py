"""workbench sync, migrate, database: bring data in, and look after the place it is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from workbench.db import (
    Database,
    embedded_status,
    open_database,
    pending_migrations,
    require_schema,
    stop_embedded,
)
from workbench.db import migrate as migrate_database
from workbench.errors import SettingsInvalid
from workbench.klaviyo import KlaviyoClient
from workbench.load import load_account, use_database
from workbench.settings import Settings, read_settings
from workbench.store import refresh_facts
from workbench.sync import Asked, Progress, SyncSummary, sync_account

__all__ = ["database", "migrate", "print_summary", "ready_database", "sync", "synced"]

JSON = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def sync(as_json: JSON = False) -> None:
    """Read what is new from Klaviyo into the database, and refresh the facts that it touches.

    The accounts are those of KLAVIYO_API_KEY (or KLAVIYO_API_KEYS, separated by commas). A sync
    that was stopped goes on where it was.

    Example: KLAVIYO_API_KEY=pk_... workbench sync
    """
    settings = read_settings()
    if not settings.klaviyo_keys:
        raise SettingsInvalid(
            "no Klaviyo key is set",
            hint="export KLAVIYO_API_KEY=pk_... (Klaviyo: Settings > API keys), or: workbench demo",
        )
    with ready_database(settings) as opened:
        use_database(opened)
        summaries = []
        for key in settings.klaviyo_keys:
            summaries.append(synced(opened, settings, key=key))
            refresh_facts(load_account(summaries[-1].account_id))
    if as_json:
        print(json.dumps([_summary(summary) for summary in summaries], indent=2))
        return
    for summary in summaries:
        print_summary(summary)


def synced(opened: Database, settings: Settings, *, key: str) -> SyncSummary:
    """Sync the account of one key, with progress on a terminal."""
    with (
        KlaviyoClient(key=key, url=settings.klaviyo_url, revision=settings.revision) as client,
        Progress() as progress,
    ):
        return sync_account(
            opened,
            client,
            progress=progress,
            clock=time.monotonic,
            asked=Asked(connections=settings.sync_connections, reread_days=settings.reread_days),
        )


def print_summary(summary: SyncSummary) -> None:
    """The streams of a sync as a table."""
    table = Table(title=f"Account {summary.account_id}, up to {summary.as_of:%Y-%m-%d %H:%M} UTC")
    for heading in ("stream", "read", "new", "changed"):
        table.add_column(heading, justify="left" if heading == "stream" else "right")
    for name, count in summary.streams.items():
        table.add_row(name, f"{count.read:,}", f"{count.new:,}", f"{count.changed:,}")
    Console().print(table)
    for stream, reason in summary.refused.items():
        print(f"left out: {stream}: {reason}")
    total = summary.total
    print(
        f"{total.new:,} new and {total.changed:,} changed of {total.read:,} rows read,"
        f" {summary.requests:,} requests, {summary.seconds:.1f} s"
    )


def _summary(summary: SyncSummary) -> dict[str, object]:
    return {
        "run_id": summary.run_id,
        "account_id": summary.account_id,
        "as_of": summary.as_of.isoformat(),
        "streams": {
            name: {"read": count.read, "new": count.new, "changed": count.changed}
            for name, count in summary.streams.items()
        },
        "refused": summary.refused,
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
    }


@contextmanager
def ready_database(settings: Settings) -> Iterator[Database]:
    """The database, open and of this version.

    The embedded one belongs to this workbench alone and is brought up to date in passing; any
    other may serve more than us, and only ``workbench migrate`` changes it.
    """
    with open_database(settings) as opened:
        if settings.database_url is None:
            migrate_database(opened)
        require_schema(opened)
        yield opened


def migrate() -> None:
    """Create the tables, or bring them up to this version.

    Example: WORKBENCH_DATABASE_URL=postgresql://user@host/name workbench migrate
    """
    with open_database(read_settings()) as opened:
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
        with open_database(settings) as opened:
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
