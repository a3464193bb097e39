"""The notebooks of a project: which there are, and what each declares."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import NotebookMissing
from workbench.runs.parameters import Parameter, declared_parameters

__all__ = ["Notebook", "find_notebook", "notebook_list"]


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook as it stands on disk.

    Attributes:
        name: below notebooks/ and without the suffix, such as ``"dashboards/overview"``.
        path: the file.
        title: its first markdown heading, or its name.
        parameters: what its cell tagged ``parameters`` declares, in that order.
        sha256: of the file.
    """

    name: str
    path: Path = field(repr=False)
    title: str
    parameters: tuple[Parameter, ...]
    sha256: str = field(repr=False)


def find_notebook(name: str, *, project_dir: Path) -> Notebook:
    """The notebook of that name.

    Args:
        name: such as ``"report_weekly"``; ``"notebooks/report_weekly.ipynb"`` is understood too.
        project_dir: folder that holds notebooks/.

    Raises:
        NotebookMissing: there is none, or it is no notebook file.
        ParameterInvalid: its parameters cell cannot be read.
    """
    wanted = name.removeprefix("./").removeprefix("notebooks/").removesuffix(".ipynb")
    names = _names(project_dir)
    if wanted in names:
        return _notebook(wanted, project_dir=project_dir)
    near = difflib.get_close_matches(wanted, names, n=3)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise NotebookMissing(
        f"no notebook {name!r} in {project_dir / 'notebooks'}",
        hint=f"{meant}list them: workbench notebooks",
    )


def notebook_list(project_dir: Path) -> list[Notebook]:
    """All notebooks of a project, sorted by name.

    Args:
        project_dir: folder that holds notebooks/.

    Raises:
        NotebookMissing: a file is no notebook.
        ParameterInvalid: a parameters cell cannot be read.
    """
    return [_notebook(name, project_dir=project_dir) for name in _names(project_dir)]


def _names(project_dir: Path) -> list[str]:
    root = project_dir / "notebooks"
    paths = (path.relative_to(root) for path in root.rglob("*.ipynb"))
    visible = (p for p in paths if not any(part.startswith(".") for part in p.parts))
    return sorted(path.with_suffix("").as_posix() for path in visible)


def _notebook(name: str, *, project_dir: Path) -> Notebook:
    path = project_dir / "notebooks" / f"{name}.ipynb"
    content = path.read_bytes()
    try:
        cells = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError):
        raise NotebookMissing(
            f"{path} is no Jupyter notebook of format 4", hint="save it again in JupyterLab"
        ) from None
    tagged = (c for c in cells if "parameters" in c["metadata"].get("tags", []))
    source = _source(next(tagged, {}))
    return Notebook(
        name=name,
        path=path,
        title=_title(cells) or name,
        parameters=declared_parameters(source, notebook=name),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _title(cells: list[dict[str, Any]]) -> str:
    prose = (_source(cell) for cell in cells if cell["cell_type"] == "markdown")
    lines = (line for text in prose for line in text.splitlines())
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), "")


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell.get("source", ""))  # a list of lines on disk, one string elsewhere
