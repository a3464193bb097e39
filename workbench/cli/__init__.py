"""The command line: one command a task, tables for people, --json for programs.

Exit 0 done, 1 a WorkbenchError (its message and hint, no traceback unless --debug), 2 usage.
"""

from workbench.cli.app import main

__all__ = ["main"]
