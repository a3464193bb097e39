"""A project with tiny notebooks, made anew for each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbench.settings import Settings


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "notebooks").mkdir(parents=True)
    return folder


@pytest.fixture
def write_notebook(project_dir: Path) -> Callable[..., Path]:
    """Writes a notebook: a title, a cell of parameters unless empty, then code cells."""

    def write(name: str, *cells: str, title: str = "A question", parameters: str = "") -> Path:
        nodes = [new_markdown_cell(f"# {title}\n\nSome prose.")]
        if parameters:
            nodes.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        nodes.extend(new_code_cell(cell) for cell in cells)
        spec = {"name": "workbench", "display_name": "Workbench (Python)", "language": "python"}
        path = project_dir / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=nodes, metadata={"kernelspec": spec}), path)
        return path

    return write


@pytest.fixture
def tiny_settings(embedded_settings: Settings, project_dir: Path) -> Settings:
    """The settings of embedded_database, with the tiny project."""
    return replace(embedded_settings, project_dir=project_dir)
