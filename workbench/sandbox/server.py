"""The sandbox as a server: in a thread for tests, or blocking for the command line."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn

from workbench.errors import PortTaken
from workbench.periods import account_day, day_start
from workbench.sandbox.api.application import Api, Exchange
from workbench.sandbox.api.limits import Limiter
from workbench.sandbox.shop.build import Shop

__all__ = ["DEFAULT_KEY", "SandboxServer", "serve"]

DEFAULT_KEY = "pk_sandbox"  # opens nothing but the sandbox
_STARTUP_SECONDS = 20.0


class SandboxServer:
    """A simulated account that answers on a port of this machine for the length of a with block.

    Args:
        shop: the account.
        host: address to bind.
        port: port to bind; 0 for any free one.
        key: the private key that it accepts.
        limiter: counts requests; Klaviyo's own limits when None.

    Raises:
        PortTaken: on entering, when another process listens there.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str = DEFAULT_KEY,
        limiter: Limiter | None = None,
    ) -> None:
        self.shop = shop
        self.key = key
        self._host, self._port = host, port
        self._api = Api(shop, key=key, limiter=limiter or Limiter())
        self._server = uvicorn.Server(_configuration(self._api))
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        listener = _listener(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise PortTaken(f"no sandbox came up on {self.url}", hint="pass another port")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self._host}:{self._port}"

    @property
    def now(self) -> int:
        """The simulated instant, UTC second."""
        return self._api.now

    @property
    def requests(self) -> list[Exchange]:
        """What was asked so far: method, path and status, oldest first."""
        return list(self._api.exchanges)

    def advance(self, *, days: int = 1) -> None:
        """Move the simulated clock to midnight of the account so many days on."""
        timezone = self.shop.account.timezone
        today = account_day(dt.datetime.fromtimestamp(self.now, dt.UTC), timezone)
        midnight = day_start(today + dt.timedelta(days=days), timezone)
        self._api.move_clock(int(midnight.timestamp()))


def serve(
    shop: Shop,
    *,
    ready: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int = 8765,
    key: str = DEFAULT_KEY,
) -> None:
    """Answer until interrupted.

    Args:
        shop: the account.
        ready: told the address once it can be asked.
        host: address to bind.
        port: port to bind; 0 for any free one.
        key: the private key that it accepts.

    Raises:
        PortTaken: another process listens there.
    """
    server = uvicorn.Server(_configuration(Api(shop, key=key, limiter=Limiter())))
    listener = _listener(host, port)
    ready(f"http://{host}:{listener.getsockname()[1]}")  # from here on, requests wait in its queue
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def _configuration(api: Api) -> uvicorn.Config:
    # the Date header is the simulated one, so uvicorn must not write its own
    return uvicorn.Config(
        api.app,
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        ws="none",
        lifespan="off",
    )


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"port {port} of {host} cannot be used: {error.strerror}",
            hint=f"stop what listens there, or pass another port, such as {port + 1}",
        ) from None
    return listener
