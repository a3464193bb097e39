"""Starting the dashboard server: the address first, everything else after it."""

from __future__ import annotations

import errno
import socket

from workbench.errors import InputInvalid, PortTaken
from workbench.settings import Settings

__all__ = ["serve_dashboards"]


def serve_dashboards(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8866,
    open_browser: bool = False,
) -> None:
    """Serve the dashboards until Ctrl-C or SIGTERM; prints their address once it answers.

    Args:
        settings: whose notebooks/dashboards are served, and what their kernels are told.
        host: address to listen on; anything but loopback asks viewers for a token.
        port: TCP port; 0 takes a free one.
        open_browser: also open the address in this machine's browser.

    Raises:
        PortTaken: another process listens on that port.
        InputInvalid: the address cannot be listened on, or the project has no dashboard.
    """
    listener = _listener(host, port)
    # imported once the port is ours: it takes seconds, and a notebook of widgets never needs it
    from workbench.dashboards.server import dashboard_server

    dashboard_server(settings, listener=listener, open_browser=open_browser).start()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"another process listens on {host}:{port}",
                hint="stop it, or choose another port: workbench dashboards --port 8867",
            ) from None
        raise InputInvalid(
            f"cannot listen on {host}:{port}: {error.strerror}",
            hint="choose an address of this machine and a port above 1023",
        ) from None
