"""Vega, Vega-Lite and vega-embed as one script of our own: made once, kept, served as a file."""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version
from pathlib import Path

__all__ = ["STATIC_ROUTE", "bundle_name", "vega_bundle"]

STATIC_ROUTE = "workbench/static"


def bundle_name() -> str:
    """File name of the script; holds the version it was made from, so that it may be cached."""
    return f"vega-embed-{version('vl-convert-python')}-{version('altair')}.js"


def vega_bundle(data_dir: Path) -> Path:
    """The script, an ES module whose default export is vegaEmbed.

    Args:
        data_dir: folder whose static/ keeps it; making it takes some 6 s, once a version.
    """
    path = data_dir / "static" / bundle_name()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_script())
        os.replace(partial, path)
    return path


def _script() -> str:
    import vl_convert
    from altair import SCHEMA_VERSION

    # "v6.1.0" of the schema is "v6_1" to vl-convert
    vega_lite = "_".join(SCHEMA_VERSION.split(".")[:2])
    return str(vl_convert.javascript_bundle("export default vegaEmbed;", vl_version=vega_lite))
