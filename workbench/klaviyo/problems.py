"""Which error an answer other than 200 stands for, and whether asking again can help.

429                              again after Retry-After, unless that is hours (a daily quota)
500 502 503 504 524, no answer,  again with growing, jittered pauses
a body that is no JSON
403 that is not JSON             again: an edge challenge, not a missing scope
400 for a page's cursor           again, twice: the answer before had just given it
400 401 403 404 405 409 410 415  never: the answer would be the same
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson

from workbench.errors import (
    CursorExpired,
    KeyRejected,
    KlaviyoRefused,
    KlaviyoUnavailable,
    RevisionRetired,
    ScopeMissing,
)

__all__ = ["LATER", "no_answer", "problem_of"]

LATER = "Klaviyo has trouble; the next sync goes on from here"
_AGAIN = {429, 500, 502, 503, 504, 524}
_SCOPE = re.compile(r"\b[a-z][a-z-]*:(?:read|write)\b")


def problem_of(endpoint: str, response: httpx.Response) -> KlaviyoRefused | KlaviyoUnavailable:
    """The error that an answer other than 200 stands for.

    Returns:
        A KlaviyoUnavailable when it can be asked again, else a KlaviyoRefused.
    """
    status = response.status_code
    detail = _detail(response)
    place: dict[str, Any] = {"status": status, "endpoint": endpoint}
    if status in _AGAIN or (status == 403 and detail is None):
        return KlaviyoUnavailable(f"{endpoint} still answers {status}", hint=LATER, **place)
    told = f"{endpoint} answered {status}: {detail or 'no reason given'}"
    if status == 400 and "cursor" in (detail or "").lower():
        return CursorExpired(told, hint="begin again with the first page", **place)
    if status == 401:
        return KeyRejected(
            f"Klaviyo does not accept the key: {detail or 'no reason given'}",
            hint="set KLAVIYO_API_KEY to a private key of the account (Settings > API keys)",
            **place,
        )
    if status == 403:
        scopes = tuple(_SCOPE.findall(detail or ""))
        hint = f"give the key the scope {' and '.join(scopes) or 'it lacks'}"
        return ScopeMissing(told, scopes=scopes, hint=hint, **place)
    if status == 410:
        return _retired(told, response, place)
    return KlaviyoRefused(told, hint="please report this: the request was wrong", **place)


def no_answer(endpoint: str, url: str, error: httpx.RequestError) -> KlaviyoUnavailable:
    """The error of a request that nobody answered, or not to the end."""
    return KlaviyoUnavailable(
        f"no answer from {url}{endpoint}: {type(error).__name__}",
        hint="check the network, or WORKBENCH_KLAVIYO_URL; the next sync goes on from here",
        endpoint=endpoint,
    )


def _retired(told: str, response: httpx.Response, place: dict[str, Any]) -> RevisionRetired:
    revision = response.request.headers.get("revision", "")
    return RevisionRetired(
        f"{told}; the workbench asked for revision {revision}",
        hint="update the workbench: git pull && make setup; until then nothing can be synced",
        **place,
    )


def _detail(response: httpx.Response) -> str | None:
    """What the first JSON:API error says; None when the body is not one."""
    try:
        errors = orjson.loads(response.content)["errors"]
        return str(errors[0].get("detail") or errors[0].get("title"))
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        return None
