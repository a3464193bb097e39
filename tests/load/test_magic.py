"""%sql and %%sql in a real kernel: what a notebook shows, keeps, and is told."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import nbclient
import nbformat
import pytest

from workbench.settings import Settings

from .conftest import Book


@pytest.fixture
def run(
    embedded_settings: Settings,
    new_embedded_book: Callable[..., Book],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., list[Any]]:
    """Runs cells in a kernel of their own; gives the outputs of the last one."""
    book = new_embedded_book()
    for number in range(25):
        book.order(f"2026-10-{number + 1:02} 15:00+00", number)
    book.refresh()
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", str(embedded_settings.database_url))

    def cells(*sources: str) -> list[Any]:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(each) for each in ("%load_ext workbench", *sources)]
        )
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", allow_errors=True
        )
        client.execute()
        assert notebook.cells[0].outputs == []
        return list(notebook.cells[-1].outputs)

    return cells


def html(output: Any) -> str:
    return " ".join(re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", output.data["text/html"]).split())


def test_a_cell_shows_twenty_rows_and_says_how_many_there_are(run: Callable[..., Any]) -> None:
    [shown] = run("%%sql\nselect day, revenue\nfrom mart.orders order by day")
    assert shown.output_type == "execute_result"
    assert html(shown).startswith("day revenue 2026-10-01 0.0 2026-10-02 1.0")
    assert html(shown).endswith("2026-10-20 19.0 25 rows, the first 20 shown")
    assert shown.data["text/plain"].endswith("25 rows, the first 20 shown")


def test_variables_are_bound_and_never_pasted(run: Callable[..., Any]) -> None:
    [shown] = run(
        """
        import datetime as dt
        name = "'; drop table mart.orders; --"
        since = dt.date(2026, 10, 24)
        """,
        "%sql select count(*) as n, :name as a, %(name)s as b, '{name} $name' as c"
        " from mart.orders where day >= :since and 'x%' like 'x%'",
    )
    name = "'; drop table mart.orders; --"
    assert html(shown) == f"n a b c 2 {name} {name} {{name}} $name 1 row"


def test_rows_are_kept_in_a_variable(run: Callable[..., Any]) -> None:
    assert run("%%sql found <<\nselect day, revenue from mart.orders") == []
    [shown] = run(
        "%%sql found <<\nselect day, revenue\nfrom mart.orders",
        "one = %sql select 1 as n",
        "one.frame.n[0], type(found).__name__, len(found), str(found.day.dtype)",
    )
    assert shown.data["text/plain"] == "(np.int64(1), 'DataFrame', 25, 'datetime64[ns]')"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "select revnue\nfrom mart.orders",
            'column "revnue" does not exist\nline 1: select revnue\n               ^\n'
            "  try: did you mean revenue",
        ),
        ("select :nowhere", "the parameter :nowhere has no value"),
        ("delete from mart.orders", 'syntax error at or near "delete"\nline 1: delete from'),
        ("select 1; drop table mart.orders", "cannot insert multiple commands"),
    ],
)
def test_a_mistake_is_told_in_a_few_lines_and_fails_the_cell(
    run: Callable[..., Any], text: str, told: str
) -> None:
    [error] = run(f"%%sql\n{text}")
    assert error.output_type == "error"
    assert error.ename == "SqlFailed"
    said = "\n".join(error.traceback)
    assert said.startswith(told)
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 4


def test_a_result_that_is_cut_says_so(run: Callable[..., Any]) -> None:
    [shown] = run("%sql select n from generate_series(1, 1000001) as n")
    assert html(shown).endswith(
        "1,000,000 rows, the first 20 shown;"
        " only the first 1,000,000 rows were read, there are more: max_rows=None reads all"
    )


def test_the_package_costs_nothing_to_import() -> None:
    heavy = "{'pandas', 'IPython', 'psycopg', 'numpy'}"
    code = f"import sys, workbench; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
