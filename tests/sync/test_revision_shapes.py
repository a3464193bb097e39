"""The shapes of answers in the pinned revision and in the next one: no difference goes unseen.

A resource that is read alike in both revisions has the same members of the same types; what the
next revision changes is listed here, so that moving the pin is a decision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from workbench.errors import KlaviyoRefused
from workbench.klaviyo import KlaviyoClient, Limiter
from workbench.sandbox import Limiter as SandboxLimiter
from workbench.sandbox import SandboxServer, Shop
from workbench.settings import REVISION
from workbench.sync.definition import Resource
from workbench.sync.resources import RESOURCES

NEXT = "2026-10-15"
# what only the pinned revision has, and what only the next one has
GONE = {
    f"data[].attributes.{name}"
    for name in (
        "archived", "audiences", "name", "scheduled_at", "send_options", "send_strategy",
        "send_time", "status", "tracking_options",
    )
}  # fmt: skip
COME = {"data[].attributes.definition", "data[].relationships.campaign-audiences"}

SHAPED = [each for each in RESOURCES if each.path.count("{") <= 1 and "reports" not in each.path]


def members(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each member of a body, and the type of what it holds.

    >>> sorted(members({"data": [{"id": "a"}, {"id": None}]}))
    [('data', 'list'), ('data[]', 'dict'), ('data[]', 'dict'), ('data[].id', 'NoneType'), \
('data[].id', 'str')]
    """
    if path:
        yield path, type(value).__name__
    if isinstance(value, dict):
        for name, held in value.items():
            yield from members(held, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for held in value:
            yield from members(held, f"{path}[]")


@pytest.fixture(scope="module")
def served(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, limiter=SandboxLimiter(scale=math.inf)) as running:
        yield running


def client_at(revision: str, served: SandboxServer) -> KlaviyoClient:
    limiter = Limiter(sleep=lambda seconds: None, clock=iter(range(0, 10**9, 60)).__next__)
    return KlaviyoClient(key=served.key, url=served.url, revision=revision, limiter=limiter)


def answered(client: KlaviyoClient, resource: Resource, wanted: str) -> dict[str, Any]:
    """The first page of a resource; of one that belongs to another, of the first such other."""
    path = resource.path
    if "{id}" in path:
        collection = path.partition("/{id}")[0]
        path = path.format(id=client.get(collection)["data"][0]["id"])
    return client.get(path, resource.query(wanted))


@pytest.mark.parametrize(
    "resource", [each for each in SHAPED if "campaign" not in each.name], ids=lambda each: each.name
)
def test_row_23_what_is_read_has_the_same_shape_in_the_next_revision(
    served: SandboxServer, resource: Resource
) -> None:
    with client_at(REVISION, served) as pinned, client_at(NEXT, served) as following:
        for wanted in resource.filters:
            before, after = (
                set(members(answered(client, resource, wanted))) for client in (pinned, following)
            )
            assert before == after
            assert ("data", "list") in before or ("data", "dict") in before


def test_row_23_what_the_next_revision_changes_in_campaigns_is_known(
    served: SandboxServer,
) -> None:
    (campaigns,) = [each for each in RESOURCES if each.name == "campaigns"]
    with client_at(REVISION, served) as pinned, client_at(NEXT, served) as following:
        with pytest.raises(KlaviyoRefused, match=r"messages\.channel"):
            answered(following, campaigns, campaigns.filters[0])
        before = set(members(answered(pinned, campaigns, campaigns.filters[0])))
        after = set(members(following.get("/api/campaigns", {"include": "campaign-messages"})))
    gone, come = (
        {name for name, _ in one - other if name.startswith("data[].") and name.count(".") == 2}
        for one, other in ((before, after), (after, before))
    )
    assert gone == GONE
    assert come == COME
