"""workbench dashboards, lab, sandbox: what stays up until Ctrl-C. All of it on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.errors import PortTaken
from workbench.settings import read_settings

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
    seed: Annotated[int, typer.Option(min=0)] = 1,
    profiles: Annotated[int, typer.Option(min=1)] = 5_000,
    days: Annotated[int, typer.Option(min=1, help="Days of history.")] = 728,
    orders: Annotated[
        Path | None, typer.Option(help="Replay these orders (UCI Online Retail, parquet or csv).")
    ] = None,
    key: Annotated[str, typer.Option(envvar="WORKBENCH_SANDBOX_KEY")] = "pk_sandbox",
) -> None:
    """Serve a simulated Klaviyo account: same API, known truth.

    Example: workbench sandbox --orders Online_Retail.parquet
    """
    from workbench.sandbox import ShopPlan, build_shop, replayed_shop, serve

    plan = ShopPlan(seed=seed, profiles=profiles, days=days)
    shop = replayed_shop(plan, orders) if orders else build_shop(plan)
    serve(
        shop,
        ready=lambda url: print(
            f"Sandbox account {shop.account.id} at {url} (simulated data)", flush=True
        ),
        host=host,
        port=port,
        key=key,
    )
