"""workbench dashboards, lab, sandbox: what stays up until Ctrl-C. All of it on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.shops import DAYS, PROFILES, SIZE, built_shop, shop_plan
from workbench.errors import PortTaken
from workbench.settings import read_settings

if TYPE_CHECKING:
    from workbench.sandbox import SandboxServer

__all__ = ["dashboards", "lab", "sandbox"]

HOST = Annotated[str, typer.Option(help="Address to listen on.")]


def dashboards(
    host: HOST = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8866,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
) -> None:
    """Serve the dashboards to viewers.

    Example: workbench dashboards --port 8866
    """
    from workbench.dashboards import serve_dashboards  # voila takes a second to import

    serve_dashboards(read_settings(), host=host, port=port, open_browser=open_browser)


def lab(port: Annotated[int, typer.Option(min=0, max=65535)] = 8888) -> None:
    """Open JupyterLab on the notebooks, for authors.

    Example: workbench lab
    """
    settings = read_settings()
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", str(settings.project_dir / "notebooks")]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    here = {"WORKBENCH_PROJECT_DIR": str(settings.project_dir)}
    if subprocess.run(command, env=os.environ | here, check=False).returncode:
        raise PortTaken(f"JupyterLab did not start on port {port}", hint="pass another --port")


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    host: HOST = "127.0.0.1",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another account.")] = 1,
    size: SIZE = None,
    profiles: PROFILES = None,
    days: DAYS = None,
    orders: Annotated[
        Path | None, typer.Option(help="Replay these orders (UCI Online Retail, parquet or csv).")
    ] = None,
    key: Annotated[
        str, typer.Option(envvar="WORKBENCH_SANDBOX_KEY", help="The private key it accepts.")
    ] = "pk_sandbox",
    tls: Annotated[bool, typer.Option("--tls", help="Answer https, self-signed.")] = False,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="All that the key is allowed; repeatable.")
    ] = None,
    lacking: Annotated[
        list[str] | None,
        typer.Option("--without-scope", help="A scope that the key lacks; repeatable."),
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="RULE", help="What goes wrong, see above; repeatable."),
    ] = None,
    fault_seed: Annotated[
        int, typer.Option(min=0, help="Decides which requests and rows the faults hit.")
    ] = 0,
    cursor_seconds: Annotated[
        float, typer.Option(min=1, help="How long cursors are good for.")
    ] = 86_400,
) -> None:
    """Serve a simulated Klaviyo account: same API, known truth.

    What goes wrong is a fault and its options: 503:path=/api/events,share=0.1 or reset:times=1.
    Every fault takes path=, skip= and times=. Those that hit part of the requests, or of the rows,
    take share=: 429 (wait=), second-consumer, 500, 502, 503, 504, 524, reset, slow (seconds=),
    truncated, invalid-json, expired-cursor, duplicates, unsorted, excluded-bound, hidden-events
    (metric=), unknown-enum, nulls, html-403, retired-revision (before=). A storm has a rhythm:
    429-storm (every=30s,for=5s).

    Example: workbench sandbox --size medium --tls --fault 503:path=/api/events,share=0.1
    """
    from workbench.sandbox import (
        SandboxServer,
        allowed_scopes,
        parsed_rule,
        reserved_port,
        serve,
    )

    plan = shop_plan(size=size, seed=seed, profiles=profiles, days=days, orders=orders)
    # what cannot be used is refused before a long build
    allowed = allowed_scopes(only=scopes or (), without=lacking or ())
    for rule in faults or ():
        parsed_rule(rule)
    with reserved_port(host, port) as listener:
        shop = built_shop(plan, orders=orders)
        server = SandboxServer(
            shop,
            listener=listener,
            tls=tls,
            key=key,
            scopes=allowed,
            faults=faults or (),
            fault_seed=fault_seed,
            cursor_seconds=cursor_seconds,
        )
        serve(server, ready=_told)


def _told(server: SandboxServer) -> None:
    print(f"Sandbox account {server.shop.account.id} at {server.url} (simulated data)", flush=True)
    if server.certificate:
        print(f"clients have to trust {server.certificate}", flush=True)
