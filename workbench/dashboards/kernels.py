"""The kernels behind open pages: so many, so long, and without Klaviyo's keys."""

from __future__ import annotations

import os
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer, default

__all__ = ["ViewerKernels"]


class ViewerKernels(AsyncMappingKernelManager):
    """One kernel for each open page.

    A closed page takes its kernel along at once; a kernel whose page vanished without saying so
    (a crash, a lost network, a laptop asleep) is culled after some minutes.
    """

    max_kernels = Integer(12, help="pages open at once; one costs about 200 MB").tag(config=True)

    @default("cull_idle_timeout")
    def _cull_after_seconds(self) -> int:
        return 180

    @default("cull_interval")
    def _look_every_seconds(self) -> int:
        return 30

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start the kernel of one page: told the settings and its request, and no secret key."""
        if len(self) >= self.max_kernels:
            raise HTTPError(503, reason="Too many dashboards are open")
        server: Any = self.parent
        given = kwargs.pop("env").items()
        of_request = {name: value for name, value in given if os.environ.get(name) != value}
        return await super().start_kernel(env=server.kernel_environment | of_request, **kwargs)
