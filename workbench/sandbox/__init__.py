"""A simulated Klaviyo account with known truth, and the server that speaks its API.

A plan makes a shop, a shop is served and known: ``build_shop(ShopPlan())`` simulates one,
``replayed_shop`` takes real orders in place of simulated ones, ``SandboxServer`` answers for it,
``Truth`` counts what it holds from the generator's own columns.
"""

from workbench.sandbox.api.limits import Limiter
from workbench.sandbox.server import DEFAULT_KEY, SandboxServer, serve
from workbench.sandbox.shop.build import Shop, build_shop
from workbench.sandbox.shop.plan import Buying, ShopPlan
from workbench.sandbox.shop.replay import replayed_shop
from workbench.sandbox.truth import Truth

__all__ = [
    "DEFAULT_KEY",
    "Buying",
    "Limiter",
    "SandboxServer",
    "Shop",
    "ShopPlan",
    "Truth",
    "build_shop",
    "replayed_shop",
    "serve",
]
