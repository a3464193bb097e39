"""An endpoint that keeps failing is left to rest, while the others go on.

After some failures in a row, whoever asked, everybody who wants the endpoint waits, and one request
at a time tries whether it is well again, after pauses that grow. Once the last of them has failed
too, all who wait are told.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.errors import KlaviyoUnavailable

__all__ = ["Breaker", "Turn"]

_FAILURES = 5
_RESTS = (5.0, 15.0, 45.0, 90.0)


@dataclass(slots=True)
class Turn:
    """One request's turn at an endpoint.

    Attributes:
        is_probe: whether it is the one that tries a resting endpoint.
        rested: seconds waited before it.
        failure: what it failed with, set by who asks; None while it has not.
    """

    is_probe: bool
    rested: float = 0.0
    failure: KlaviyoUnavailable | None = None


@dataclass(slots=True)
class _Endpoint:
    failures: int = 0
    rests: int = 0
    is_probed: bool = False
    given_up: KlaviyoUnavailable | None = None

    @property
    def is_resting(self) -> bool:
        return self.failures >= _FAILURES


class Breaker:
    """Counts failures of each endpoint, and makes those that fail rest.

    Args:
        sleep: waits that many seconds.
    """

    def __init__(self, *, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._endpoints: defaultdict[str, _Endpoint] = defaultdict(_Endpoint)
        self._changed = threading.Condition()
        self._is_closed = False

    @contextmanager
    def turn(self, endpoint: str) -> Iterator[Turn]:
        """Wait until the endpoint may be asked; the block asks it, and says if it failed.

        Raises:
            KlaviyoUnavailable: the endpoint did not recover while this waited.
        """
        turn = self._begun(endpoint)
        try:
            if turn.rested:
                self._sleep(turn.rested)
            yield turn
        finally:
            self._ended(endpoint, turn)

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def has_given_up(self, endpoint: str) -> bool:
        """Whether the endpoint failed after its last rest too."""
        return self._endpoints[endpoint].given_up is not None

    def _begun(self, endpoint: str) -> Turn:
        """A turn, once no other request tries whether the endpoint is well again."""
        with self._changed:
            while self._endpoints[endpoint].is_probed and not self._is_closed:
                self._changed.wait()
                if (problem := self._endpoints[endpoint].given_up) is not None:
                    raise _repeated(problem)
            state = self._endpoints[endpoint]
            if not state.is_resting:
                return Turn(is_probe=False)
            state.is_probed = True
            # who comes after all the rests tries once, at once
            return Turn(is_probe=True, rested=0.0 if state.given_up else _RESTS[state.rests])

    def _ended(self, endpoint: str, turn: Turn) -> None:
        with self._changed:
            state = self._endpoints[endpoint]
            if turn.failure is None:
                self._endpoints[endpoint] = _Endpoint()
            elif turn.is_probe and state.is_probed:
                state.rests += 1
                state.is_probed = False
                if state.rests >= len(_RESTS):
                    state.given_up = turn.failure
            else:
                state.failures += 1
            self._changed.notify_all()


def _repeated(problem: KlaviyoUnavailable) -> KlaviyoUnavailable:
    return KlaviyoUnavailable(
        problem.message, hint=problem.hint, status=problem.status, endpoint=problem.endpoint
    )
