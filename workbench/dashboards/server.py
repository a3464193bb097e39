"""The server viewers meet: a standalone Voila that serves notebooks/dashboards and nothing else.

A viewer can look and move the controls, and can neither run code nor read a notebook's source: that
is why this is a process of its own and never an extension of JupyterLab's server. Nothing on a page
comes from another host, and the content security policy makes the browser hold to it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import webbrowser
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

import workbench
from workbench.dashboards.bundle import STATIC_ROUTE, bundle_name, vega_bundle
from workbench.dashboards.kernels import ViewerKernels
from workbench.dashboards.routes import Health, IndexPage, LastingFile, PageClosed
from workbench.errors import InputInvalid
from workbench.runs import jupyter_dir, kernel_environment
from workbench.settings import Settings

__all__ = ["VoilaServer", "dashboard_server"]

# Voila loads every installed JupyterLab extension on every page; widgets need these three.
_EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]
# Vega compiles its expressions and Voila writes inline scripts; all of it comes from this server.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)
_CELL_SECONDS = 120


def dashboard_server(
    settings: Settings, *, listener: socket.socket, open_browser: bool
) -> VoilaServer:
    """A server ready to start on a socket that listens already.

    Raises:
        InputInvalid: the project has no dashboard.
    """
    _find_templates()
    host, port = listener.getsockname()[:2]
    config = _config(_dashboards(settings), host=host, port=port)
    server = VoilaServer(config=config, open_browser=open_browser)
    server.listener = listener
    server.static_dir = vega_bundle(settings.data_dir).parent
    server.kernel_environment = kernel_environment(settings)
    server.initialize([])
    return server


class VoilaServer(Voila):  # type: ignore[misc]
    """Voila with its own pages, one static folder, a health route, and no way around them."""

    name = "voila"
    listener: socket.socket
    static_dir: Path
    kernel_environment: dict[str, str]

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings, compressed, held to this host, and to names of this machine."""
        return {
            **super().init_settings(),
            "compress_response": True,
            "allow_remote_access": not _is_loopback(self.ip),
            "headers": {"Content-Security-Policy": _POLICY},
        }

    def init_handlers(self) -> list[Any]:
        """Voila's routes without its file tree and contents API, and with ours."""
        dropped = (TornadoVoilaTreeHandler, VoilaContentsHandler, VoilaShutdownKernelHandler)
        kept = [route for route in super().init_handlers() if route[1] not in dropped]
        voila = {"voila_configuration": self.voila_configuration}
        base = self.server_url.rstrip("/")
        return [
            (f"{base}/", IndexPage, {**voila, "folder": Path(self.root_dir)}),
            (f"{base}/health", Health),
            (f"{base}/{STATIC_ROUTE}/(.*)", LastingFile, {"path": str(self.static_dir)}),
            (f"{base}/voila/api/shutdown/(.*)", PageClosed),
            *kept,
        ]

    def listen(self) -> None:
        """Serve until stopped."""
        self.listener.setblocking(False)
        HTTPServer(self.app).add_socket(self.listener)
        print(f"Dashboards at {self.display_url} (Ctrl-C stops)", flush=True)  # noqa: T201
        if self.open_browser:
            webbrowser.open(self.display_url)
        self.ioloop = IOLoop.current()
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            self.log.info("stopping")
        finally:
            self.stop()


def _find_templates() -> None:
    """Let Jupyter find this project's templates and kernel, wherever it was started from."""
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    own = str(jupyter_dir())
    if own not in known:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([own, *filter(None, known)])


def _config(folder: Path, *, host: str, port: int) -> Config:
    return Config(
        {
            "VoilaServer": {
                "ip": host,
                "port": port,
                "root_dir": str(folder),
                "config_file_paths": [],  # what viewers get is decided here, not by stray files
                "auto_token": not _is_loopback(host),
                "log_level": "ERROR",
            },
            "VoilaConfiguration": {
                "template": "workbench",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "extension_allowlist": _EXTENSIONS,
                "file_allowlist": [],
                "multi_kernel_manager_class": ViewerKernels,
                "page_config_hook": _page_config,
            },
            "VoilaExecutor": {"timeout": _CELL_SECONDS},
            # a kernel started anew knows nothing of its page, which says so and offers to reload
            "KernelRestarter": {"restart_limit": 0},
            # no TCP port is taken, and no other user of the machine can listen in
            "KernelManager": {"transport": "ipc" if os.name == "posix" else "tcp"},
        }
    )


def _page_config(config: dict[str, Any], *, base_url: str, **_: Any) -> dict[str, Any]:
    return {**config, "chartScriptUrl": f"{base_url}{STATIC_ROUTE}/{bundle_name()}"}


def _dashboards(settings: Settings) -> Path:
    packaged = Path(workbench.__file__).resolve().parent / "_notebooks"
    for folder in (settings.project_dir / "notebooks", packaged):
        if any((folder / "dashboards").glob("*.ipynb")):
            return folder / "dashboards"
    raise InputInvalid(
        f"{settings.project_dir} holds no dashboard",
        hint="run this in the project's folder, or set WORKBENCH_PROJECT_DIR",
    )


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback
