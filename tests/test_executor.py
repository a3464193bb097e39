"""Work that fans out: the same results in the same order, whoever does it."""

from __future__ import annotations

import io
import os
import sys

import distributed
import numpy as np
import pytest

from workbench import executor
from workbench.errors import DataMissing, InputInvalid, WorkFailed
from workbench.executor import Workers, mapped

ITEMS = (400, 3, 50, 7)


def solved(size: int) -> tuple[float, ...]:
    """Linear algebra whose last digits depend on the number of threads."""
    random = np.random.default_rng(size)
    matrix = random.normal(size=(size, size))
    return tuple(np.linalg.solve(matrix @ matrix.T + np.eye(size), random.normal(size=size)))


def told(item: int) -> int:
    """The process that did it, and whether linear algebra was told to keep to one thread."""
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    return os.getpid()


def refused(item: int) -> int:
    if item == 7:
        raise DataMissing("nothing there", hint="sync first")
    return item


def divided(item: int) -> float:
    return 1 / (item - 3)


def ended(item: int) -> None:
    os._exit(3)


def test_results_are_the_same_whoever_works(scheduler: str) -> None:
    expected = mapped(solved, ITEMS, workers=Workers(1))
    assert [len(result) for result in expected] == list(ITEMS)
    assert mapped(solved, ITEMS, workers=Workers(2)) == expected
    assert mapped(solved, ITEMS, workers=Workers(1, scheduler=scheduler)) == expected


def test_two_workers_share_the_work_and_dask_s_are_its_own(scheduler: str) -> None:
    here = mapped(told, range(8), workers=Workers(2))
    assert 1 <= len(set(here)) <= 2
    assert os.getpid() not in here
    there = mapped(told, range(20), workers=Workers(2, scheduler=scheduler))
    assert len(set(there)) == 2
    assert not set(here) & set(there)


def test_what_the_processes_are_told_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    mapped(told, [1], workers=Workers(1))
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize("is_dask", [False, True])
def test_a_failure_names_its_item(scheduler: str, is_dask: bool) -> None:
    workers = Workers(2, scheduler=scheduler if is_dask else "")
    with pytest.raises(WorkFailed, match=r"^shop 7: nothing there") as failed:
        mapped(refused, ITEMS, workers=workers, name=lambda item: f"shop {item}")
    assert failed.value.hint == "sync first"
    with pytest.raises(WorkFailed, match=r"^3: ZeroDivisionError: ") as divided_by:
        mapped(divided, ITEMS, workers=workers)
    assert isinstance(divided_by.value.__cause__, ZeroDivisionError)
    assert mapped(refused, [1, 2], workers=workers) == [1, 2]  # and the next work is done


def test_a_process_that_ends_is_told_of() -> None:
    with pytest.raises(WorkFailed, match="the process that worked on it ended") as failed:
        mapped(ended, [1], workers=Workers(1))
    assert "fewer processes" in failed.value.hint


def test_nothing_to_do_asks_nobody() -> None:
    assert mapped(divided, [], workers=Workers(0, scheduler="tcp://127.0.0.1:1")) == []


def test_workers_that_cannot_be_used() -> None:
    with pytest.raises(InputInvalid, match="processes is 0"):
        mapped(divided, [1], workers=Workers(0))
    with pytest.raises(InputInvalid, match=r"no Dask scheduler answers at nowhere://x"):
        mapped(divided, [1], workers=Workers(1, scheduler="nowhere://x"))


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "_CONNECT_SECONDS", 0.2)
    with pytest.raises(InputInvalid, match=r"answers at tcp://127\.0\.0\.1:9") as no:
        mapped(divided, [1], workers=Workers(1, scheduler="tcp://127.0.0.1:9"))
    assert "unset WORKBENCH_DASK_SCHEDULER" in no.value.hint


def test_a_scheduler_without_workers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "_CONNECT_SECONDS", 2)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        pytest.raises(InputInvalid, match="has no workers") as idle,
    ):
        mapped(divided, [1], workers=Workers(1, scheduler=cluster.scheduler_address))
    assert f"dask worker {cluster.scheduler_address}" in idle.value.hint


def test_without_dask_the_line_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputInvalid, match="Dask is not installed") as missing:
        mapped(divided, [1], workers=Workers(1, scheduler="tcp://127.0.0.1:1"))
    assert "pip install 'workbench[dask]'" in missing.value.hint


def test_there_is_no_bar_where_the_output_is_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.StringIO()
    monkeypatch.setattr(sys, "stderr", piped)
    mapped(refused, [1, 2], workers=Workers(1), title="work")
    assert piped.getvalue() == ""


def test_on_a_terminal_a_bar_counts_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    mapped(refused, [1, 2], workers=Workers(1), title="forecast")
    assert "forecast" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
