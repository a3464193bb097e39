"""workbench dictionary: what every table and column means."""

from __future__ import annotations

import json
from dataclasses import asdict

from workbench.cli.data import JSON, ready_database
from workbench.db import dictionary_text, read_dictionary
from workbench.settings import read_settings

__all__ = ["dictionary"]


def dictionary(as_json: JSON = False) -> None:
    """Print the dictionary of the data: tables, views and columns, as Markdown.

    Example: workbench dictionary > docs/data-dictionary.md
    """
    with ready_database(read_settings()) as opened:
        relations = read_dictionary(opened)
    if as_json:
        print(json.dumps([asdict(relation) for relation in relations], indent=2))
    else:
        print(dictionary_text(relations), end="")
