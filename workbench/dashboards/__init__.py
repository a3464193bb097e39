"""Dashboards: pages of widgets for notebooks, and the server that shows them to viewers.

A notebook imports its page from the page's own module (``workbench.dashboards.overview``): the
server process has no use for what a page imports, and a page none for what the server does.
"""

from workbench.dashboards.serve import serve_dashboards

__all__ = ["serve_dashboards"]
