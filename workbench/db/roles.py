"""Who may read what: logins, the role each holds, and the accounts it sees.

Four roles that nobody logs in as hold the rights, which sql/access gives them:

    workbench_reader   facts and forecasts of its accounts; nothing of a person, nothing raw
    workbench_analyst  also what Klaviyo said of them, without e-mail, phone, names and payloads
    workbench_writer   everything that syncs and refreshes write
    workbench_owner    everything, and who may read what

A login holds one of them. Of a reader and an analyst ops.account_access says which accounts it
sees, and row security holds every query to them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier, Literal

from workbench.db.connect import Database
from workbench.db.migrations import migrate
from workbench.db.statements import statement
from workbench.errors import InputInvalid, RightMissing

__all__ = [
    "EVERY_ACCOUNT",
    "Login",
    "Role",
    "grant_access",
    "known_logins",
    "make_login",
    "missing_roles",
    "renew_access",
    "revoke_access",
    "setup_statements",
]

EVERY_ACCOUNT = "*"
_LIMITS = (
    "statement_timeout",
    "work_mem",
    "idle_in_transaction_session_timeout",
    "default_transaction_read_only",
)


class Role(StrEnum):
    """What a login may do."""

    reader = "reader"
    analyst = "analyst"
    writer = "writer"
    owner = "owner"

    @property
    def reads_all(self) -> bool:
        return self in {Role.writer, Role.owner}

    @property
    def group(self) -> Identifier:
        return Identifier(f"workbench_{self}")


@dataclass(frozen=True, slots=True)
class Login:
    """A login, or a name that accounts were given to.

    Attributes:
        login: its name.
        role: reader, analyst, writer or owner; None where it holds none.
        accounts: that it may read, ``"*"`` for all; None where its role reads all.
        is_known: whether the server has a role of that name.
        has_limits: whether the limits of a reader or an analyst are set.
    """

    login: str
    role: str | None
    accounts: list[str] | None
    is_known: bool
    has_limits: bool


def known_logins(database: Database) -> list[Login]:
    """Every login that holds a role, and every name that accounts were given to."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(Login)) as cursor,
    ):
        return cursor.execute(statement("reads/roles/logins"), {}).fetchall()


def missing_roles(database: Database) -> list[str]:
    """Which of the four roles the server lacks."""
    with database.connection() as connection:
        rows = connection.execute(statement("reads/roles/missing")).fetchall()
    return [name for (name,) in rows]


def setup_statements(database: Database) -> list[str]:
    """What an administrator runs where the owner of the database may not make roles."""
    with database.connection() as connection:
        made = [f"create role {name} nologin;" for name in missing_roles(database)]
        given = SQL("grant {roles} to {owner} with admin option;").format(
            roles=SQL(", ").join(role.group for role in Role),
            owner=Identifier(connection.info.user),
        )
        return [*made, given.as_string(connection)]


def renew_access(database: Database) -> None:
    """Set roles and rights anew, as after an administrator has made the roles.

    Raises:
        MigrationFailed: this login does not own the schemas.
    """
    with database.connection() as connection:
        connection.execute(statement("writes/roles/forget_access"))
    migrate(database)


def make_login(database: Database, login: str) -> str:
    """Make a login with a password of its own; returns the URL it connects with.

    The password is sent as what the server keeps of it, so that no log of the server has it.

    Raises:
        InputInvalid: there is such a role already.
        RightMissing: this user may not make logins.
    """
    password = secrets.token_urlsafe(24)
    make = SQL("create role {login} login password {kept}")
    with database.connection() as connection, _told(f"make the login {login}"):
        kept = connection.pgconn.encrypt_password(
            password.encode(), login.encode(), b"scram-sha-256"
        )
        try:
            connection.execute(make.format(login=Identifier(login), kept=Literal(kept.decode())))
        except psycopg.errors.DuplicateObject:
            raise InputInvalid(
                f"there is a login {login} already", hint="leave --new-login out, or take another"
            ) from None
        at = connection.info
        return f"postgresql://{quote(login)}:{password}@{at.host}:{at.port}/{quote(at.dbname)}"


def grant_access(
    database: Database, login: str, *, role: Role, accounts: Sequence[str] = ()
) -> None:
    """Give a login a role, in place of the one it held, and accounts beside those it had.

    A user who may not set the limits of the login leaves it without: known_logins says so.

    Args:
        database: connected as its owner.
        login: exists.
        role: what it may do.
        accounts: ids, or EVERY_ACCOUNT, for a reader or an analyst; none for the others.

    Raises:
        InputInvalid: no such login or account, or accounts where the role reads all.
        RightMissing: this user may not grant the role.
    """
    _refuse_accounts(database, role, accounts)
    with database.connection() as connection, _told(f"make {login} a {role}"):
        _require_login(connection, login)
        for other in set(Role) - {role}:
            _take_role(connection, login, other)
        if not _holds(connection, login, role):
            give = SQL("grant {role} to {login}")
            connection.execute(give.format(role=role.group, login=Identifier(login)))
            _record(connection, "grant", login, role)
        given = {"login": login, "accounts": list(accounts)}
        connection.execute(statement("writes/roles/give_accounts"), given)
        connection.execute(statement("writes/roles/limit_logins"))


def revoke_access(database: Database, login: str, *, accounts: Sequence[str] = ()) -> None:
    """Take accounts from a login; without accounts its role and all of them.

    It counts from the next query on, also in sessions that are open.

    Raises:
        RightMissing: this user may not revoke the role.
    """
    taken = {"login": login, "accounts": list(accounts) or None}
    with database.connection() as connection, _told(f"take what {login} holds"):
        connection.execute(statement("writes/roles/take_accounts"), taken)
        if accounts or not _exists(connection, login):
            return
        for role in Role:
            _take_role(connection, login, role)
        # who may not set limits has set none
        with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
            _take_limits(connection, login)


def _take_limits(connection: psycopg.Connection, login: str) -> None:
    reset = SQL("alter role {} in database {} reset {}")
    here = Identifier(connection.info.dbname)
    for limit in _LIMITS:
        connection.execute(reset.format(Identifier(login), here, Identifier(limit)))


def _refuse_accounts(database: Database, role: Role, accounts: Sequence[str]) -> None:
    if role.reads_all and accounts:
        raise InputInvalid(f"a {role} reads all accounts", hint="leave --account out")
    if not role.reads_all and not accounts:
        raise InputInvalid(
            f"a {role} without an account would see nothing",
            hint="add --account ID, or --account '*' for all",
        )
    with database.connection() as connection:
        asked = connection.execute(
            statement("reads/roles/unknown_accounts"), {"accounts": list(accounts)}
        )
        if unknown := [account_id for (account_id,) in asked.fetchall()]:
            raise InputInvalid(
                f"no account {', '.join(unknown)} was ever synced",
                hint="workbench doctor names those that were",
            )


def _require_login(connection: psycopg.Connection, login: str) -> None:
    if not _exists(connection, login):
        raise InputInvalid(f"there is no login {login}", hint="add --new-login to make it")


def _exists(connection: psycopg.Connection, login: str) -> bool:
    known = "select from pg_catalog.pg_roles where rolname = %s"
    return connection.execute(known, [login]).fetchone() is not None


def _holds(connection: psycopg.Connection, login: str, role: Role) -> bool:
    given = (
        "select from pg_catalog.pg_auth_members"
        " where roleid = to_regrole(%s) and member = to_regrole(quote_ident(%s))"
    )
    return connection.execute(given, [f"workbench_{role}", login]).fetchone() is not None


def _take_role(connection: psycopg.Connection, login: str, role: Role) -> None:
    if _holds(connection, login, role):
        take = SQL("revoke {role} from {login}")
        connection.execute(take.format(role=role.group, login=Identifier(login)))
        if _holds(connection, login, role):  # PostgreSQL only warns
            raise RightMissing(
                f"{login} was made a {role} by someone else",
                hint="connect as whoever did it, or as an administrator",
            )
        _record(connection, "revoke", login, role)


def _record(connection: psycopg.Connection, action: str, login: str, role: Role) -> None:
    told = {"action": action, "login": login, "role": f"workbench_{role}"}
    connection.execute(statement("writes/roles/record_role"), told)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise RightMissing(
            f"this user may not {what}: {error.diag.message_primary}",
            hint="connect as the owner of the database, or ask its administrator",
        ) from None
    except psycopg.errors.UndefinedObject as error:
        raise RightMissing(
            f"cannot {what}: {error.diag.message_primary}", hint="workbench roles says what to do"
        ) from None
