"""Notebooks are found by name, and their parameters read without a kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import NotebookMissing, ParameterInvalid
from workbench.runs import Parameter, checked_parameters, find_notebook, notebook_list

PARAMETERS = """\
# what the report covers
account: str = ""           # account id
since: str = "#2025"        # first day, not the # of days
horizon_days: int = 56      # days ahead
rate: float = 1             # a fraction
strict: bool = False        # stop at the first gap
limit: int | None = None    # rows at most
"""
DEFAULTS = {
    "account": "",
    "since": "#2025",
    "horizon_days": 56,
    "rate": 1.0,
    "strict": False,
    "limit": None,
}
WriteNotebook = Callable[..., Path]


@pytest.mark.parametrize(
    "name", ["report_weekly", "notebooks/report_weekly.ipynb", "./notebooks/report_weekly.ipynb"]
)
def test_found_by_name_and_by_file(
    name: str, write_notebook: WriteNotebook, project_dir: Path
) -> None:
    path = write_notebook("report_weekly", title="How did the week go?")
    notebook = find_notebook(name, project_dir=project_dir)
    assert (notebook.name, notebook.path) == ("report_weekly", path)
    assert notebook.title == "How did the week go?"


@pytest.mark.parametrize("name", ["report_wekly", "../notebooks/report_weekly", "", "dashboards"])
def test_unknown_name_is_refused(
    name: str, write_notebook: WriteNotebook, project_dir: Path
) -> None:
    write_notebook("report_weekly")
    with pytest.raises(NotebookMissing, match=r"list them: workbench notebooks"):
        find_notebook(name, project_dir=project_dir)


def test_nearest_names_are_offered(write_notebook: WriteNotebook, project_dir: Path) -> None:
    write_notebook("report_weekly")
    write_notebook("aggregate_daily_metrics")
    with pytest.raises(NotebookMissing, match=r"did you mean report_weekly\?"):
        find_notebook("report_wekly", project_dir=project_dir)


def test_list_has_folders_and_no_checkpoints(
    write_notebook: WriteNotebook, project_dir: Path
) -> None:
    write_notebook("report_weekly")
    write_notebook("dashboards/overview", title="Where are we?")
    write_notebook(".ipynb_checkpoints/report_weekly-checkpoint")
    found = [(notebook.name, notebook.title) for notebook in notebook_list(project_dir)]
    assert found == [("dashboards/overview", "Where are we?"), ("report_weekly", "A question")]


def test_file_that_is_no_notebook(project_dir: Path) -> None:
    (project_dir / "notebooks" / "torn.ipynb").write_text("<<<<<<< ours")
    with pytest.raises(NotebookMissing, match=r"torn\.ipynb is no Jupyter notebook"):
        find_notebook("torn", project_dir=project_dir)


def test_hash_follows_the_file(write_notebook: WriteNotebook, project_dir: Path) -> None:
    write_notebook("explore", "1")
    before = find_notebook("explore", project_dir=project_dir).sha256
    write_notebook("explore", "2")
    assert find_notebook("explore", project_dir=project_dir).sha256 != before


def test_parameters_as_declared(write_notebook: WriteNotebook, project_dir: Path) -> None:
    write_notebook("report", parameters=PARAMETERS)
    notebook = find_notebook("report", project_dir=project_dir)
    assert notebook.parameters == (
        Parameter("account", "str", "", "account id"),
        Parameter("since", "str", "#2025", "first day, not the # of days"),
        Parameter("horizon_days", "int", 56, "days ahead"),
        Parameter("rate", "float", 1.0, "a fraction"),
        Parameter("strict", "bool", False, "stop at the first gap"),
        Parameter("limit", "int | None", None, "rows at most"),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("week = '2026-W44'", r"cannot be read at \"week = '2026-W44'\""),
        ("week: date = '2026-W44'", "cannot be read at"),
        ("days: int = '56'", "cannot be read at"),
        ("days: int = True", "cannot be read at"),
        ("days: int | str = 5", "cannot be read at"),
        ("week: str", "cannot be read at"),
        ("week: str = str(44)", "cannot be read at"),
        ("import os", "cannot be read at 'import os'"),
        ("week: str = '", "cannot be read at line 1"),
        ("api_key: str = ''", "'api_key', which names a secret"),
        ("slack_token: str = ''", "'slack_token', which names a secret"),
        ("db_password_file: str = ''", "'db_password_file', which names a secret"),
    ],
)
def test_declarations_that_are_refused(
    line: str, message: str, write_notebook: WriteNotebook, project_dir: Path
) -> None:
    write_notebook("report", parameters=line)
    with pytest.raises(ParameterInvalid, match=message):
        find_notebook("report", project_dir=project_dir)


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"horizon_days": "28"}, {"horizon_days": 28}),
        ({"horizon_days": -1}, {"horizon_days": -1}),
        ({"rate": "0.25"}, {"rate": 0.25}),
        ({"rate": 2}, {"rate": 2.0}),
        ({"strict": "true"}, {"strict": True}),
        ({"strict": "False"}, {"strict": False}),
        ({"limit": "10"}, {"limit": 10}),
        ({"limit": "none"}, {"limit": None}),
        ({"since": "none"}, {"since": "none"}),
        ({"account": "56"}, {"account": "56"}),
    ],
)
def test_given_values_are_read_as_declared(
    given: dict[str, object],
    changed: dict[str, object],
    write_notebook: WriteNotebook,
    project_dir: Path,
) -> None:
    write_notebook("report", parameters=PARAMETERS)
    values = checked_parameters(find_notebook("report", project_dir=project_dir), given)
    assert values == DEFAULTS | changed
    assert [type(v) for v in values.values()] == [type(v) for v in (DEFAULTS | changed).values()]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"horizn_days": 9}, r"no parameter 'horizn_days' \(did you mean horizon_days\?"),
        ({"x": 1}, "it has account, since, horizon_days, rate, strict, limit"),
        ({"x = print(1) #": 1}, "has no parameter 'x = print"),
        ({"horizon_days": "many"}, "horizon_days is 'many', which is no int.*days ahead"),
        ({"horizon_days": 5.0}, "horizon_days is 5.0, which is no int"),
        ({"horizon_days": True}, "horizon_days is True, which is no int"),
        ({"horizon_days": "none"}, "horizon_days is 'none', which is no int"),
        ({"rate": "nan"}, "rate is 'nan', which is no float"),
        ({"strict": 1}, "strict is 1, which is no bool"),
        ({"strict": "yes"}, "strict is 'yes', which is no bool"),
        ({"limit": "ten"}, r"limit is 'ten', which is no int \| None"),
        ({"account": 7}, "account is 7, which is no str"),
    ],
)
def test_given_values_that_are_refused(
    given: dict[str, object], message: str, write_notebook: WriteNotebook, project_dir: Path
) -> None:
    write_notebook("report", parameters=PARAMETERS)
    notebook = find_notebook("report", project_dir=project_dir)
    with pytest.raises(ParameterInvalid, match=message):
        checked_parameters(notebook, given)


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "abcdefgh1234"},
        {"account": "pk_abcdefgh1234567890"},
        {"since": "postgresql://me:abcdefgh1234@host/name"},
    ],
)
def test_secrets_are_refused_and_not_repeated(
    given: dict[str, object], write_notebook: WriteNotebook, project_dir: Path
) -> None:
    write_notebook("report", parameters=PARAMETERS)
    notebook = find_notebook("report", project_dir=project_dir)
    with pytest.raises(ParameterInvalid, match="secret") as refused:
        checked_parameters(notebook, given)
    assert "abcdefgh1234" not in str(refused.value)
