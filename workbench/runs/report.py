"""An executed notebook as one HTML file that opens offline and prints well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from workbench.runs.kernel import jupyter_dir
from workbench.runs.tables import aligned_tables

__all__ = ["report_html"]

_RICHEST_FIRST = [
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/plain",
]


def report_html(document: Any, *, title: str, facts: Mapping[str, Any]) -> str:
    """The prose and outputs of a notebook, without code, prompts or anything sent to stderr.

    The page forbids itself scripts and requests, so an output that asks for them shows without.

    Args:
        document: an executed notebook.
        title: of the page.
        facts: what params.json says; told in the footer, a failure also at the top.
    """
    from nbconvert import HTMLExporter  # takes seconds to import
    from traitlets.config import Config

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        config=Config({"NbConvertBase": {"display_data_priority": _RICHEST_FIRST}}),
        template_name="workbench_report",
        extra_template_basedirs=[str(jupyter_dir() / "nbconvert" / "templates")],
        exclude_anchor_links=True,
    )
    exporter.filters = {"aligned": aligned_tables, "moment": _moment}
    resources = {"workbench": {"title": title, **facts}}
    body, _ = exporter.from_notebook_node(document, resources=resources)
    return str(body)


def _moment(iso: str) -> str:
    moment = dt.datetime.fromisoformat(iso)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
