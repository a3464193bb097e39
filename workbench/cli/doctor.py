"""workbench doctor: what is there, what is missing, and the command that mends it."""

from __future__ import annotations

import datetime as dt
import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import pandas as pd
import typer
from jupyter_client.kernelspec import KernelSpecManager
from rich.console import Console
from rich.table import Table

from workbench.cli.data import JSON, ready_database
from workbench.db import (
    Database,
    check_names,
    embedded_status,
    may_see_upkeep,
    open_database,
    pending_migrations,
    rights_told,
    run_check,
)
from workbench.db.roles import missing_roles
from workbench.db.upkeep import index_findings
from workbench.errors import InputInvalid, WorkbenchError
from workbench.klaviyo import KlaviyoClient, pages
from workbench.load import (
    MAP_REVENUE,
    Account,
    first_day_apart,
    load_account,
    load_accounts,
    load_missing_revenue,
    use_database,
)
from workbench.settings import Settings, read_settings

__all__ = ["doctor"]

_UPDATE_ZONES = "update the time zones (tzdata) of the database server and of this machine"
_NAME_CITY = "choose a time zone named by a city in Klaviyo (Europe/Berlin), then: workbench sync"
_PACKAGES = "jupyterlab papermill ipywidgets psycopg httpx pandas statsmodels prophet voila".split()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        state: "ok", "missing" (nothing works without it), "absent" (optional) or "broken" (rows
            are not as they should be).
        mend: the command that mends it.
    """

    subject: str
    state: str
    told: str
    mend: str = ""


def doctor(
    indexes: Annotated[
        bool, typer.Option("--indexes", help="Look at the database's indexes instead.")
    ] = False,
    checks: Annotated[
        bool, typer.Option("--checks", help="Look for rows that break what the data promise.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Check the installation, the database and the account; say how to mend what is missing.

    With --indexes: those of the database that are never used, redundant, broken or missing.
    With --checks: whether rows hang together, which reads every event.

    Example: workbench doctor
    """
    settings = read_settings()
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _installation,
        _database,
        _klaviyo,
    )
    if indexes:
        looks = (_indexes,)
    if checks:
        looks = (_checks,)
    findings = [finding for look in looks for finding in look(settings)]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        table = Table()
        for heading in ("", "state", "what", "mend it with"):
            table.add_column(heading)
        for finding in findings:
            table.add_row(finding.subject, finding.state, finding.told, finding.mend)
        Console().print(table)
    if any(finding.state in {"missing", "broken"} for finding in findings):
        raise typer.Exit(1)


def _installation(settings: Settings) -> Iterator[Finding]:
    yield Finding("Python", "ok", platform.python_version())
    found, lost = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lost.append(name)
    yield Finding("packages", "ok", ", ".join(found))
    if lost:
        yield Finding("packages", "missing", ", ".join(lost), "make setup")
    has_kernel = "workbench" in KernelSpecManager().find_kernel_specs()
    yield Finding(
        "kernel",
        "ok" if has_kernel else "missing",
        "workbench" if has_kernel else "Jupyter does not find the kernel workbench",
        "" if has_kernel else "make setup",
    )
    folder = settings.project_dir / "notebooks"
    yield Finding(
        "notebooks",
        "ok" if folder.is_dir() else "missing",
        f"{len(list(folder.glob('**/*.ipynb')))} in {folder}",
        "" if folder.is_dir() else "cd to the project, or set WORKBENCH_PROJECT_DIR",
    )


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None and embedded_status(settings.data_dir).url is None:
        told = "embedded PostgreSQL, not started: the next command that needs it starts it"
        yield Finding("database", "absent", told, "workbench demo, or workbench sync")
        return
    try:
        with open_database(settings) as opened, rights_told():
            told = f"{opened.label}, {opened.edition.value}"
            if opened.timescaledb_version:
                told += f" {opened.timescaledb_version} on PostgreSQL {opened.server_version}"
            yield Finding("database", "ok", told)
            schema = _schema(opened)
            yield schema
            if schema.state == "missing":
                return
            yield _roles(opened)
            use_database(opened)
            yield from _accounts()
    except WorkbenchError as error:
        yield Finding("database", "missing", error.message, error.hint)


def _schema(opened: Database) -> Finding:
    if not may_see_upkeep(opened):
        told = "this login sees accounts and their numbers, not migrations, syncs and runs"
        return Finding("schema", "absent", told, "connect as a writer or owner to see them")
    if behind := pending_migrations(opened):
        told = f"{len(behind)} migrations pending"
        return Finding("schema", "missing", told, "workbench migrate")
    return Finding("schema", "ok", "up to date")


def _roles(opened: Database) -> Finding:
    if missing := missing_roles(opened):
        told = f"the server lacks {', '.join(missing)}"
        return Finding("roles", "absent", told, "workbench roles says what an administrator runs")
    return Finding("roles", "ok", "reader, analyst, writer, owner")


def _accounts() -> Iterator[Finding]:
    accounts = load_accounts()
    for _, row in accounts.iterrows():
        simulated = ", simulated" if row.is_simulated else ""
        until = "" if pd.isna(row.as_of) else f"synced up to {row.as_of:%Y-%m-%d %H:%M} UTC"
        told = f"{row.account_id} {row['name']} ({row.timezone}, {row.currency}{simulated}) {until}"
        yield Finding("account", "ok", told.strip())
    if accounts.empty:
        yield Finding("account", "absent", "none synced yet", "workbench sync, or workbench demo")
    for _, row in load_missing_revenue().iterrows():
        told = f"that of {row.account_id} is not known: {row.reason}"
        yield Finding("revenue", "absent", told, MAP_REVENUE)
    for account_id in accounts.account_id[accounts.as_of.notna()]:
        yield from _zone(load_account(account_id))


def _zone(account: Account) -> Iterator[Finding]:
    try:
        apart = first_day_apart(account)
    except InputInvalid as error:
        yield Finding(
            "time zone", "broken", f"{account.account_id}: {error.message}", _UPDATE_ZONES
        )
        return
    if apart is not None:
        told = (
            f"{account.account_id}: {apart} begins at another instant in the database than here,"
            f" by their rules of {account.timezone}"
        )
        # the server takes an abbreviation for an offset that knows no summer
        mend = _UPDATE_ZONES if "/" in account.timezone else _NAME_CITY
        yield Finding("time zone", "broken", told, mend)


def _indexes(settings: Settings) -> Iterator[Finding]:
    with ready_database(settings) as opened:
        found = index_findings(opened, now=dt.datetime.now(dt.UTC))
    for each in found:
        size = "" if each.bytes is None else f" ({each.bytes / 1024:,.0f} kB)"
        told = f"{each.kind}: {each.index or 'an index'}{size} {each.told}"
        yield Finding(each.table, "absent", told, each.mend)
    if not found:
        yield Finding("indexes", "ok", "all are used, and none is missed")


def _checks(settings: Settings) -> Iterator[Finding]:
    with ready_database(settings) as opened:
        for name in check_names():
            found = run_check(opened, name)
            if not found.count:
                yield Finding(name, "ok", found.promise)
                continue
            examples = "; ".join(
                ", ".join(f"{column} {value}" for column, value in row.items())
                for row in found.examples
            )
            told = f"{found.count:,} rows break this: {found.promise} Such as: {examples}"
            yield Finding(name, "broken", told, found.mend)


def _klaviyo(settings: Settings) -> Iterator[Finding]:
    if not settings.klaviyo_keys:
        mend = "export KLAVIYO_API_KEY=pk_..."
        yield Finding("Klaviyo", "absent", "no key is set", mend)
    for number, key in enumerate(settings.klaviyo_keys, start=1):
        try:
            with KlaviyoClient(
                key=key, url=settings.klaviyo_url, revision=settings.revision
            ) as client:
                found = next(pages(client, "/api/accounts")).data
            ids = ", ".join(account["id"] for account in found)
            told = (
                f"key {number} opens {ids} at {settings.klaviyo_url}, revision {settings.revision}"
            )
            yield Finding("Klaviyo", "ok", told)
        except WorkbenchError as error:
            yield Finding("Klaviyo", "missing", f"key {number}: {error.message}", error.hint)
