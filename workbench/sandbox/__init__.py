"""A simulated Klaviyo account with known truth, and the server that speaks its API.

A plan makes a shop, a shop is served and known: ``build_shop(ShopPlan())`` simulates one,
``replayed_shop`` takes real orders in place of simulated ones, ``SandboxServer`` answers for it,
``Truth`` counts what it holds from the generator's own columns.
"""

from workbench.sandbox.api.admission import Key, allowed_scopes
from workbench.sandbox.api.faults import FAULTS, parsed_rule
from workbench.sandbox.api.limits import Limiter
from workbench.sandbox.server import DEFAULT_KEY, SandboxServer, reserved_port, serve
from workbench.sandbox.shop.build import Shop, build_shop
from workbench.sandbox.shop.people import BLOCK
from workbench.sandbox.shop.plan import SIZES, Buying, ShopPlan, account_id
from workbench.sandbox.shop.replay import replayed_shop
from workbench.sandbox.truth import Truth

__all__ = [
    "BLOCK",
    "DEFAULT_KEY",
    "FAULTS",
    "SIZES",
    "Buying",
    "Key",
    "Limiter",
    "SandboxServer",
    "Shop",
    "ShopPlan",
    "Truth",
    "account_id",
    "allowed_scopes",
    "build_shop",
    "parsed_rule",
    "replayed_shop",
    "reserved_port",
    "serve",
]
