"""workbench roles: which login may read which accounts."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from workbench.cli.data import JSON, ready_database
from workbench.db import Database
from workbench.db.roles import (
    Login,
    Role,
    grant_access,
    known_logins,
    make_login,
    missing_roles,
    renew_access,
    revoke_access,
    setup_statements,
)
from workbench.errors import InputInvalid
from workbench.settings import read_settings

__all__ = ["roles"]


class Action(StrEnum):
    """What to do."""

    list = "list"
    grant = "grant"
    revoke = "revoke"
    renew = "renew"


def roles(
    action: Annotated[
        Action, typer.Argument(help="list, grant, revoke, or renew: set all rights anew")
    ] = Action.list,
    login: Annotated[str, typer.Argument(help="The login of the database.")] = "",
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.reader,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="An account it may read; repeat it, or '*' for all."),
    ] = None,
    new_login: Annotated[
        bool, typer.Option("--new-login", help="Make the login, and print the URL it uses.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Show, give and take who may read which accounts.

    A reader sees facts and forecasts, an analyst also what Klaviyo said, both without anything that
    identifies a person; a writer syncs and refreshes, an owner does everything.

    Example: workbench roles grant ada --role reader --account AbC123 --new-login
    """
    if action in {Action.grant, Action.revoke} and not login:
        raise InputInvalid(f"{action} whom?", hint=f"workbench roles {action} LOGIN")
    with ready_database(read_settings()) as opened:
        match action:
            case Action.grant:
                url = make_login(opened, login) if new_login else ""
                grant_access(opened, login, role=role, accounts=account or ())
                print(url or f"{login} is a {role}")
                _warn(opened, login)
            case Action.revoke:
                revoke_access(opened, login, accounts=account or ())
            case Action.renew:
                renew_access(opened)
            case Action.list:
                _show(opened, as_json=as_json)


def _show(database: Database, *, as_json: bool) -> None:
    logins = known_logins(database)
    lines = setup_statements(database) if missing_roles(database) else []
    if as_json:
        told = {"logins": [asdict(login) for login in logins], "setup": lines}
        print(json.dumps(told, indent=2))
    else:
        Console().print(_table(logins))
    if lines:
        if not as_json:
            print("The server lacks roles, which this user may not make. An administrator runs")
            print("\n".join(f"    {line}" for line in lines))
            print("and then whoever owns the database: workbench roles renew")
        raise typer.Exit(1)


def _warn(database: Database, login: str) -> None:
    for known in known_logins(database):
        if known.login == login and (remark := _remark(known)):
            print(f"{login}: {remark}", file=sys.stderr)


def _table(logins: list[Login]) -> Table:
    table = Table()
    for heading in ("login", "role", "accounts", ""):
        table.add_column(heading)
    for known in logins:
        accounts = "all" if known.accounts is None else ", ".join(known.accounts)
        table.add_row(known.login, known.role or "none", accounts or "none", _remark(known))
    return table


def _remark(known: Login) -> str:
    if not known.is_known:
        return "no such login"
    if known.role in {Role.reader, Role.analyst} and not known.has_limits:
        return "without limits: an administrator runs select ops.limit_logins()"
    return ""
