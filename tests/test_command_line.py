"""The command line as typed: help with an example, JSON for programs, errors without tracebacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner, Result

from workbench import __version__
from workbench.cli.app import app
from workbench.db import Database
from workbench.errors import InputInvalid, ParameterInvalid, SettingsInvalid
from workbench.sandbox import SandboxServer, Shop
from workbench.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]


def commands() -> dict[str, TyperCommand]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group.commands  # type: ignore[return-value]


COMMANDS = commands()


def example(name: str) -> str:
    """The command line that a command's help ends with."""
    text = COMMANDS[name].help or ""
    found = re.search(r"^Example: (.+)$", text, re.MULTILINE)
    assert found, f"the help of {name} shows no example"
    assert text.rstrip().endswith(found[0])
    return found[1]


def environment(settings: Settings | None, **variables: str) -> dict[str, str | None]:
    """Every variable of ours, so that none of this process's own is seen."""
    ours = {name: None for name in os.environ if name.startswith(("KLAVIYO_", "WORKBENCH_"))}
    told = (
        {}
        if settings is None
        else {
            "WORKBENCH_PROJECT_DIR": str(settings.project_dir),
            "WORKBENCH_DATA_DIR": str(settings.data_dir),
            "WORKBENCH_RUNS_DIR": str(settings.runs_dir),
            "WORKBENCH_DATABASE_URL": settings.database_url,
        }
    )
    return ours | told | variables


def typed(*words: str, settings: Settings | None = None, **variables: str) -> Result:
    """``workbench`` in this process; an error comes out of ``app`` as it was raised."""
    return CliRunner().invoke(app, words, env=environment(settings, **variables))


def raise_again(done: Result) -> None:
    assert done.exception is not None
    raise done.exception


def run(
    *words: str, settings: Settings | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """``workbench`` in a process of its own."""
    told = environment(settings, **variables)
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        cwd=REPOSITORY,
        env={name: value for name, value in (os.environ | told).items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_ends_with_an_example_of_that_command(name: str) -> None:
    assert re.search(rf"\bworkbench {name}\b", example(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_readme_shows_the_example(name: str) -> None:
    assert example(name) in (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_options_of_an_example_exist(name: str) -> None:
    words = example(name).split()
    known = {option for param in COMMANDS[name].params for option in param.opts}
    assert {word for word in words if word.startswith("-")} <= known


def test_help_lists_every_command_with_its_sentence() -> None:
    done = typed("--help")
    assert done.exit_code == 0
    for name, command in COMMANDS.items():
        first = (command.help or "").split(".")[0].split()
        assert re.search(rf"^  {name} +{first[0]} {first[1]}", done.stdout, re.MULTILINE)


def test_version() -> None:
    assert typed("--version").stdout == f"workbench {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report"], "No such command 'report'"),
        (["run"], "Missing argument 'notebook'"),
        (["run", "report_weekly", "-p"], "Option '-p' requires an argument"),
        (["run", "report_weekly", "-p", "week"], "Invalid value for -p: week has no value"),
        (["demo", "--profiles", "0"], "greater than or equal to 1"),
        (["sandbox", "--port", "70000"], "less than or equal to 65535"),
        (["database", "drop"], "'drop' is not one of"),
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], said: str) -> None:
    done = typed(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_an_error_is_two_lines_and_exit_1(embedded_settings: Settings) -> None:
    done = run("run", "report_daily", settings=embedded_settings)
    assert done.returncode == 1
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("error: ")
    assert "report_daily" in first
    assert second.startswith("  try: ")


def test_debug_shows_where_an_error_came_from(embedded_settings: Settings) -> None:
    done = run("--debug", "run", "report_daily", settings=embedded_settings)
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "NotebookMissing" in done.stderr


def test_orders_that_are_no_file_are_refused_before_anything_starts(tmp_path: Path) -> None:
    done = typed("demo", "--orders", "missing.csv", WORKBENCH_DATA_DIR=str(tmp_path / "data"))
    with pytest.raises(InputInvalid, match=r"missing\.csv is not a file"):
        raise_again(done)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["-p", "week", "2026-W44"], {"week": "2026-W44"}),
        (["-p", "week=2026-W44"], {"week": "2026-W44"}),
        (["--parameter", "week", "a=b"], {"week": "a=b"}),
        (["-p", "horizon_days", "-1"], {"horizon_days": "-1"}),
        (["-p", "account", ""], {"account": ""}),
        (["-p", "a", "1", "-p", "b", "2"], {"a": "1", "b": "2"}),
    ],
)
def test_a_parameter_takes_two_words_or_one_with_equals(
    words: list[str], given: dict[str, str]
) -> None:
    command = COMMANDS["run"]
    context = command.make_context("run", ["report_weekly", *words])
    pairs = dict(pair.split("=", 1) for pair in context.params["parameter"])
    assert pairs == given


def test_a_parameter_given_twice_is_refused(embedded_settings: Settings) -> None:
    done = typed(
        "run", "report_weekly", "-p", "week", "2026-W44", "-p", "week=2026-W43",
        settings=embedded_settings,
    )  # fmt: skip
    with pytest.raises(ParameterInvalid, match="parameter week is given twice"):
        raise_again(done)


def test_doctor_says_what_is_there_as_json(synced_settings: Settings) -> None:
    done = typed("doctor", "--json", settings=synced_settings)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {finding["state"] for finding in found} == {"ok", "absent"}
    told = {finding["subject"]: finding for finding in found}
    assert told["database"]["state"] == told["schema"]["state"] == "ok"
    assert "Sandbox (simulated)" in told["account"]["told"]
    assert told["Klaviyo"] | {"state": "absent"} == told["Klaviyo"]
    assert "KLAVIYO_API_KEY" in told["Klaviyo"]["mend"]


def test_doctor_names_the_first_day_of_another_time_zone_than_the_database_s(
    synced_settings: Settings, synced_database: Database
) -> None:
    with synced_database.connection() as connection:
        connection.execute("update klaviyo.account set timezone = 'CET'")
    done = typed("doctor", "--json", settings=synced_settings)
    [told] = [each for each in json.loads(done.stdout) if each["subject"] == "time zone"]
    assert (told["state"], done.exit_code) == ("broken", 1)
    assert re.search(r"20\d\d-\d\d-\d\d begins at another instant .* rules of CET", told["told"])
    assert "Europe/Berlin" in told["mend"]


def test_doctor_says_what_is_missing_and_fails(tmp_path: Path) -> None:
    done = typed(
        "doctor",
        "--json",
        WORKBENCH_DATABASE_URL="postgresql://me:hush@127.0.0.1:1/nothing",
        WORKBENCH_PROJECT_DIR=str(tmp_path),
    )
    told = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert told["database"]["state"] == told["notebooks"]["state"] == "missing"
    assert "start the server" in told["database"]["mend"]
    assert "hush" not in done.stdout + done.stderr


def test_runs_as_json(embedded_settings: Settings, embedded_database: Database) -> None:
    assert json.loads(typed("runs", "--json", settings=embedded_settings).stdout) == []
    with embedded_database.connection() as connection:
        connection.execute(
            "insert into ops.notebook_run (run_id, notebook, status, parameters, notebook_sha256,"
            " packages, run_dir, error) values"
            " ('1', 'report_weekly', 'failed', '{\"week\": \"\"}', 'f', '{}', 'r/1', 'it broke')"
        )
    (run,) = json.loads(typed("runs", "--json", settings=embedded_settings).stdout)
    assert run["notebook"] == "report_weekly"
    assert run["parameters"] == {"week": ""}
    table = typed("runs", "report_weekly", settings=embedded_settings, COLUMNS="200").stdout
    assert "it broke" in table


@pytest.mark.notebook
def test_a_run_as_json_names_its_report(synced_settings: Settings) -> None:
    done = typed("run", "aggregate_daily_metrics", "--json", settings=synced_settings)
    told = json.loads(done.stdout)
    assert Path(told["report"]).is_relative_to(synced_settings.runs_dir)
    assert f"-{told['run_id']}/" in told["report"]
    assert Path(told["report"]).is_file()


def test_a_sync_as_json_counts_each_stream(synced_settings: Settings, synced_shop: Shop) -> None:
    with SandboxServer(synced_shop) as sandbox:
        done = typed(
            "sync",
            "--json",
            settings=synced_settings,
            KLAVIYO_API_KEY=sandbox.key,
            WORKBENCH_KLAVIYO_URL=sandbox.url,
        )
    (told,) = json.loads(done.stdout)
    assert told["account_id"] == synced_shop.account.id
    assert told["streams"]["events"]["read"] > 0  # the tail that is read again
    assert {count["new"] + count["changed"] for count in told["streams"].values()} == {0}
    assert told["refused"] == {}


def test_notebooks_are_listed_with_question_and_parameters() -> None:
    table = typed("notebooks", COLUMNS="200").stdout
    assert re.search(r"report_weekly .*How did the week go\? .*week \(''\)", table)
    assert re.search(r"forecast_metric .*horizon \(56\)", table)


def test_migrate_says_what_it_did(embedded_settings: Settings) -> None:
    done = typed("migrate", settings=embedded_settings)
    assert done.exit_code == 0
    assert done.stdout.endswith(": nothing to do\n")


def test_the_embedded_database_is_not_started_to_look_at_it(tmp_path: Path) -> None:
    told = {"WORKBENCH_DATA_DIR": str(tmp_path / "data")}
    assert "not running" in typed("database", **told).stdout
    assert typed("database", "stop", **told).stdout == "was not running\n"
    assert not (tmp_path / "data").exists()


def test_another_database_is_not_ours_to_stop(embedded_settings: Settings) -> None:
    done = typed("database", "stop", settings=embedded_settings)
    with pytest.raises(SettingsInvalid, match="WORKBENCH_DATABASE_URL names another database"):
        raise_again(done)
    status = typed("database", settings=embedded_settings).stdout
    assert status.endswith("0 migrations pending\n")
