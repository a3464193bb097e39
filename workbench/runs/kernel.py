"""The kernel that notebooks run in: where it is declared, what it is told, how it is reached."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from workbench.settings import Settings

__all__ = ["KERNEL", "KERNEL_LOG", "jupyter_dir", "kernel_class", "kernel_environment"]

KERNEL = "workbench"
KERNEL_LOG = "kernel.log"

_LONGEST = 80  # a socket's whole path has 104 bytes at most on macOS, 108 on Linux
_CHECKOUT = Path(__file__).resolve().parents[2] / "share" / "jupyter"


def jupyter_dir() -> Path:
    """Folder of the kernel and the templates: the checkout's, else the environment's."""
    return _CHECKOUT if _CHECKOUT.is_dir() else Path(sys.prefix) / "share" / "jupyter"


def kernel_environment(settings: Settings) -> dict[str, str]:
    """This process's environment as a notebook may see it.

    The settings go along, so that a notebook reads the same ones from any folder. Klaviyo's keys
    stay behind, and so does the start-up file of whoever runs it: same inputs, same outputs.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("KLAVIYO_")
        and name not in {"PYTHONSTARTUP", "WORKBENCH_DATABASE_URL"}
    }
    told = {
        "WORKBENCH_PROJECT_DIR": str(settings.project_dir),
        "WORKBENCH_DATA_DIR": str(settings.data_dir),
        "WORKBENCH_RUNS_DIR": str(settings.runs_dir),
    }
    if settings.database_url:
        told["WORKBENCH_DATABASE_URL"] = settings.database_url
    return kept | told


def kernel_class(environment: Mapping[str, str], *, scratch: Path) -> type[AsyncKernelManager]:
    """A manager class for one run: papermill instantiates it and starts one kernel with it.

    Args:
        environment: of the kernel process.
        scratch: an empty folder that outlives the kernel: its sockets, its log, IPython's profile.
    """

    class NotebookKernel(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _own_specs(self) -> KernelSpecManager:
            return KernelSpecManager(kernel_dirs=[str(jupyter_dir() / "kernels")])

        @default("transport")
        def _sockets(self) -> str:
            # TCP ports are picked before they are bound, so kernels started side by side may
            # collide: https://github.com/nteract/papermill/issues/511
            return "ipc" if os.name == "posix" and len(str(scratch)) <= _LONGEST else "tcp"

        @default("connection_file")
        def _in_scratch(self) -> str:
            return str(scratch / "kernel.json")

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            env = {**environment, "IPYTHONDIR": str(scratch / "ipython")}
            with (scratch / KERNEL_LOG).open("wb") as log:
                await super().start_kernel(env=env, stdout=log, stderr=log, **options)

    return NotebookKernel
