"""Connections to the one database of a workbench, whichever edition it is.

A connection speaks UTC: instants come back as aware datetimes in UTC whatever the server's own
time zone, and a dict given as a parameter is sent as JSON.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from enum import Enum
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import JsonbDumper
from psycopg_pool import ConnectionPool, PoolTimeout

from workbench.db.embedded import start_embedded
from workbench.errors import DatabaseUnavailable, SettingsInvalid
from workbench.settings import Settings

__all__ = ["Database", "Edition", "open_database"]

_Result = TypeVar("_Result")

_CONNECT_SECONDS = 5
_READ_SECONDS = 30  # a server that is restarted, or replaced by its stand-by, is back by then
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
_POOL_SIZE = 16
_HINTS = {
    "password authentication failed": "set the right user and password in WORKBENCH_DATABASE_URL",
    "no password supplied": "add the password to WORKBENCH_DATABASE_URL",
    "certificate": "trust it with sslrootcert=FILE, and connect to the host that it names",
    "does not support SSL": "turn TLS on at the server, or leave sslmode out of the URL",
    "does not exist": "create it (createdb), or correct the name in WORKBENCH_DATABASE_URL",
    "": "start the server, or correct host and port in WORKBENCH_DATABASE_URL",
}
_EDITION = """
select
    current_setting('server_version') as server_version,
    (select extversion from pg_catalog.pg_extension where extname = 'timescaledb') as timescaledb,
    current_setting('timescaledb.license', true) as license
"""


class Edition(Enum):
    """What the server offers, found at connect time."""

    POSTGRESQL = "PostgreSQL"
    TIMESCALEDB_APACHE = "TimescaleDB Apache"
    TIMESCALEDB_COMMUNITY = "TimescaleDB Community"


class Database:
    """A pool of connections; a context manager that closes it.

    Opening proves that the server answers. The pool's threads belong to this process: open the
    database anew after a fork.

    Attributes:
        label: where it is, fit for messages and logs: never holds a password.
        edition: what the server offers.
        server_version: of PostgreSQL, such as ``"18.6"``.
        timescaledb_version: of the extension in this database, or None.
    """

    label: str
    edition: Edition
    server_version: str
    timescaledb_version: str | None

    def __init__(self, conninfo: str, *, name: str | None = None) -> None:
        with _connected(conninfo) as connection:
            info = connection.info
            self._name = name
            self._conninfo = conninfo
            self._address = f"{info.host}:{info.port}/{info.dbname}"
            self._describe(connection)
        self._conninfo = conninfo
        self._pool = ConnectionPool(
            conninfo,
            min_size=0,
            max_size=_POOL_SIZE,
            timeout=_CONNECT_SECONDS,
            check=ConnectionPool.check_connection,
            configure=_send_dicts_as_json,
            name="workbench",
            open=True,
        )

    def __repr__(self) -> str:
        return f"<Database {self.label}, {self.edition.value}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; an embedded server stays up for others."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """One transaction: committed at the end of the block, rolled back on an error.

        A connection that was lost before the block began, as when the server was restarted, is
        replaced by a new one. Inside the block nothing is tried again: only the caller knows what
        it had read.

        Raises:
            DatabaseUnavailable: no connection within seconds, or it was lost inside the block.
        """
        try:
            connection = self._pool.getconn()
        except PoolTimeout:
            raise DatabaseUnavailable(
                f"{self.label} gave no connection within {_CONNECT_SECONDS} s",
                hint="see whether it still runs: workbench doctor",
            ) from None
        try:
            with connection.transaction():
                yield connection
        except psycopg.errors.ReadOnlySqlTransaction:
            if connection.info.parameter_status("in_hot_standby") != "on":
                raise
            raise DatabaseUnavailable(
                f"{self.label} is a stand-by, which cannot be written to",
                hint="name the server it follows in WORKBENCH_DATABASE_URL, or both: @one,two/name",
            ) from None
        except psycopg.OperationalError:
            if not connection.broken:
                raise
            raise DatabaseUnavailable(
                f"{self.label} closed the connection; its last transaction was rolled back",
                hint="run the command again",
            ) from None
        finally:
            self._pool.putconn(connection)

    def read(
        self, work: Callable[[psycopg.Connection], _Result], *, within: float = _READ_SECONDS
    ) -> _Result:
        """What ``work`` makes of a transaction that cannot write; done again when that is lost.

        Args:
            work: reads with the connection; may be called more than once.
            within: seconds during which it is tried again, while the server is restarted or its
                stand-by takes over; 0 for once only.

        Raises:
            DatabaseUnavailable: the server is not back by then.
        """
        until = time.monotonic() + within
        pauses = itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))
        while True:
            try:
                with self.connection() as connection:
                    connection.execute("set transaction read only")
                    return work(connection)
            except DatabaseUnavailable:
                pause = next(pauses)
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)

    @contextmanager
    def apart(self) -> Iterator[psycopg.Connection]:
        """A new connection on which each statement is committed: for what no transaction may hold.

        Raises:
            DatabaseUnavailable: the server does not answer.
        """
        with closing(_connected(self._conninfo)) as connection:
            connection.autocommit = True
            yield connection

    def find_edition(self) -> None:
        """Look again at what the server offers, after an extension was created or updated."""
        with self.connection() as connection:
            self._describe(connection)

    def _describe(self, connection: psycopg.Connection) -> None:
        row = connection.execute(_EDITION).fetchone()
        assert row is not None
        version, self.timescaledb_version, license_ = row
        self.server_version = version.split()[0]  # Debian appends its package version
        self.label = f"{self._name} {self.server_version}" if self._name else self._address
        if self.timescaledb_version is None:
            self.edition = Edition.POSTGRESQL
        elif license_ == "timescale":
            self.edition = Edition.TIMESCALEDB_COMMUNITY
        else:
            self.edition = Edition.TIMESCALEDB_APACHE


def open_database(settings: Settings) -> Database:
    """The database of these settings: database_url, else the embedded server under data_dir.

    The embedded server is started when it does not run, and stays up when the command ends, so
    that the next one attaches within milliseconds; ``workbench database stop`` ends it.

    Raises:
        SettingsInvalid: database_url is no libpq URL.
        DatabaseUnavailable: no server answers, or it refuses user, password or database.
    """
    if settings.database_url is None:
        url = start_embedded(settings.data_dir)
        return Database(_conninfo(url), name="embedded PostgreSQL")
    return Database(_conninfo(settings.database_url))


def _conninfo(url: str) -> str:
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text may quote the password
        raise SettingsInvalid(
            "WORKBENCH_DATABASE_URL is no PostgreSQL URL",
            hint="write postgresql://user:password@host:5432/name, with %-escapes in the password",
        ) from None
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "workbench",
    }
    if "," in str(given.get("host", "")):
        defaults["target_session_attrs"] = "read-write"  # whichever of them leads now
    # a process that was killed leaves its statement at work, and its locks held, unless asked after
    fixed = "-c timezone=UTC -c client_connection_check_interval=5s"
    options = f"{given.get('options') or ''} {fixed}".strip()
    return make_conninfo(**{**defaults, **given, "options": options})


def _connected(conninfo: str) -> psycopg.Connection:
    try:
        return psycopg.connect(conninfo)
    except psycopg.OperationalError as error:
        said = str(error).removeprefix("connection failed: ").partition("\n")[0]
    hint = next(hint for phrase, hint in _HINTS.items() if phrase in said)
    # raised outside the handler: psycopg's error carries the connection, and that the password
    raise DatabaseUnavailable(f"cannot open the database: {said}", hint=hint)


def _send_dicts_as_json(connection: psycopg.Connection) -> None:
    connection.adapters.register_dumper(dict, JsonbDumper)
