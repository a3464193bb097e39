"""The same figure as a still picture: SVG text, drawn without browser and without network."""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any

from workbench.charts.theme import Figure

__all__ = ["static_svg", "svg_html"]

_ID = re.compile(r'(?<=id=")(?:clip|gradient)_?\d+(?=")|(?<=url\(#)(?:clip|gradient)_?\d+(?=\))')


def static_svg(chart: Figure, *, width: int | None = None, height: int | None = None) -> str:
    """The chart as a self-contained SVG element.

    Args:
        chart: any figure of this room.
        width: pixels of the plotting area, shared in proportion by panels side by side; None keeps
            the chart's own.
        height: pixels of the plotting area; None keeps the chart's own.
    """
    import vl_convert

    specification = chart.to_dict()
    _drop_tooltips(specification)
    _resize(specification, width=width, height=height)
    svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return _own_ids(svg)


def svg_html(chart: Figure, *, width: int | None = None, height: int | None = None) -> str:
    """The static picture as an HTML figure that shrinks with the page and can be read aloud.

    Args:
        chart: any figure of this room; its description becomes the picture's text.
        width: as in ``static_svg``.
        height: as in ``static_svg``.
    """
    svg = static_svg(chart, width=width, height=height)
    text = html.escape(str(chart.to_dict().get("description", "")))
    spoken = f'<svg role="img" aria-label="{text}" style="max-width:100%;height:auto" '
    svg = svg.replace("<svg ", spoken, 1)
    svg = svg.replace(">", f"><title>{text}</title>", 1)
    return f'<figure class="chart">{svg}</figure>'


def _drop_tooltips(specification: dict[str, Any]) -> None:
    """Leave out the invisible columns of ``daily.hover``: a picture cannot be hovered over."""
    if "layer" in specification:
        specification["layer"] = [
            layer
            for layer in specification["layer"]
            if not layer.get("name", "").startswith("hover_")
        ]


def _resize(specification: dict[str, Any], *, width: int | None, height: int | None) -> None:
    panels = specification.get("hconcat", [specification])
    if width is not None:
        drawn = sum(panel["width"] for panel in panels)
        for panel in panels:
            panel["width"] = panel["width"] * width / drawn
    if height is not None:
        for panel in panels:
            panel["height"] = height


def _own_ids(svg: str) -> str:
    """The same picture with ids that follow from its content.

    vl-convert numbers clip paths through the life of the process, so that the same chart gives
    another text each time, and two processes give two pictures of one page the same ids.
    """
    order = {name: n for n, name in enumerate(dict.fromkeys(_ID.findall(svg)))}
    numbered = _ID.sub(lambda match: f"part{order[match[0]]}", svg)
    digest = hashlib.sha256(numbered.encode()).hexdigest()[:10]
    return _ID.sub(lambda match: f"part-{digest}-{order[match[0]]}", svg)
