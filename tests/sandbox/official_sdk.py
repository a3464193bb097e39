"""Klaviyo's official SDK on the sandbox, over TLS, with its response models on.

It checks each answer against its own models and raises pydantic's ValidationError, or a ValueError
where no model of several fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, get_type_hints

import openapi_client
from klaviyo_api import KlaviyoAPI
from openapi_client.rest import RESTClientObject

ROOMS = (
    "Accounts", "Campaigns", "Events", "Flows", "Forms", "Lists", "Metrics", "Profiles",
    "Reporting", "Segments", "Tags", "Templates",
)  # fmt: skip
# each operation's method and path as the SDK writes them down itself
_OPERATION = re.compile(
    r"def _(\w+)_serialize\(.*?method='(\w+)',\s+resource_path='([^']+)'", re.DOTALL
)

Key = tuple[str, str]


def sdk_operations() -> dict[Key, tuple[str, str]]:
    """The SDK's room and name of every operation, by method and path."""
    folder = Path(str(openapi_client.__file__)).parent / "api"
    operations: dict[Key, tuple[str, str]] = {}
    for room in ROOMS:
        text = (folder / f"{room.lower()}_api.py").read_text(encoding="utf-8")
        for name, method, path in _OPERATION.findall(text):
            operations.setdefault((method, path), (room, name))
    return operations


class OfficialSdk:
    """The SDK as its users call it, told where the sandbox is and which certificate to trust.

    Args:
        url: where the sandbox answers.
        key: a private key of it.
        certificate: file of its certificate.
        seen: told the operation, the status and the body of each answer before the SDK reads it.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        certificate: str,
        seen: Callable[[Key, int, bytes], None] | None = None,
    ) -> None:
        self._api = KlaviyoAPI(key, max_retries=1, test_host=url)
        self._api.configuration.ssl_ca_cert = certificate
        self._api.api_client.rest_client = _Overheard(self._api.configuration, self._hear)
        self._rooms = {room: getattr(self._api, room) for room in ROOMS}
        self._operations = sdk_operations()
        self._seen = seen
        self._asked: Key = ("", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *how: object) -> None:
        pools = self._api.api_client.rest_client.pool_manager.pools
        open_ones = pools.keys()
        for each in open_ones:
            pools[each].close()

    def call(self, key: Key, *places: Any, **arguments: Any) -> Any:
        """The answer of one operation, as a model."""
        self._asked = key
        room, name = self._operations[key]
        return getattr(self._rooms[room], name)(*places, **arguments)

    def query(self, key: Key, asked: dict[str, Any]) -> Any:
        """The answer of an operation whose query is a body."""
        room, name = self._operations[key]
        # the body is the first parameter, and its annotation the model
        method = getattr(type(self._rooms[room]), name)
        model = next(iter(get_type_hints(method).values()))
        return self.call(key, model.from_dict(asked))

    def pages(self, key: Key, *places: Any, **arguments: Any) -> Iterator[Any]:
        """Every page of a collection, each found as the SDK's users find it: by links.next."""
        following: str | None = None
        while True:
            more = {"page_cursor": following} if following else {}
            answer = self.call(key, *places, **arguments, **more)
            yield answer
            following = answer.links.next if answer.links else None
            if following is None:
                return

    def read(self, text: str, model: str) -> Any:
        """A body as the SDK reads it, by the name of a model."""
        return self._api.api_client.deserialize(text, model)

    def _hear(self, status: int, body: bytes) -> None:
        if self._seen is not None:
            self._seen(self._asked, status, body)


class _Overheard(RESTClientObject):
    """The SDK's connection, which tells what comes over it."""

    def __init__(self, configuration: Any, heard: Callable[[int, bytes], None]) -> None:
        super().__init__(configuration)
        self._heard = heard

    def request(self, *places: Any, **arguments: Any) -> Any:
        answer = super().request(*places, **arguments)
        self._heard(answer.status, answer.read())
        return answer
