"""What a simulated account really holds, counted from the generator's own columns.

Nothing here reads what the server serves: tests compare the two.
"""

from workbench.sandbox.truth.account import Truth

__all__ = ["Truth"]
