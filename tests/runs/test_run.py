"""A run ends as a whole folder and a row that says how; a refused one leaves neither."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from workbench.db import Database
from workbench.errors import (
    DatabaseOutdated,
    NotebookFailed,
    NotebookMissing,
    ParameterInvalid,
    RunError,
)
from workbench.runs import latest_run, list_runs, run_notebook
from workbench.settings import Settings

WriteNotebook = Callable[..., Path]
KEY = "pk_0123456789abcdef0123456789abcdef01"
PARAMETERS = """\
account: str = ""       # account id
horizon_days: int = 56  # days ahead
"""
SYNCED = """
insert into klaviyo.account (account_id, name, timezone, currency, is_simulated, payload) values
    ('A', 'Shop A', 'UTC', 'USD', true, '{}'), ('B', 'Shop B', 'UTC', 'USD', true, '{}');
insert into ops.sync_run (run_id, account_id, status, as_of, started_at) values
    ('1', 'A', 'succeeded', '2026-11-01 04:00+00', '2026-11-01 04:00+00'),
    ('2', 'A', 'failed', '2026-11-02 04:00+00', '2026-11-02 04:00+00'),
    ('3', 'B', 'succeeded', '2026-11-03 04:00+00', '2026-11-03 04:00+00');
"""

pytestmark = pytest.mark.notebook


def files_below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_success(
    database: Database,
    database_settings: Settings,
    project_dir: Path,
    write_notebook: WriteNotebook,
) -> None:
    with database.connection() as connection:
        connection.execute(SYNCED)
    settings = replace(database_settings, project_dir=project_dir)
    path = write_notebook(
        "dashboards/overview",
        "from pathlib import Path",
        "print(f'{horizon_days} days for {account}, in {Path.cwd().name}')",
        title="Where are we?",
        parameters=PARAMETERS,
    )
    run = run_notebook(
        "dashboards/overview",
        parameters={"account": "A", "horizon_days": "28"},
        database=database,
        settings=settings,
    )

    stamp = f"{run.started_at:%Y%m%dT%H%M%SZ}"
    assert run.run_dir == settings.runs_dir / "dashboards/overview" / f"{stamp}-{run.run_id}"
    folder = run.run_dir.relative_to(settings.runs_dir).as_posix()
    assert files_below(settings.runs_dir) == [
        f"{folder}/{name}" for name in ("overview.ipynb", "params.json", "report.html")
    ]
    html = run.report_html.read_text()
    assert "28 days for A, in dashboards" in html
    assert "Data as of 1 November 2026, 04:00 UTC." in html
    assert "print(" not in html

    facts = json.loads((run.run_dir / "params.json").read_text())
    row = list_runs(database).iloc[0]
    assert len(list_runs(database)) == 1
    for told in (facts, row):
        assert told["run_id"] == run.run_id
        assert told["notebook"] == "dashboards/overview"
        assert told["parameters"] == {"account": "A", "horizon_days": 28}
        assert told["account_id"] == "A"
        assert told["status"] == run.status == "succeeded"
        assert told["error"] is None
    assert facts["data_as_of"] == row["data_as_of"].isoformat() == "2026-11-01T04:00:00+00:00"
    assert facts["packages"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert row["run_dir"] == folder
    assert run.seconds == row["seconds"] > 0

    executed = nbformat.read(run.run_dir / "overview.ipynb", as_version=4)
    assert executed.metadata.papermill.parameters == {"account": "A", "horizon_days": 28}
    assert "28 days" in executed.cells[-1].outputs[0].text
    assert nbformat.read(path, as_version=4).cells[-1].outputs == []
    assert latest_run(database, notebook="dashboards/overview", settings=settings) == run


def test_without_account_the_last_sync_counts(
    embedded_database: Database, tiny_settings: Settings, write_notebook: WriteNotebook
) -> None:
    with embedded_database.connection() as connection:
        connection.execute(SYNCED)
    write_notebook("explore", "1 + 1")
    run_notebook("explore", parameters={}, database=embedded_database, settings=tiny_settings)
    row = list_runs(embedded_database).iloc[0]
    assert row["account_id"] is None
    assert row["data_as_of"].isoformat() == "2026-11-03T04:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "parameters", "error", "message"),
    [
        ("reprot", {}, NotebookMissing, "did you mean report"),
        ("report", {"horizn_days": "9"}, ParameterInvalid, "did you mean horizon_days"),
        ("report", {"horizon_days": "soon"}, ParameterInvalid, "'soon', which is no int"),
        ("report", {"api_key": KEY}, ParameterInvalid, "names a secret"),
        ("report", {"account": KEY}, ParameterInvalid, "looks like a secret"),
    ],
)
def test_refused_before_anything_happens(
    name: str,
    parameters: dict[str, object],
    error: type[Exception],
    message: str,
    embedded_database: Database,
    tiny_settings: Settings,
    write_notebook: WriteNotebook,
    tmp_path: Path,
) -> None:
    write_notebook("report", f"open({str(tmp_path / 'ran')!r}, 'w')", parameters=PARAMETERS)
    with pytest.raises(error, match=message):
        run_notebook(
            name, parameters=parameters, database=embedded_database, settings=tiny_settings
        )
    assert list_runs(embedded_database).empty
    assert not tiny_settings.runs_dir.exists()
    assert not (tmp_path / "ran").exists()


def test_database_without_tables_is_refused(
    embedded_database: Database, tiny_settings: Settings, write_notebook: WriteNotebook
) -> None:
    write_notebook("report", "1")
    with embedded_database.connection() as connection:
        connection.execute("delete from ops.schema_migration")
    with pytest.raises(DatabaseOutdated, match="workbench migrate"):
        run_notebook("report", parameters={}, database=embedded_database, settings=tiny_settings)
    assert not tiny_settings.runs_dir.exists()


def test_kernel_knows_the_settings_and_no_key(
    embedded_database: Database,
    tiny_settings: Settings,
    write_notebook: WriteNotebook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KLAVIYO_API_KEY", KEY)
    monkeypatch.setenv("WORKBENCH_PROJECT_DIR", "/elsewhere")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    write_notebook(
        "explore",
        "import json, os",
        "with open('seen.json', 'w') as file:\n    json.dump(dict(os.environ), file)",
    )
    run_notebook("explore", parameters={}, database=embedded_database, settings=tiny_settings)
    seen = json.loads((tiny_settings.project_dir / "notebooks" / "seen.json").read_text())
    assert not [name for name in seen if name.startswith("KLAVIYO")]
    assert KEY not in seen.values()
    assert {
        "OMP_NUM_THREADS": "1",
        "WORKBENCH_PROJECT_DIR": str(tiny_settings.project_dir),
        "WORKBENCH_DATA_DIR": str(tiny_settings.data_dir),
        "WORKBENCH_RUNS_DIR": str(tiny_settings.runs_dir),
        "WORKBENCH_DATABASE_URL": tiny_settings.database_url,
    }.items() <= seen.items()


def test_neither_secrets_nor_paths_are_kept(
    embedded_database: Database, tiny_settings: Settings, write_notebook: WriteNotebook
) -> None:
    settings = replace(tiny_settings, klaviyo_keys=("a-key-of-no-known-shape",))
    with embedded_database.connection() as connection:
        password = connection.info.password
    write_notebook(
        "explore",
        "import os",
        "print(os.environ['WORKBENCH_DATABASE_URL'])",
        "from IPython.display import HTML",
        f"HTML('<p>{KEY} a-key-of-' 'no-known-shape</p>')",
        "raise ValueError(os.getcwd() + os.environ['WORKBENCH_DATABASE_URL'])",
    )
    with pytest.raises(NotebookFailed, match=r"\*\*\*") as failed:
        run_notebook("explore", parameters={}, database=embedded_database, settings=settings)
    kept = [path.read_text() for path in settings.runs_dir.rglob("*.*") if path.is_file()]
    assert len(kept) == 3
    said = failed.value.message
    for text in [*kept, said, list_runs(embedded_database).iloc[0]["error"]]:
        for secret in (password, KEY, "a-key-of-no-known-shape"):
            assert secret not in text
        for folder in (settings.project_dir, Path.home(), sys.prefix):
            assert str(folder) not in text


def test_failing_cell(
    embedded_database: Database, tiny_settings: Settings, write_notebook: WriteNotebook
) -> None:
    write_notebook(
        "report",
        "print('as far as here')",
        "raise ValueError('no revenue\\nin that week')",
        "print('ne' 'ver')",
        parameters=PARAMETERS,
    )
    with pytest.raises(NotebookFailed, match=r"failed in cell 4: ValueError: no revenue") as failed:
        run_notebook("report", parameters={}, database=embedded_database, settings=tiny_settings)
    row = list_runs(embedded_database).iloc[0]
    assert (row["status"], row["failed_cell"]) == ("failed", 4)
    assert row["error"] == "ValueError: no revenue in that week"
    folder = tiny_settings.runs_dir / row["run_dir"]
    assert files_below(folder) == ["failed.html", "params.json", "report.ipynb"]
    assert failed.value.hint == f"see {folder / 'failed.html'}"
    html = (folder / "failed.html").read_text()
    assert "This run failed in cell 4." in html
    assert "as far as here" in html
    assert "never" not in html
    facts = json.loads((folder / "params.json").read_text())
    assert (facts["status"], facts["error"]) == ("failed", row["error"])
    assert facts["parameters"] == {"account": "", "horizon_days": 56}
    cells = nbformat.read(folder / "report.ipynb", as_version=4).cells
    assert cells[-2].outputs[-1].ename == "ValueError"
    assert cells[-1].outputs == []
    assert latest_run(embedded_database, notebook="report", settings=tiny_settings) is None


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("import os\nos.write(2, b'no luck\\n')\nos._exit(1)", "the kernel died: no luck"),
        ("import os\nos.kill(os.getpid(), 9)", "the kernel died: out of memory?"),
        ("import time\ntime.sleep(600)", "the cell took longer than 1 s"),
    ],
)
def test_kernel_that_dies_or_hangs(
    cell: str,
    error: str,
    embedded_database: Database,
    tiny_settings: Settings,
    write_notebook: WriteNotebook,
) -> None:
    write_notebook("report", "print('before')", cell)
    with pytest.raises(NotebookFailed, match=re.escape(f"failed in cell 2: {error}")):
        run_notebook(
            "report",
            parameters={},
            database=embedded_database,
            settings=tiny_settings,
            cell_timeout=1,
        )
    row = list_runs(embedded_database).iloc[0]
    assert (row["status"], row["failed_cell"], row["error"]) == ("failed", 2, error)
    assert "before" in (tiny_settings.runs_dir / row["run_dir"] / "failed.html").read_text()


def test_kernel_that_does_not_start(
    embedded_database: Database,
    tiny_settings: Settings,
    write_notebook: WriteNotebook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "ipykernel_launcher.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    write_notebook("report", "1")
    error = "no kernel started: ImportError: not here"
    with pytest.raises(NotebookFailed, match=f"report failed: {error}"):
        run_notebook("report", parameters={}, database=embedded_database, settings=tiny_settings)
    assert list_runs(embedded_database).iloc[0]["error"] == error


INTERRUPTED = """
import signal, sys
from pathlib import Path
from workbench.db import open_database
from workbench.runs import run_notebook
from workbench.settings import read_settings

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
settings = read_settings()
with open_database(settings) as database:
    run_notebook("report", parameters={}, database=database, settings=settings)
"""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)]
)
def test_interrupted_run_is_recorded_and_its_kernel_gone(
    number: signal.Signals,
    status: int,
    embedded_database: Database,
    tiny_settings: Settings,
    write_notebook: WriteNotebook,
) -> None:
    write_notebook(
        "report",
        "import os, time\nwith open('pid', 'w') as file:\n    file.write(f'{os.getpid()}\\n')",
        "time.sleep(600)",
    )
    environment = os.environ | {
        "WORKBENCH_PROJECT_DIR": str(tiny_settings.project_dir),
        "WORKBENCH_RUNS_DIR": str(tiny_settings.runs_dir),
        "WORKBENCH_DATABASE_URL": str(tiny_settings.database_url),
    }
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], env=environment) as process:
        pid = int(waited_text(tiny_settings.project_dir / "notebooks" / "pid"))
        process.send_signal(number)
    assert process.returncode == status
    row = list_runs(embedded_database).iloc[0]
    assert (row["status"], row["error"]) == ("failed", "interrupted")
    assert files_below(tiny_settings.runs_dir / row["run_dir"])[0] == "failed.html"
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=60)


def waited_text(path: Path) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return text
        time.sleep(0.1)
    raise TimeoutError(path)


def test_runs_folder_that_cannot_be_made(
    embedded_database: Database, tiny_settings: Settings, write_notebook: WriteNotebook
) -> None:
    write_notebook("report", "1")
    tiny_settings.runs_dir.write_text("a file is in the way")
    with pytest.raises(RunError, match=re.escape(f"cannot be kept in {tiny_settings.runs_dir}")):
        run_notebook("report", parameters={}, database=embedded_database, settings=tiny_settings)
    row = list_runs(embedded_database).iloc[0]
    assert row["status"] == "failed"
    assert "cannot be kept" in row["error"]


def test_runs_are_listed_newest_first(
    embedded_database: Database, tiny_settings: Settings, write_notebook: WriteNotebook
) -> None:
    for name in ("first", "second"):
        write_notebook(name)
        run_notebook(name, parameters={}, database=embedded_database, settings=tiny_settings)
    assert list(list_runs(embedded_database)["notebook"]) == ["second", "first"]
    assert list(list_runs(embedded_database, limit=1)["notebook"]) == ["second"]
    assert list(list_runs(embedded_database, notebook="first")["notebook"]) == ["first"]
    assert list_runs(embedded_database, status="failed").empty
