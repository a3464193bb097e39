"""A SQL file as single statements, so that an error can name the line it began at."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["statements_in"]

_TOKEN = re.compile(
    r"""
      [eE]'(?:[^'\\]|\\.|'')*'                      # string with escapes
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)     # body of a function
    | --[^\n]*
    | /\*.*?\*/
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_LEAD = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)


def statements_in(text: str) -> Iterator[tuple[int, str]]:
    """Each statement of a SQL file, with the line it begins at.

    Semicolons within strings, names, comments and dollar quotes do not end a statement; a body
    written ``begin atomic`` is not understood.

    >>> list(statements_in("-- two\\nselect ';';\\nselect 2"))
    [(2, "select ';';"), (3, 'select 2')]
    """
    start = 0
    for end in [*(token.end() for token in _TOKEN.finditer(text) if token["end"]), len(text)]:
        lead = _LEAD.match(text, start, end)
        begin = lead.end() if lead else start
        if body := text[begin:end].rstrip():
            yield 1 + text.count("\n", 0, begin), body
        start = end
