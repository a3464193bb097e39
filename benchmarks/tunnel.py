"""An HTTP proxy that leads clients to the sandbox which know only Klaviyo's own address.

They are told of it by HTTPS_PROXY, and their Python trusts the sandbox's certificate in place of
certifi's, so that nothing of them is changed. Whatever else they ask for is refused and remembered.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

__all__ = ["KLAVIYO", "Tunnel"]

KLAVIYO = "a.klaviyo.com"
_CHUNK = 1 << 18
# some take certifi's bundle whatever the environment says, so it is certifi that has to be asked
_TRUST = """import os
import certifi
certifi.where = lambda: os.environ["SSL_CERT_FILE"]
"""


class Tunnel:
    """Leads CONNECT a.klaviyo.com:443 to one server, for the length of a with block.

    Args:
        url: of the server, which has to hold a certificate for that name.

    Attributes:
        refused: other hosts that were asked for.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.refused: list[str] = []

    @property
    def url(self) -> str:
        """What HTTPS_PROXY has to be."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def environment(self, folder: Path, *, certificate: Path) -> dict[str, str]:
        """The variables of a process that is led through here.

        Args:
            folder: gets what its Python runs first.
            certificate: of the server.
        """
        (folder / "sitecustomize.py").write_text(_TRUST)
        trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(certificate))
        return {**os.environ, **trusted, "HTTPS_PROXY": self.url, "PYTHONPATH": str(folder)}

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            method, place = _asked(client)
            if (method, place) != ("CONNECT", f"{KLAVIYO}:443"):
                self.refused.append(place)
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(self._target) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def _asked(client: socket.socket) -> tuple[str, str]:
    """Method and place of a request."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = client.recv(_CHUNK)
        if not more:
            raise ConnectionResetError
        head += more
    method, place, _ = head.decode("latin-1").split(" ", 2)
    return method, place


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until there are no more, and say so."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
