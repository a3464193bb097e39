"""The sandbox as a server: in a thread for tests, or blocking for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import errno
import signal
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workbench.errors import PortTaken
from workbench.sandbox.api.admin import Admin
from workbench.sandbox.api.admission import Key
from workbench.sandbox.api.application import KEPT_BYTES, Api, Exchange
from workbench.sandbox.api.cursors import Cursors
from workbench.sandbox.api.faults import Faults
from workbench.sandbox.api.limits import DAY, Limiter
from workbench.sandbox.shop.build import Shop

__all__ = ["DEFAULT_KEY", "SandboxServer", "reserved_port", "serve"]

DEFAULT_KEY = "pk_sandbox"  # opens nothing but the sandbox
_STARTUP_SECONDS = 20.0
_ELSEWHERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # the address is not of this machine


class _Protocol(HttpToolsProtocol):
    """HTTP that lets the application reset a connection, and ends without waiting for clients."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)

    def shutdown(self) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and not self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait half a minute for a TLS client's farewell
        else:
            super().shutdown()


class SandboxServer:
    """A simulated account that answers on a port of this machine for the length of a with block.

    Args:
        shop: the account.
        host: address to bind.
        port: port to bind; 0 for any free one.
        listener: a port reserved before, in place of host and port.
        tls: whether it answers https, with a certificate of its own.
        name: a further name that the certificate is valid for, such as ``"a.klaviyo.com"``.
        key: the private key that it accepts, and that opens its folder /sandbox.
        scopes: what that key is allowed, such as ``"forms:read"``; everything when None.
        keys: further keys of the account.
        limiter: counts requests; Klaviyo's own limits when None.
        faults: rules of what goes wrong, as workbench.sandbox.api.faults has them.
        fault_seed: start of the draws that decide which requests and rows they hit.
        cursor_seconds: how long cursors are good for, in real seconds.
        kept_bytes: of bodies that were written before, so that asked for again they cost nothing.
        retired_before: revisions older than that day are retired; two years before the simulated
            instant when None.
        clock: real seconds since 1970, for limits, cursors and storms.

    Raises:
        InputInvalid: a rule cannot be read.
        PortTaken: on entering, when another process listens there.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        listener: socket.socket | None = None,
        tls: bool = False,
        name: str = "",
        key: str = DEFAULT_KEY,
        scopes: Collection[str] | None = None,
        keys: Sequence[Key] = (),
        limiter: Limiter | None = None,
        faults: Iterable[str] = (),
        fault_seed: int = 0,
        cursor_seconds: float = DAY,
        kept_bytes: int = KEPT_BYTES,
        retired_before: dt.date | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.shop = shop
        self.key = key
        self._host, self._port = _address(listener) if listener else (host, port)
        self._listener = listener
        self._scheme = "https" if tls else "http"
        self._certified = name
        self._certificate: Path | None = None
        allowed = None if scopes is None else frozenset(scopes)
        self._api = Api(
            shop,
            keys=(Key(key, allowed), *keys),
            limiter=limiter or Limiter(clock=clock),
            cursors=Cursors(seconds=cursor_seconds, clock=clock),
            faults=Faults(faults, seed=fault_seed, clock=clock),
            retired_before=retired_before.isoformat() if retired_before else None,
            kept_bytes=kept_bytes,
        )
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            server, listener = self._open(opened)
            thread = threading.Thread(
                target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
            )
            thread.start()
            opened.callback(_stop, server, thread)
            deadline = time.monotonic() + _STARTUP_SECONDS
            while not server.started:
                if not thread.is_alive() or time.monotonic() > deadline:
                    raise PortTaken(f"no sandbox came up on {self.url}", hint="pass another port")
                time.sleep(0.005)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{self._scheme}://{self._host}:{self._port}"

    @property
    def certificate(self) -> Path | None:
        """What a client has to trust, as PEM, while the server runs with TLS; else None."""
        return self._certificate

    @property
    def now(self) -> int:
        """The simulated instant, UTC second."""
        return self._api.now

    @property
    def requests(self) -> list[Exchange]:
        """What was asked of the API so far, oldest first; the last 100,000."""
        return list(self._api.exchanges)

    @property
    def count_requests(self) -> int:
        """How much was asked of the API so far."""
        return self._api.count_answered

    @property
    def struck(self) -> Mapping[str, int]:
        """How many requests each rule of what goes wrong has hit since it was put into force."""
        return self._api.faults.struck

    def advance(self, *, days: int = 1) -> None:
        """Move the simulated clock to midnight of the account so many days on."""
        self._api.advance(days=days)

    def fault(self, *rules: str) -> None:
        """Put more rules of what goes wrong into force.

        Raises:
            InputInvalid: one of them cannot be read; then none is in force.
        """
        self._api.faults.add(*rules)

    def withdraw(self) -> None:
        """Drop every rule of what goes wrong."""
        self._api.faults.withdraw()

    def _open(self, opened: contextlib.ExitStack) -> tuple[uvicorn.Server, socket.socket]:
        """A server ready to run, and what it listens on; a stack closes what both need."""
        listener = self._listener
        if listener is None:
            listener = opened.enter_context(reserved_port(self._host, self._port))
        _listen(listener)
        self._port = _address(listener)[1]
        configuration = _configuration(Admin(self._api, key=self.key))
        if self._scheme == "https":
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
            self._certificate = _secured(configuration, folder, names=(self._host, self._certified))
        return uvicorn.Server(configuration), listener


def serve(server: SandboxServer, *, ready: Callable[[SandboxServer], None]) -> None:
    """Answer until interrupted.

    Args:
        server: not entered yet.
        ready: told the server once it can be asked.

    Raises:
        PortTaken: another process listens there.
    """
    with contextlib.ExitStack() as opened:
        running, listener = server._open(opened)
        before = signal.signal(signal.SIGTERM, _interrupt)  # its default would clean nothing up
        opened.callback(signal.signal, signal.SIGTERM, before)
        ready(server)  # from here on, requests wait in its queue
        with contextlib.suppress(KeyboardInterrupt):
            running.run(sockets=[listener])


@contextlib.contextmanager
def reserved_port(host: str, port: int) -> Iterator[socket.socket]:
    """A port that no other process listens on, bound but not answering yet.

    Raises:
        PortTaken: another process listens there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise _taken(host, port, error) from None
        yield listener


def _listen(listener: socket.socket) -> None:
    try:
        listener.listen(128)
    except OSError as error:
        raise _taken(*_address(listener), error) from None


def _address(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return str(host), int(port)


def _taken(host: str, port: int, error: OSError) -> PortTaken:
    is_here = error.errno not in _ELSEWHERE and not isinstance(error, socket.gaierror)
    return PortTaken(
        f"port {port} of {host} cannot be used: {error.strerror}",
        hint=f"stop what listens there, or pass another port, such as {port + 1}"
        if is_here
        else "pass an address of this machine, such as 127.0.0.1",
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join()


def _configuration(app: Admin) -> uvicorn.Config:
    # the Date header is the simulated one, so uvicorn must not write its own; links are made from
    # what the client used, so nobody on the way may say otherwise
    return uvicorn.Config(
        app,
        http=_Protocol,
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
    )


def _secured(configuration: uvicorn.Config, folder: Path, *, names: Collection[str]) -> Path:
    """Make a configuration answer TLS: the path of its certificate.

    The key is on disk only while it is read.
    """
    from workbench.sandbox.tls import self_signed_certificate  # takes a tenth of a second to import

    made = self_signed_certificate(folder, names=names)
    configuration.ssl_certfile, configuration.ssl_keyfile = str(made.path), str(made.key_path)
    configuration.load()
    assert isinstance(configuration.ssl, ssl.SSLContext)
    made.key_path.unlink()
    return made.path
