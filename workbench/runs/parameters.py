"""The parameters a notebook declares, read from its cell without a kernel.

The cell tagged ``parameters`` is a function signature: one annotated assignment a line, whose
trailing comment is the help.

    since: str = "2025-01-01"     # first day used, ISO date, account timezone
    horizon_days: int = 56        # days ahead
"""

from __future__ import annotations

import ast
import io
import math
import tokenize
from dataclasses import dataclass

from workbench.errors import ParameterInvalid
from workbench.runs.redaction import names_secret

__all__ = ["Parameter", "Value", "declared_parameters"]

Value = str | int | float | bool | None

_KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_WORDS: dict[str, Value] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of a parameters cell.

    Attributes:
        name: a Python identifier.
        annotation: as written, such as ``"str | None"``.
        default: the value used when none is given.
        help: the trailing comment.
    """

    name: str
    annotation: str
    default: Value
    help: str = ""

    def typed(self, value: object) -> Value:
        """The value in the annotated type; text, as from a command line, is read first.

        >>> Parameter("horizon_days", "int", 56).typed("28")
        28

        Raises:
            ValueError: it cannot be had in that type.
        """
        kind, *none = self.annotation.split(" | ")
        if isinstance(value, str) and (kind != "str" or (none and value.lower() == "none")):
            value = _read(value.strip(), kind=_KINDS[kind])
        if value is None and none:
            return None
        if kind == "float" and type(value) is int:
            value = float(value)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(value)  # JSON has no nan
        if isinstance(value, str | int | float) and type(value) is _KINDS[kind]:
            return value
        raise ValueError(value)


def declared_parameters(source: str, *, notebook: str) -> tuple[Parameter, ...]:
    """The parameters that a cell declares, in its order.

    Args:
        source: text of the cell tagged ``parameters``.
        notebook: its notebook's name, for messages.

    Raises:
        ParameterInvalid: a line is no annotated assignment of a plain value, its default is not of
            its type, or its name is that of a secret.
    """
    try:
        nodes = ast.parse(source).body
    except SyntaxError as error:
        raise _undeclared(notebook, f"line {error.lineno}") from None
    comments = _comments(source)
    lines = source.splitlines()
    found = []
    for node in nodes:
        try:
            found.append(_declared(node, help=comments.get(node.end_lineno, "")))
        except ValueError:
            raise _undeclared(notebook, repr(lines[node.lineno - 1].strip())) from None
        if names_secret(found[-1].name):
            raise ParameterInvalid(
                f"{notebook} declares the parameter {found[-1].name!r}, which names a secret",
                hint="parameters are stored with the run; read secrets from the environment",
            )
    return tuple(found)


def _declared(node: ast.stmt, *, help: str) -> Parameter:
    match node:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            kind, *rest = ast.unparse(node.annotation).split(" | ")
            if kind not in _KINDS or rest not in ([], ["None"]):
                raise ValueError(kind)
            draft = Parameter(name, " | ".join([kind, *rest]), None, help)
            default = ast.literal_eval(value)
            if isinstance(default, str) and kind != "str":
                raise ValueError(default)
            return Parameter(name, draft.annotation, draft.typed(default), help)
        case _:
            raise ValueError(node)


def _comments(source: str) -> dict[int | None, str]:
    """Comment by line number; read as tokens, because a string may hold a #."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def _undeclared(notebook: str, where: str) -> ParameterInvalid:
    return ParameterInvalid(
        f"the parameters cell of {notebook} cannot be read at {where}",
        hint="write each line as  name: str = 'value'  # help  (str, int, float, bool; | None)",
    )


def _read(text: str, *, kind: type) -> Value:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if kind is bool:
        raise ValueError(text)
    value: Value = kind(text)
    return value
