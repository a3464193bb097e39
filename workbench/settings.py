"""Environment and workbench.toml, read once into one frozen object.

The environment wins over the file, the file over the defaults. Secrets (the Klaviyo keys, a
database password) come from the environment only: one found in workbench.toml is refused, so that
it cannot be committed by accident.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import SettingsInvalid
from workbench.retention import Retention, retention_of

__all__ = ["Settings", "read_settings"]

KLAVIYO_URL = "https://a.klaviyo.com"
REVISION = "2026-07-15"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a workbench is told from outside.

    Attributes:
        project_dir: folder that holds notebooks/, sql/ and runs/.
        data_dir: folder of the embedded database and of the sandbox; never committed.
        runs_dir: folder of executed notebooks.
        database_url: a libpq URL, or None for the embedded PostgreSQL under data_dir.
        klaviyo_keys: private keys (one an account), never printed.
        klaviyo_url: where the API answers; the sandbox's address in the demo.
        revision: the pinned API revision.
        reread_days: how far back a sync reads again, because events become visible late.
        sync_connections: requests of a stream in flight at once, at the most.
        retention: days that old events and logs are kept; orders and conversions are for ever.
        dask_scheduler: address of the Dask scheduler whose workers do what fans out; empty for
            processes of this machine.
    """

    project_dir: Path
    data_dir: Path
    runs_dir: Path
    database_url: str | None = field(default=None, repr=False)
    klaviyo_keys: tuple[str, ...] = field(default=(), repr=False)
    klaviyo_url: str = KLAVIYO_URL
    revision: str = REVISION
    reread_days: int = 7
    sync_connections: int = 32
    retention: Retention = field(default_factory=Retention)
    dask_scheduler: str = ""


_FILE_KEYS = {
    "data_dir",
    "runs_dir",
    "klaviyo_url",
    "revision",
    "reread_days",
    "sync_connections",
    "dask_scheduler",
}
_TABLES = {"retention"}  # of workbench.toml; the environment has none
_SECRET_KEYS = {"database_url", "klaviyo_keys", "klaviyo_api_key", "klaviyo_api_keys"}


def read_settings(
    environ: Mapping[str, str] | None = None, *, project_dir: Path | None = None
) -> Settings:
    """Settings of this process.

    Args:
        environ: the environment; os.environ when None.
        project_dir: folder of workbench.toml; WORKBENCH_PROJECT_DIR, else the nearest folder at or
            above the working directory that holds a notebooks/ folder, else the working directory.

    Raises:
        SettingsInvalid: an entry is unknown, of the wrong type, or a secret stands in the file.
    """
    env = os.environ if environ is None else environ
    root = project_dir or _project_dir(env)
    entries = _file_entries(root / "workbench.toml")
    for name in _FILE_KEYS:
        if value := env.get(f"WORKBENCH_{name.upper()}"):
            entries[name] = value
    return Settings(
        project_dir=root,
        data_dir=_folder(root, entries.get("data_dir", ".workbench")),
        runs_dir=_folder(root, entries.get("runs_dir", "runs")),
        database_url=env.get("WORKBENCH_DATABASE_URL") or None,
        klaviyo_keys=_keys(env),
        klaviyo_url=_url(entries.get("klaviyo_url", KLAVIYO_URL)),
        revision=str(entries.get("revision", REVISION)),
        reread_days=_count("reread_days", entries.get("reread_days", 7), least=0),
        sync_connections=_count("sync_connections", entries.get("sync_connections", 32), least=1),
        retention=retention_of(entries.get("retention", {})),
        dask_scheduler=str(entries.get("dask_scheduler", "")),
    )


def _project_dir(env: Mapping[str, str]) -> Path:
    if named := env.get("WORKBENCH_PROJECT_DIR"):
        return Path(named).expanduser().resolve()
    here = Path.cwd().resolve()
    return next((p for p in (here, *here.parents) if (p / "notebooks").is_dir()), here)


def _file_entries(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}", hint="mend that line") from None
    if secrets := _SECRET_KEYS & entries.keys():
        name = sorted(secrets)[0]
        raise SettingsInvalid(
            f"{path} holds {name}, which may be secret",
            hint="move it to the environment: WORKBENCH_DATABASE_URL or KLAVIYO_API_KEY",
        )
    if unknown := entries.keys() - _FILE_KEYS - _TABLES:
        raise SettingsInvalid(
            f"{path} holds the unknown entry {sorted(unknown)[0]!r}",
            hint=f"known entries: {', '.join(sorted(_FILE_KEYS | _TABLES))}",
        )
    return entries


def _keys(env: Mapping[str, str]) -> tuple[str, ...]:
    """Private keys: KLAVIYO_API_KEYS (several, separated by commas), else KLAVIYO_API_KEY."""
    named = env.get("KLAVIYO_API_KEYS") or env.get("KLAVIYO_API_KEY") or ""
    return tuple(key.strip() for key in named.split(",") if key.strip())


def _folder(root: Path, value: object) -> Path:
    return (root / Path(str(value)).expanduser()).resolve()


def _url(value: object) -> str:
    url = str(value).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsInvalid(f"klaviyo_url is {url!r}", hint=f"write a URL such as {KLAVIYO_URL}")
    if parts.username or parts.password:
        raise SettingsInvalid("klaviyo_url holds a user or password", hint="use KLAVIYO_API_KEY")
    return url


def _count(name: str, value: object, *, least: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if number < least:
        raise SettingsInvalid(f"{name} is {value!r}", hint=f"a whole number, {least} or more")
    return number
