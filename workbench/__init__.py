"""Analytics workbench for Klaviyo accounts: sync, metrics, forecasts, reports and dashboards."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give a notebook the magics %sql and %%sql: what ``%load_ext workbench`` calls."""
    # by name: every room imports this package, and none may hang on notebooks by that
    shell.register_magics(import_module("workbench.magics").SqlMagics)
