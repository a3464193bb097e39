"""What is known of one request once it is over: enough for a log, nothing of a person or a key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["RequestRecord"]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request, answered or not.

    Attributes:
        at: when it was over, by Klaviyo's clock; by this machine's until Klaviyo has answered once.
        method: GET or POST.
        endpoint: the path with ``{id}`` in place of ids, without its query.
        status: of the answer; None when there was none.
        milliseconds: from sending to the last byte.
        remaining: requests that Klaviyo says are left in its minute; None when it did not say.
        limit: requests that Klaviyo says its minute holds; None when it did not say.
        attempt: 1 for the first try of what was asked.
        waited_seconds: how long it was held back before: for the limit, or after a failure.
    """

    at: dt.datetime
    method: str
    endpoint: str
    status: int | None
    milliseconds: float
    remaining: int | None
    limit: int | None
    attempt: int
    waited_seconds: float
