"""From the path of a request to its endpoint, in one look-up however many endpoints there are."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.jsonapi import Refusal

__all__ = ["Routes"]

_ID = 2  # in /api/folder/id/name, the part that varies


class Routes:
    """Finds endpoints.

    Args:
        endpoints: all of them; an id stands third in a path, and nowhere else.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._methods: dict[tuple[str, ...], dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            parts, _ = _parts(endpoint.path)
            self._methods.setdefault(parts, {})[endpoint.method] = endpoint

    def found(self, method: str, path: str) -> tuple[Endpoint, str | None]:
        """The endpoint of a request, and the id in its path if there is one.

        Raises:
            Refusal: there is no such path, or it does not answer that method.
        """
        parts, resource_id = _parts(path)
        methods = self._methods.get(parts, {})
        if endpoint := methods.get(method):
            return endpoint, resource_id
        told = f"{method} {path} is not served."
        if not methods:
            raise Refusal(404, code="not_found", title="Not Found", detail=told)
        raise Refusal(
            405,
            code="method_not_allowed",
            title="Method Not Allowed",
            detail=told,
            headers={"Allow": ", ".join(sorted(methods))},
        )


def _parts(path: str) -> tuple[tuple[str, ...], str | None]:
    parts = path.removeprefix("/").removesuffix("/").split("/")
    if len(parts) <= _ID or not parts[_ID]:
        return tuple(parts), None
    return (*parts[:_ID], "{id}", *parts[_ID + 1 :]), parts[_ID]
