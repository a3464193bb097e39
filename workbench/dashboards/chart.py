"""One chart on a page: drawn by Vega in the browser, or still where Vega is not served.

The drawing library is a file of the dashboard server, fetched once and cached, so that only the
specification travels from the kernel. JupyterLab has no such route: there the widget asks the
kernel for the same figure as SVG.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench.dashboards.bundle import STATIC_ROUTE, bundle_name

__all__ = ["ChartView"]


class ChartView(anywidget.AnyWidget):
    """Shows one altair chart at a time, as wide as the page lets it.

    Args:
        label: what the chart shows, for a reader who cannot see it.
    """

    _esm = Path(__file__).with_name("chart.js")

    script = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    wants_svg = traitlets.Bool(False).tag(sync=True)
    svg = traitlets.Unicode().tag(sync=True)

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, script=f"{STATIC_ROUTE}/{bundle_name()}")
        self._chart: Any = None

    def show(self, chart: Any) -> None:
        """Replace what is shown by an altair chart; its title is the page's to say."""
        self._chart = chart
        spec = chart.to_dict(validate=False)  # a third of the time; the charts' tests validate
        spec.pop("title", None)
        self.label = spec.get("description", self.label)
        self.spec = spec
        self._draw_still()

    @traitlets.observe("wants_svg")
    def _draw_still(self, _: Any = None) -> None:
        if self.wants_svg and self._chart is not None:
            from workbench.charts import static_svg

            self.svg = static_svg(self._chart)
