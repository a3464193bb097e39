"""What each number means: roles of Klaviyo's metrics, and the definitions computed from them."""

from workbench.metrics.definitions import DEFINITIONS, Definition, evaluated
from workbench.metrics.roles import MAPPED_ROLES, NAMED_ROLES

__all__ = ["DEFINITIONS", "MAPPED_ROLES", "NAMED_ROLES", "Definition", "evaluated"]
