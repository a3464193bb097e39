"""Settings: environment over workbench.toml over defaults, and no secret in the file or on show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.errors import SettingsInvalid
from workbench.settings import KLAVIYO_URL, read_settings

KEY = "pk_0123456789abcdef"


def write_file(folder: Path, text: str) -> None:
    (folder / "workbench.toml").write_text(text, encoding="utf-8")


def test_defaults(tmp_path: Path) -> None:
    found = read_settings({}, project_dir=tmp_path)
    assert found.data_dir == tmp_path / ".workbench"
    assert found.runs_dir == tmp_path / "runs"
    assert found.database_url is None
    assert found.klaviyo_keys == ()
    assert found.klaviyo_url == KLAVIYO_URL
    assert (found.reread_days, found.sync_connections) == (7, 32)


def test_environment_over_file_over_default(tmp_path: Path) -> None:
    write_file(tmp_path, 'reread_days = 3\nsync_connections = 2\nruns_dir = "kept"')
    found = read_settings({"WORKBENCH_REREAD_DAYS": "5"}, project_dir=tmp_path)
    assert found.reread_days == 5
    assert found.sync_connections == 2
    assert found.runs_dir == tmp_path / "kept"
    assert found.data_dir == tmp_path / ".workbench"


def test_an_empty_variable_is_one_that_is_not_set(tmp_path: Path) -> None:
    told = {"WORKBENCH_REREAD_DAYS": "", "WORKBENCH_DATABASE_URL": "", "KLAVIYO_API_KEY": ""}
    assert read_settings(told, project_dir=tmp_path) == read_settings({}, project_dir=tmp_path)


def test_folders_are_the_project_s_unless_absolute(tmp_path: Path) -> None:
    told = {"WORKBENCH_DATA_DIR": "data", "WORKBENCH_RUNS_DIR": str(tmp_path / "elsewhere")}
    found = read_settings(told, project_dir=tmp_path / "project")
    assert found.data_dir == tmp_path / "project/data"
    assert found.runs_dir == tmp_path / "elsewhere"


def test_the_project_is_the_nearest_folder_with_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebooks/dashboards").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks/dashboards")
    assert read_settings({}).project_dir == tmp_path
    named = read_settings({"WORKBENCH_PROJECT_DIR": str(tmp_path / "named")})
    assert named.project_dir == tmp_path / "named"


@pytest.mark.parametrize(
    ("told", "keys"),
    [
        ({"KLAVIYO_API_KEY": KEY}, (KEY,)),
        ({"KLAVIYO_API_KEYS": f" {KEY}, pk_two ,"}, (KEY, "pk_two")),
        ({"KLAVIYO_API_KEY": "pk_two", "KLAVIYO_API_KEYS": KEY}, (KEY,)),
    ],
)
def test_keys(tmp_path: Path, told: dict[str, str], keys: tuple[str, ...]) -> None:
    assert read_settings(told, project_dir=tmp_path).klaviyo_keys == keys


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    told = {"KLAVIYO_API_KEY": KEY, "WORKBENCH_DATABASE_URL": "postgresql://me:hush@host/name"}
    shown = repr(read_settings(told, project_dir=tmp_path))
    assert KEY not in shown
    assert "hush" not in shown


@pytest.mark.parametrize(
    "name", ["database_url", "klaviyo_keys", "klaviyo_api_key", "klaviyo_api_keys"]
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    write_file(tmp_path, f'{name} = "{KEY}"')
    with pytest.raises(SettingsInvalid, match=f"holds {name}, which may be secret") as refused:
        read_settings({}, project_dir=tmp_path)
    assert KEY not in str(refused.value)
    assert "environment" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reread_dayz = 1", "unknown entry 'reread_dayz'"),
        ("reread_days = ", "is not valid TOML"),
        ('reread_days = "a week"', "reread_days is 'a week'"),
        ("reread_days = -1", "reread_days is -1"),
        ("reread_days = 1.5", "reread_days is 1.5"),
        ("sync_connections = 0", "sync_connections is 0"),
        ('klaviyo_url = "a.klaviyo.com"', "klaviyo_url is 'a.klaviyo.com'"),
        ('klaviyo_url = "ftp://a.klaviyo.com"', "klaviyo_url is"),
        ('klaviyo_url = "https://"', "klaviyo_url is"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    write_file(tmp_path, text)
    with pytest.raises(SettingsInvalid, match=re.escape(message)) as refused:
        read_settings({}, project_dir=tmp_path)
    assert refused.value.hint


@pytest.mark.parametrize("name", ["REREAD_DAYS", "SYNC_CONNECTIONS", "KLAVIYO_URL"])
def test_a_variable_that_cannot_be_used_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"{name.lower()} is 'many'"):
        read_settings({f"WORKBENCH_{name}": "many"}, project_dir=tmp_path)


def test_a_password_in_the_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    told = {"WORKBENCH_KLAVIYO_URL": "https://me:hush@a.klaviyo.com"}
    with pytest.raises(SettingsInvalid, match="holds a user or password") as refused:
        read_settings(told, project_dir=tmp_path)
    assert "hush" not in str(refused.value)
