"""Tables of a page: columns of words stand left, columns of numbers right."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

__all__ = ["aligned_tables"]

_LETTER = re.compile(r"[^\W\d_]")


def aligned_tables(html: str) -> str:
    """The same HTML with the class ``text`` on each cell of a table column that holds words.

    A frame's own HTML does not say which columns are numbers. Tables with merged cells are left
    as they are.

    >>> aligned_tables("<table><tr><td>email</td><td>2,114</td></tr></table>")
    '<table><tr><td class="text">email</td><td>2,114</td></tr></table>'
    """
    if "<table" not in html:
        return html
    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        rows = [row.find_all(["th", "td"], recursive=False) for row in table.find_all("tr")]
        if len({len(row) for row in rows}) != 1:
            continue
        for column in zip(*rows, strict=True):
            if _holds_words([cell.get_text() for cell in column if cell.name == "td"]):
                _mark(column)
    return str(soup)


def _holds_words(texts: list[str]) -> bool:
    filled = [text for text in texts if text.strip()]
    words = [t for t in filled if len(_LETTER.findall(t)) > sum(map(str.isdigit, t))]
    return 2 * len(words) > len(filled)


def _mark(cells: tuple[Tag, ...]) -> None:
    for cell in cells:
        cell["class"] = " ".join([*cell.get_attribute_list("class"), "text"])
