"""The values given to a notebook, held against what it declares."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from workbench.errors import ParameterInvalid
from workbench.runs.notebooks import Notebook
from workbench.runs.parameters import Parameter, Value
from workbench.runs.redaction import holds_secret, names_secret

__all__ = ["checked_parameters"]


def checked_parameters(notebook: Notebook, given: Mapping[str, object]) -> dict[str, Value]:
    """Every parameter of the notebook with the value it will have.

    Args:
        notebook: what declares them.
        given: value by name; text is read as the declared type, so ``"56"`` is 56 for an int.

    Raises:
        ParameterInvalid: a name is not declared, a value is not of the declared type, or either is
            a secret's.
    """
    known = {parameter.name: parameter for parameter in notebook.parameters}
    for name in given:
        if name not in known:
            raise _unknown(name, notebook)
    return {
        p.name: _value(p, given[p.name]) if p.name in given else p.default for p in known.values()
    }


def _value(parameter: Parameter, value: object) -> Value:
    if holds_secret(str(value)):
        raise ParameterInvalid(
            f"the value of {parameter.name} looks like a secret",
            hint="parameters are stored with the run; put secrets in the environment",
        )
    try:
        return parameter.typed(value)
    except ValueError:
        raise ParameterInvalid(
            f"{parameter.name} is {value!r}, which is no {parameter.annotation}",
            hint=f"for example -p {parameter.name} {parameter.default}  ({parameter.help})",
        ) from None


def _unknown(name: str, notebook: Notebook) -> ParameterInvalid:
    if names_secret(name):
        return ParameterInvalid(
            f"{name!r} names a secret, and {notebook.name} has no such parameter",
            hint="parameters are stored with the run; put secrets in the environment",
        )
    names = [parameter.name for parameter in notebook.parameters]
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    listed = f"it has {', '.join(names)}" if names else "it has none"
    return ParameterInvalid(f"{notebook.name} has no parameter {name!r}", hint=f"{meant}{listed}")
