"""SQL in a notebook: ``%load_ext workbench``, then ``%sql`` for a line and ``%%sql`` for a cell.

    %%sql orders <<
    select day, count(*) as orders from mart.orders where day >= :since group by day order by day

Values come from the notebook's own variables, named ``:since`` or ``%(since)s``: they are bound and
never pasted into the statement. With ``name <<`` the rows are kept in a variable; without it they
are shown, the first twenty of them.
"""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.core.display import HTML
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import display

from workbench.errors import WorkbenchError
from workbench.load import RowsCut, sql

__all__ = ["Shown", "SqlFailed", "SqlMagics"]

_SHOWN = 20
_KEPT_IN = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*<<(?P<rest>.*)", re.DOTALL)


class Shown:
    """Rows as a notebook shows them: the first twenty, and how many there are.

    Args:
        frame: the rows.
        note: what else there is to say of them.

    Attributes:
        frame: the rows.
    """

    def __init__(self, frame: pd.DataFrame, *, note: str = "") -> None:
        self.frame = frame
        self._note = note

    def __repr__(self) -> str:
        return f"{self.frame.head(_SHOWN).to_string(index=False)}\n{self._count}"

    def _repr_html_(self) -> str:
        table = self.frame.head(_SHOWN).to_html(index=False, border=0, na_rep="", notebook=True)
        return f"{table}<p>{html.escape(self._count)}</p>"

    @property
    def _count(self) -> str:
        count = len(self.frame)
        said = "1 row" if count == 1 else f"{count:,} rows"
        if count > _SHOWN:
            said += f", the first {_SHOWN} shown"
        return f"{said}; {self._note}" if self._note else said


@magics_class
class SqlMagics(Magics):
    """The two magics."""

    shell: InteractiveShell

    # without it IPython would paste {names} and $names into the statement
    @no_var_expand
    @line_cell_magic("sql")  # type: ignore[arg-type]
    def ask(self, line: str, cell: str | None = None) -> Shown | None:
        """Ask one select; a mistake is told in a few lines, and the cell fails.

        Args:
            line: the statement, or ``name <<`` before it.
            cell: more of it.
        """
        text = line if cell is None else f"{line}\n{cell}"
        kept = _KEPT_IN.match(text)
        try:
            frame, note = _asked(kept["rest"] if kept else text, self.shell.user_ns)
        except WorkbenchError as error:
            raise SqlFailed(error.message, hint=error.hint) from None
        if kept is None:
            return Shown(frame, note=note)
        self.shell.user_ns[kept["name"]] = frame
        if note:
            display(HTML(f"<p>{html.escape(note)}</p>"))  # type: ignore[no-untyped-call]
        return None


class SqlFailed(WorkbenchError):
    """A statement of a notebook could not be answered; shown without its traceback."""

    def _render_traceback_(self) -> list[str]:
        return [self.message, f"  try: {self.hint}"] if self.hint else [self.message]


def _asked(text: str, names: Mapping[str, Any]) -> tuple[pd.DataFrame, str]:
    """The rows, and a note where there are more of them."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RowsCut)
        frame = sql(text, names)
    cut = [str(each.message) for each in said if issubclass(each.category, RowsCut)]
    return frame, cut[0] if cut else ""
