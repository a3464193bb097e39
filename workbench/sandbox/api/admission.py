"""Who may ask what, and in whose shapes: keys, what they are allowed, and revisions."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.errors import InputInvalid
from workbench.sandbox.api.contract import ENDPOINTS, Endpoint
from workbench.sandbox.api.jsonapi import Refusal

__all__ = ["REVISIONS", "Admission", "Key", "allowed_scopes", "served_revision"]

# what Klaviyo released, oldest first
REVISIONS = (
    "2024-10-15",
    "2025-01-15",
    "2025-04-15",
    "2025-07-15",
    "2025-10-15",
    "2026-01-15",
    "2026-04-15",
    "2026-07-15",
    "2026-10-15",
)
_OPT_OUT = "X-Klaviyo-Revision-Fall-Forward-Opt-Out"
_REVISION = re.compile(r"(\d{4}-\d{2}-\d{2})(\.pre)?")
_PRIVATE, _APP = "Klaviyo-API-Key", "Bearer"


@dataclass(frozen=True, slots=True)
class Key:
    """What opens an account: a private key, or the token of an app.

    Attributes:
        secret: what the client sends.
        scopes: what it is allowed, such as ``"forms:read"``; None for everything.
        is_app: whether it is the token of an app, which has limits of its own; all private keys of
            an account share theirs.
    """

    secret: str = field(repr=False)
    scopes: frozenset[str] | None = None
    is_app: bool = False

    @property
    def kind(self) -> str:
        """private or app."""
        return "app" if self.is_app else "private"

    def quota_of(self, endpoint: str) -> str:
        """The name of the quota that its requests to an endpoint count against."""
        return f"{self.secret} {endpoint}" if self.is_app else endpoint


class Admission:
    """Lets requests in.

    Args:
        keys: those that open the account.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    def key(self, headers: Mapping[str, str]) -> Key:
        """The key that a request carries.

        Raises:
            Refusal: it carries none, or one that opens nothing.
        """
        scheme, _, secret = headers.get("Authorization", "").partition(" ")
        if scheme not in {_PRIVATE, _APP}:
            raise Refusal(
                401,
                code="not_authenticated",
                title="Authentication credentials were not provided.",
                detail="Missing or invalid authorization header.",
            )
        for key in self._keys:
            is_it = hmac.compare_digest(secret.encode(), key.secret.encode())
            if is_it and key.is_app == (scheme == _APP):
                return key
        raise Refusal(
            401,
            code="authentication_failed",
            title="Incorrect authentication credentials.",
            detail="Incorrect authentication credentials.",
        )

    def check_scopes(self, key: Key, endpoint: Endpoint) -> None:
        """Let a key pass to an endpoint.

        Raises:
            Refusal: it lacks a scope.
        """
        if key.scopes is None or key.scopes.issuperset(endpoint.scopes):
            return
        lacking = ", ".join(scope for scope in endpoint.scopes if scope not in key.scopes)
        raise Refusal(
            403,
            code="permission_denied",
            title="You do not have permission to perform this action.",
            detail=f"The API key is missing required scopes: {lacking}",
        )


def allowed_scopes(
    *, only: Collection[str] = (), without: Collection[str] = ()
) -> frozenset[str] | None:
    """What a key is allowed; None for everything.

    Args:
        only: scopes that it has; all when empty.
        without: scopes that it lacks.

    Raises:
        InputInvalid: no endpoint asks for one of them.
    """
    known = {scope for endpoint in ENDPOINTS for scope in endpoint.scopes}
    if unknown := sorted({*only, *without} - known):
        raise InputInvalid(
            f"no endpoint asks for the scope {unknown[0]!r}",
            hint=f"one of {', '.join(sorted(known))}",
        )
    return frozenset(only or known) - set(without) if only or without else None


def served_revision(headers: Mapping[str, str], *, retired_before: str) -> str:
    """The revision whose shapes answer a request, one of REVISIONS.

    A date between two revisions means the older one. A retired one falls forward to the oldest that
    is still served, unless the client opts out of that.

    Args:
        headers: of the request.
        retired_before: ISO date; revisions older than it are retired.

    Raises:
        Refusal: the header is missing or no date, or the revision is retired and the client opts
            out of another one.
    """
    given = headers.get("revision", "")
    if not (match := _REVISION.fullmatch(given)) or not _is_date(match[1]):
        raise Refusal.invalid("The 'revision' header is missing or no date.")
    served = [each for each in REVISIONS if each >= retired_before] or [REVISIONS[-1]]
    meant = max((each for each in REVISIONS if each <= match[1]), default="")
    if meant >= served[0]:
        return meant
    if _OPT_OUT in headers:
        raise Refusal(
            410,
            code="revision_retired",
            title="Revision retired.",
            detail=f"Revision {given} is no longer served.",
        )
    return served[0]


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
