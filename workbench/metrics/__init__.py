"""What each number means: roles of Klaviyo's metrics, and the definitions computed from them."""

from workbench.metrics.definitions import DEFINITIONS, Definition, evaluated
from workbench.metrics.roles import MAPPED_ROLES, NAMED_ROLES, SHOP_ROLES
from workbench.metrics.windows import (
    LAST_TOUCH_WINDOWS,
    LAST_TOUCH_WINDOWS_BEFORE_2024_10_09,
    Windows,
)

__all__ = [
    "DEFINITIONS",
    "LAST_TOUCH_WINDOWS",
    "LAST_TOUCH_WINDOWS_BEFORE_2024_10_09",
    "MAPPED_ROLES",
    "NAMED_ROLES",
    "SHOP_ROLES",
    "Definition",
    "Windows",
    "evaluated",
]
