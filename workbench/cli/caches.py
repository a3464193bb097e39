"""workbench status --cache: how often a result was there already."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from workbench.cli.data import ready_database
from workbench.db import read_frame
from workbench.settings import read_settings

__all__ = ["show_cache"]

_COLUMNS = {
    "statement": "statement",
    "count_reads": "reads",
    "from_memory": "memory",
    "from_database": "database",
    "computed": "computed",
    "failed": "failed",
    "hit_rate": "hits",
    "count_results": "kept",
    "count_bytes": "bytes",
}
_WIDTH = 120  # of the table


def show_cache(*, as_json: bool) -> None:
    """Print one row per statement whose results are kept, the most read first."""
    with ready_database(read_settings()) as opened:
        rates = read_frame(opened, "reads/cache/hit_rate")
    rows = rates.astype(object).mask(rates.isna(), None).to_dict("records")
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table(title="results of the last 30 days")
    for name, heading in _COLUMNS.items():
        table.add_column(heading, justify="left" if name == "statement" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_text(str(name), row[name]) for name in _COLUMNS))
    # a name cut short cannot be looked up: rather wider than a narrow terminal
    Console(width=max(Console().width, _WIDTH)).print(table)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "hit_rate":
        return f"{value:.0%}"
    return value if isinstance(value, str) else f"{value:,}"
