"""workbench sync: read what is new from Klaviyo, account by account."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from workbench.cli.data import JSON, ready_database
from workbench.cli.memory import give_memory_back
from workbench.cli.refreshes import refresh_bar
from workbench.cli.summaries import print_summary, summary_facts
from workbench.db import Database
from workbench.errors import (
    AccountMissing,
    DatabaseError,
    InputInvalid,
    SettingsInvalid,
    WorkbenchError,
)
from workbench.klaviyo import KlaviyoClient
from workbench.load import load_account, use_database
from workbench.refresh import refresh_facts
from workbench.settings import Settings, read_settings
from workbench.sync import (
    RESOURCES,
    Asked,
    Found,
    Progress,
    SyncSummary,
    find_account,
    sync_account,
)

__all__ = ["Failure", "Wanted", "sync", "synced", "tell"]

Moment = dt.date | dt.datetime
_NAMES = [resource.name for resource in RESOURCES]


def sync(
    resources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RESOURCE]...", help=f"All where none is named. Of: {', '.join(_NAMES)}."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Read again from this day of the account on, or this instant: 2026-01-31,"
            " 2026-01-31T12:00Z.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Up to this day or instant, without it.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read all history again, and look for what has gone.")
    ] = False,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="This account only, of those with a key.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Read what is new from Klaviyo into the database, and refresh the facts that it touches.

    The accounts are those of KLAVIYO_API_KEY (or KLAVIYO_API_KEYS, separated by commas), one after
    another; what one of them ends with does not stop the next. A sync that was stopped goes on
    where it was. It ends with 1 when an account or a stream failed.

    Example: workbench sync events --since 2026-01-01
    """
    first, last = _moment(since, option="--since"), _moment(until, option="--until")
    if unknown := [name for name in resources or () if name not in _NAMES]:
        raise typer.BadParameter(
            f"there is no resource {unknown[0]!r}; there are {', '.join(_NAMES)}"
        )
    wanted = Wanted(tuple(resources or ()), first, last, full)
    give_memory_back()
    settings = read_settings()
    if not settings.klaviyo_keys:
        raise SettingsInvalid(
            "no Klaviyo key is set",
            hint="export KLAVIYO_API_KEY=pk_... (Klaviyo: Settings > API keys), or: workbench demo",
        )
    try:
        with ready_database(settings) as opened:
            use_database(opened)
            ended = _synced_accounts(opened, settings, wanted, account=account, as_json=as_json)
    except KeyboardInterrupt:
        print("stopped; what was read is kept, and the next sync goes on there", file=sys.stderr)
        raise typer.Exit(130) from None
    tell(ended, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed; an instant is known once the account's time zone is."""

    resources: tuple[str, ...] = ()
    since: Moment | None = None
    until: Moment | None = None
    full: bool = False

    def asked(self, settings: Settings, *, timezone: str, as_of: dt.datetime) -> Asked:
        """The same to a sync of an account in that time zone, when Klaviyo's clock says ``as_of``.

        Raises:
            InputInvalid: there is nothing between since and until, or now.
        """
        since, until = _instant(self.since, timezone), _instant(self.until, timezone)
        if since and since >= min(until or as_of, as_of):
            raise InputInvalid(
                f"nothing lies between {self.since} and {self.until or 'now'}",
                hint="pass a --since that comes before --until, and before now",
            )
        return Asked(
            resources=self.resources,
            since=since,
            until=until if until and until < as_of else None,
            full=self.full,
            reread_days=settings.reread_days,
            connections=settings.sync_connections,
        )


def synced(
    opened: Database, settings: Settings, *, key: str, wanted: Wanted | None = None
) -> SyncSummary:
    """Sync the account of one key, with progress on a terminal."""
    with _client(settings, key) as client:
        return _synced(opened, settings, client, find_account(client), wanted or Wanted())


@dataclass(frozen=True, slots=True)
class Failure:
    """What kept the account of one key from being synced."""

    key_number: int
    error: WorkbenchError


def _synced_accounts(
    opened: Database, settings: Settings, wanted: Wanted, *, account: str | None, as_json: bool
) -> list[SyncSummary | Failure]:
    """Sync the accounts of all keys; what Klaviyo says to one key does not stop the others.

    Raises:
        AccountMissing: an account was asked for that no key is of.
        KlaviyoError: there is one key only, it cannot be used, and no program wants to read that.
    """
    ended: list[SyncSummary | Failure] = []
    seen: list[str] = []
    for number, key in enumerate(settings.klaviyo_keys, start=1):
        try:
            with _client(settings, key) as client:
                found = find_account(client)
                is_again, is_wanted = found.source.account_id in seen, account is None
                seen.append(found.source.account_id)
                if not is_again and (is_wanted or account == seen[-1]):
                    ended.append(_synced(opened, settings, client, found, wanted))
                    _refresh(seen[-1])
        except (DatabaseError, InputInvalid):
            raise
        except WorkbenchError as error:
            if len(settings.klaviyo_keys) == 1 and not as_json:
                raise
            ended.append(Failure(number, error))
    if account is not None and account not in seen:
        raise AccountMissing(
            f"no key is of account {account}",
            hint=f"choose one that the keys are of: {', '.join(seen) or 'none can be used'}",
        )
    return ended


def _client(settings: Settings, key: str) -> KlaviyoClient:
    return KlaviyoClient(key=key, url=settings.klaviyo_url, revision=settings.revision)


def _synced(
    opened: Database, settings: Settings, client: KlaviyoClient, found: Found, wanted: Wanted
) -> SyncSummary:
    asked = wanted.asked(settings, timezone=found.source.timezone, as_of=found.as_of)
    with Progress() as progress:
        return sync_account(
            opened, client, progress=progress, clock=time.monotonic, asked=asked, found=found
        )


def _refresh(account_id: str) -> None:
    """Refresh the facts, also after a sync in which a stream failed, but not before a first one."""
    with suppress(AccountMissing):
        account = load_account(account_id)
        with refresh_bar(account) as told:
            refresh_facts(account, told=told)


def tell(ended: list[SyncSummary | Failure], *, as_json: bool) -> None:
    """Print what was done and then what failed, and end with 1 if anything did."""
    if as_json:
        print(json.dumps([_facts(each) for each in ended], indent=2))
    errors = [told for each in ended for told in _errors(each)]
    for each in ended:
        if isinstance(each, SyncSummary) and not as_json:
            print_summary(each)
    for told in errors:
        print(told, file=sys.stderr)
    if errors:
        raise typer.Exit(1)


def _facts(ended: SyncSummary | Failure) -> dict[str, object]:
    if isinstance(ended, SyncSummary):
        return summary_facts(ended)
    return {
        "key": ended.key_number,
        "status": "failed",
        "error": ended.error.message,
        "hint": ended.error.hint,
    }


def _errors(ended: SyncSummary | Failure) -> Iterator[str]:
    """Each failure in two lines: what happened, and what to do."""
    if isinstance(ended, Failure):
        yield f"error: key {ended.key_number}: {ended.error.message}\n  try: {ended.error.hint}"
        return
    for stream, error in ended.failed.items():
        yield f"error: {stream}: {error.message}\n  try: {error.hint}"
    if ended.status == "unproven":
        yield "error: Klaviyo counts other events than are stored\n  try: workbench proof"


def _moment(text: str | None, *, option: str) -> Moment | None:
    """A day or an instant as typed."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day such as 2026-01-31 and no instant such as 2026-01-31T12:00Z",
            param_hint=option,
        ) from None


def _instant(moment: Moment | None, timezone: str) -> dt.datetime | None:
    """The first instant of a day, or the instant; in the account's time zone where none is said."""
    if moment is None:
        return None
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    try:
        return local.astimezone(dt.UTC)
    except OverflowError:
        raise InputInvalid(
            f"{moment} lies outside of the calendar", hint="pass a day such as 2026-01-31"
        ) from None
