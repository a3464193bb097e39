"""Statements are found in a checkout and in an installed wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import REPOSITORY

from workbench.db import statement
from workbench.db.statements import SQL_ROOT


def test_text_is_that_of_the_file() -> None:
    path = next(SQL_ROOT.rglob("*.sql")).relative_to(SQL_ROOT)
    assert statement(str(path.with_suffix(""))) == (SQL_ROOT / path).read_text(encoding="utf-8")


def test_missing_one_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"reads/no_such_read\.sql"):
        statement("reads/no_such_read")


def test_wheel_carries_them_inside_the_package(tmp_path: Path) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    inside = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["sql"]
    shutil.copytree(REPOSITORY / "workbench", tmp_path / "workbench")
    shutil.copytree(REPOSITORY / "sql", tmp_path / inside)
    program = "from workbench.db.statements import SQL_ROOT, statement; print(SQL_ROOT)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tmp_path / inside
