"""What the dashboard server answers besides Voila's own pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import StaticFileHandler, authenticated
from voila.handler import BaseVoilaHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

__all__ = ["Health", "IndexPage", "LastingFile", "PageClosed"]


class IndexPage(BaseVoilaHandler):  # type: ignore[misc]
    """The list of dashboards; with only one, that one."""

    def initialize(self, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.folder: Path = kwargs["folder"]

    @authenticated
    async def get(self) -> None:
        names = sorted(path.stem for path in self.folder.glob("*.ipynb"))
        if len(names) == 1:
            self.redirect(f"{self.base_url}voila/render/{names[0]}.ipynb")
            return
        pages = [(name, _title(self.folder / f"{name}.ipynb")) for name in names]
        self.write(self.render_template("index.html", pages=pages))


class Health(JupyterHandler):
    """Whether the server answers, and how many pages are open."""

    @allow_unauthenticated
    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps({"status": "ok", "kernels": len(self.kernel_manager)}))


class PageClosed(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Stops the kernel of a page that was closed.

    The browser sends this as a beacon, which cannot carry the xsrf header that Voila asks for
    (voila issue 1458); knowing the kernel's random id is the permission.
    """

    def check_xsrf_cookie(self) -> None:
        return None


class LastingFile(StaticFileHandler):
    """A file whose name holds its version, so that a browser asks for it once."""

    def get_cache_time(self, *_: Any) -> int:
        return self.CACHE_MAX_AGE


def _title(notebook: Path) -> str:
    metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
    return str(metadata.get("title", notebook.stem))
