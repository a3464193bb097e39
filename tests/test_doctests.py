"""The examples in docstrings say what happens."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import workbench


def test_every_example_in_a_docstring_holds() -> None:
    names = [module.name for module in pkgutil.walk_packages(workbench.__path__, "workbench.")]
    results = {
        name: doctest.testmod(importlib.import_module(name))
        for name in names
        if not name.endswith("__main__")
    }
    assert [name for name, result in results.items() if result.failed] == []
    assert sum(result.attempted for result in results.values()) > 20
