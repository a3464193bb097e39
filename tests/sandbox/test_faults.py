"""Faults on demand: each is seen by a client, hits the same requests again, can be withdrawn."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.cli.servers import sandbox
from workbench.errors import InputInvalid
from workbench.sandbox import FAULTS, Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.api.changed_answers import UNKNOWN_WORD
from workbench.sandbox.api.contract import ENDPOINTS
from workbench.sandbox.api.faults import Faults, draw, parsed_rule
from workbench.sandbox.shop.events import Kind

from .conftest import client_of, every, resources

Client = httpx.Client
ARCHIVED = {"filter": "equals(messages.channel,'email'),equals(archived,true)"}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def aged() -> Shop:
    """Old enough to have archived campaigns."""
    return build_shop(ShopPlan(profiles=40, days=400))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(1_000_000_200.0)


@pytest.fixture(scope="module")
def running(aged: Shop, clock: Clock) -> Iterator[SandboxServer]:
    limiter = Limiter(scale=math.inf)
    with SandboxServer(aged, limiter=limiter, clock=clock) as server:
        yield server


@pytest.fixture
def faulty(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.withdraw()


@pytest.fixture
def asking(faulty: SandboxServer) -> Iterator[Client]:
    with client_of(faulty) as client:
        yield client


def _statuses(client: Client, url: str, times: int) -> list[int]:
    return [client.get(url).status_code for _ in range(times)]


def test_each_fault_is_told_by_the_command_line() -> None:
    told = " ".join(str(sandbox.__doc__).replace("-\n", "-").split())
    assert {name for name in FAULTS if not re.search(rf"[ (]{name}\b", told)} == set()


@pytest.mark.parametrize("name", FAULTS)
def test_each_name_is_a_rule(name: str) -> None:
    assert parsed_rule(name).options == parsed_rule(f"{name}:path=/api/*,skip=0").options


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("501", "there is no fault '501' .one of 429, 429-storm"),
        ("", "there is no fault ''"),
        ("500:chance=1", "'chance=1' is no option of the fault 500 .it takes path="),
        ("500:share", "'share' is no option"),
        ("500:every=3", "'every=3' is no option"),
        ("500:share=1.5", "share=1.5 is no share from 0 to 1 .pass one such as share=0.1"),
        ("500:share=nan", "share=nan is no share from 0 to 1"),
        ("500:times=x", "times=x is no count .pass one such as times=3"),
        ("429-storm:every=0s", "every=0s is no number of seconds .pass one such as every=30s"),
        ("slow:seconds=-1", "seconds=-1 is no number of seconds"),
        ("retired-revision:before=soon", "before=soon is no ISO date .pass one such as before=20"),
        ("500:path=/api/everything", "concerns no endpoint"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(text: str, said: str, aged: Shop) -> None:
    with pytest.raises(InputInvalid, match=said):
        parsed_rule(text)
    with pytest.raises(InputInvalid, match=said):
        SandboxServer(aged, faults=[text])


def test_of_several_rules_all_are_taken_or_none(faulty: SandboxServer, asking: Client) -> None:
    with pytest.raises(InputInvalid, match="no fault 'x'"):
        faulty.fault("500:times=9", "x")
    assert asking.get("/api/accounts").status_code == 200


@given(
    share=st.floats(0, 1),
    skip=st.integers(0, 5),
    times=st.integers(0, 8),
    seed=st.integers(0, 99),
    asked=st.lists(st.sampled_from(["/api/events", "/api/flows"]), max_size=40),
)
def test_the_seed_and_the_count_decide(
    share: float, skip: int, times: int, seed: int, asked: list[str]
) -> None:
    text = f"500:share={share!r},skip={skip},times={times}"
    faults = Faults([text], seed=seed, clock=Clock(0))
    found = [bool(faults.hits(path, {})) for path in asked]
    expected, counts = list[bool](), Counter[str]()
    for path in asked:
        is_hit = (
            counts[path] >= skip
            and sum(expected) < times
            and draw(seed, text, path, counts[path]) < share
        )
        counts[path] += 1
        expected.append(is_hit)
    assert found == expected


def test_a_share_of_the_requests_is_hit() -> None:
    faults = Faults(["500:share=0.05"], seed=0, clock=Clock(0))
    hit = sum(bool(faults.hits("/api/events", {})) for _ in range(10_000))
    assert abs(hit - 500) < 4 * math.sqrt(10_000 * 0.05 * 0.95)


def test_the_same_requests_are_hit_again(faulty: SandboxServer, asking: Client) -> None:
    rule = "500:share=0.3"
    faulty.fault(rule)
    once = _statuses(asking, "/api/accounts", 40)
    faulty.withdraw()
    assert _statuses(asking, "/api/accounts", 40) == [200] * 40
    faulty.fault(rule)
    assert _statuses(asking, "/api/accounts", 40) == once
    assert set(once) == {200, 500}


def test_another_seed_hits_other_requests() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults(["reset:share=0.5"], seed=seed, clock=Clock(0))
        return [bool(faults.hits("/api/events", {})) for _ in range(50)]

    assert hits(1) == hits(1) != hits(2)


def test_a_rule_concerns_its_endpoints(faulty: SandboxServer, asking: Client) -> None:
    faulty.fault("503:path=/api/flows,share=1", "504:path=/api/metrics*,share=1")
    assert _statuses(asking, "/api/flows", 2) == [503, 503]
    flow = resources(asking, "/api/segments")[0]["id"]
    assert asking.get(f"/api/segments/{flow}").status_code == 200
    assert asking.get("/api/metrics").status_code == 504
    assert asking.get("/api/metrics/none").status_code == 504


def test_skipped_and_counted(faulty: SandboxServer, asking: Client) -> None:
    faulty.fault("502:skip=2,times=3")
    assert _statuses(asking, "/api/accounts", 7) == [200, 200, 502, 502, 502, 200, 200]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_of_the_api(status: int, faulty: SandboxServer, asking: Client) -> None:
    faulty.fault(f"{status}:times=1")
    answer = asking.get("/api/accounts")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert answer.json()["errors"][0]["status"] == status


@pytest.mark.parametrize(
    ("name", "status"), [("502", 502), ("504", 504), ("524", 524), ("html-403", 403)]
)
def test_the_page_of_a_gateway(
    name: str, status: int, faulty: SandboxServer, asking: Client
) -> None:
    faulty.fault(f"{name}:times=1")
    answer = asking.get("/api/accounts")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "simulated" in answer.text


def test_a_storm_comes_and_goes(faulty: SandboxServer, asking: Client, clock: Clock) -> None:
    faulty.fault("429-storm:every=30s,for=5s")
    began = clock.now - clock.now % 30
    found = []
    for clock.now in (began + 1.5, began + 4.9, began + 5, began + 29, began + 30):
        answer = asking.get("/api/accounts")
        found.append((answer.status_code, answer.headers.get("Retry-After")))
    assert found == [(429, "4"), (429, "1"), (200, None), (200, None), (429, "5")]


def test_a_second_consumer_uses_part_of_the_limits(aged: Shop) -> None:
    clock = Clock(1_000_000_200.0)
    server = SandboxServer(aged, clock=clock, faults=["second-consumer:share=0.4"])
    with server, client_of(server) as client:
        answers = [client.get("/api/metrics") for _ in range(7)]
        server.withdraw()
        more = _statuses(client, "/api/metrics", 5)
    assert [answer.status_code for answer in answers] == [200] * 6 + [429]
    assert answers[0].headers["RateLimit-Limit"] == "150"
    assert answers[0].headers["RateLimit-Remaining"] == "89"
    assert more == [200] * 4 + [429]


@pytest.mark.parametrize("tls", [False, True])
def test_a_reset(tls: bool, aged: Shop) -> None:
    with SandboxServer(aged, tls=tls, faults=["reset:times=1"]) as server:
        with httpx.Client(verify=False) if tls else httpx.Client() as client:
            client.headers.update({"Authorization": f"Klaviyo-API-Key {server.key}"})
            client.headers.update({"revision": "2026-07-15"})
            with pytest.raises(httpx.TransportError, match=r"reset|disconnected"):
                client.get(f"{server.url}/api/accounts")
            assert client.get(f"{server.url}/api/accounts").status_code == 200
        assert [exchange.status for exchange in server.requests] == [0, 200]


def test_a_slow_body_comes_in_drops(faulty: SandboxServer, asking: Client) -> None:
    whole = asking.get("/api/metrics", headers={"Accept-Encoding": "identity"})
    faulty.fault("slow:times=1,seconds=0.2")
    with asking.stream("GET", "/api/metrics", headers={"Accept-Encoding": "identity"}) as answer:
        drops = [drop for drop in answer.iter_raw() if drop]
    assert len(drops) > 1
    assert b"".join(drops) == whole.content
    assert answer.headers["Content-Length"] == str(len(whole.content))


@pytest.mark.parametrize("name", ["truncated", "invalid-json"])
def test_a_body_that_is_no_json(name: str, faulty: SandboxServer, asking: Client) -> None:
    whole = asking.get("/api/metrics")
    faulty.fault(f"{name}:times=1")
    broken = asking.get("/api/metrics")
    assert broken.status_code == 200
    assert broken.headers["Content-Type"] == whole.headers["Content-Type"]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(broken.content)
    assert whole.content.startswith(broken.content) == (name == "truncated")
    assert asking.get("/api/metrics").content == whole.content


def test_a_good_cursor_is_refused(faulty: SandboxServer, asking: Client) -> None:
    following = asking.get("/api/events").json()["links"]["next"]
    faulty.fault("expired-cursor:times=1")
    assert asking.get("/api/events").status_code == 200
    refused = asking.get(following)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["detail"] == "Invalid cursor provided."
    assert asking.get(following).status_code == 200


def test_rows_come_again_on_the_next_page(faulty: SandboxServer, asking: Client) -> None:
    plain = [body["id"] for body in resources(asking, "/api/events", sort="datetime")]
    faulty.fault("duplicates:share=0.5")
    pages = [page["data"] for page in every(asking, "/api/events", sort="datetime")]
    repeats = 0
    for before, page in pairwise(pages):
        if page[0] == before[-1]:
            repeats += 1
            del page[0]
    assert 0 < repeats < len(pages) - 1
    assert [body["id"] for page in pages for body in page] == plain


def test_what_comes_again_comes_with_its_attributions(
    faulty: SandboxServer, asking: Client
) -> None:
    faulty.fault("duplicates:share=1")
    query = {"sort": "datetime", "include": "attributions", "page[size]": "5"}
    count = 0
    for page in every(asking, "/api/events", **query):
        included = [body["id"] for body in page["included"]]
        assert len(included) == len(set(included))
        linked = [body["relationships"]["attributions"]["data"] for body in page["data"]]
        assert {each["id"] for some in linked for each in some} == set(included)
        count += len(included)
    assert count > 10


def test_what_comes_again_comes_in_the_shape_that_was_asked_for(
    faulty: SandboxServer, asking: Client
) -> None:
    faulty.fault("duplicates:share=1")
    whole = {"sort": "id", "page[size]": "10"}
    following = asking.get("/api/profiles", params=whole).json()["links"]["next"]
    list(every(asking, "/api/profiles", **whole, **{"fields[profile]": "updated"}))
    page = asking.get(following).json()["data"]
    assert len(page) == 11
    assert {len(body["attributes"]) for body in page} == {len(page[-1]["attributes"])}
    assert len(page[0]["attributes"]) > 5


def test_archived_campaigns_come_unsorted(faulty: SandboxServer, asking: Client) -> None:
    def created(**query: str) -> list[str]:
        found = resources(asking, "/api/campaigns", sort="created_at", **query)
        return [body["attributes"]["created_at"] for body in found]

    plain = created(**ARCHIVED)
    faulty.fault("unsorted")
    mixed = created(**ARCHIVED)
    assert sorted(mixed) == plain == sorted(plain)
    assert mixed != plain
    others = created(filter="equals(messages.channel,'email'),equals(archived,false)")
    assert others == sorted(others)


@pytest.mark.parametrize("sort", ["datetime", "-datetime"])
def test_rows_at_the_excluded_bound(sort: str, faulty: SandboxServer, asking: Client) -> None:
    whole = resources(asking, "/api/events", sort=sort)
    bound = whole[300]["attributes"]["timestamp"]
    query = {"filter": f"greater-than(timestamp,{bound})", "sort": sort}
    after = [body["id"] for body in resources(asking, "/api/events", **query)]
    assert whole[300]["id"] not in after
    faulty.fault("excluded-bound")
    at_bound = [body["id"] for body in whole if body["attributes"]["timestamp"] == bound]
    found = [body["id"] for body in resources(asking, "/api/events", **query)]
    assert found == (after + at_bound if sort.startswith("-") else at_bound + after)


def test_hidden_events_stay_hidden_until_the_rule_is_withdrawn(
    faulty: SandboxServer, asking: Client
) -> None:
    def ids(**query: str) -> set[str]:
        return {body["id"] for body in resources(asking, "/api/events", **query)}

    plain = ids()
    faulty.fault("hidden-events:share=0.1")
    shown = ids()
    hidden = plain - shown
    assert abs(len(hidden) - len(plain) / 10) < 4 * math.sqrt(len(plain) * 0.09)
    assert ids(sort="-datetime", **{"page[size]": "333"}) == shown
    one = hidden.pop()
    assert asking.get(f"/api/events/{one}").status_code == 404
    faulty.withdraw()
    assert asking.get(f"/api/events/{one}").status_code == 200
    assert ids() == plain


def test_the_events_of_a_metric_are_hidden(
    faulty: SandboxServer, asking: Client, aged: Shop
) -> None:
    def metrics() -> Counter[str]:
        found = resources(asking, "/api/events")
        return Counter(body["relationships"]["metric"]["data"]["id"] for body in found)

    plain, opened = metrics(), aged.metrics[Kind.OPENED_EMAIL]
    names = {metric.id: metric.name for metric in aged.metrics}
    faulty.fault(f"hidden-events:metric={opened.name}")
    assert metrics() == Counter(
        {each: count for each, count in plain.items() if names[each] != opened.name}
    )
    faulty.withdraw()
    faulty.fault(f"hidden-events:metric={opened.id}")
    assert metrics() == plain - Counter({opened.id: plain[opened.id]})


def _differences(plain: list[Any], found: list[Any]) -> list[tuple[Any, Any]]:
    """Values of two bodies that are not equal, wherever they are."""
    pairs: list[tuple[Any, Any]] = []
    for one, other in zip(plain, found, strict=True):
        if isinstance(one, dict) and isinstance(other, dict):
            assert one.keys() == other.keys()
            pairs += _differences(list(one.values()), list(other.values()))
        elif isinstance(one, list) and isinstance(other, list):
            pairs += _differences(one, other)
        elif one != other:
            pairs.append((one, other))
    return pairs


@pytest.mark.parametrize(("name", "value"), [("unknown-enum", UNKNOWN_WORD), ("nulls", None)])
def test_a_value_the_contract_does_not_allow(
    name: str, value: str | None, faulty: SandboxServer, asking: Client
) -> None:
    url, query = "/api/profiles", {"additional-fields[profile]": "subscriptions"}
    plain = resources(asking, url, **query)
    faulty.fault(f"{name}:share=0.2,path={url}")
    found = resources(asking, url, **query)
    pairs = _differences(plain, found)
    assert 5 < len(pairs) < 40
    assert all(one is not None and other == value for one, other in pairs)
    assert resources(asking, url, **query) == found


def test_a_revision_is_retired(faulty: SandboxServer, asking: Client) -> None:
    opt_out = {"X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1"}
    assert asking.get("/api/accounts", headers=opt_out).status_code == 200
    faulty.fault("retired-revision")
    refused = asking.get("/api/accounts", headers=opt_out)
    assert refused.status_code == 410
    assert asking.get("/api/accounts").status_code == 200
    newest = asking.get("/api/accounts", headers={**opt_out, "revision": "2026-10-15"})
    assert newest.status_code == 200


def test_no_fault_reaches_the_shop(faulty: SandboxServer, asking: Client) -> None:
    urls = ["/api/events", "/api/profiles?additional-fields[profile]=subscriptions", "/api/flows"]
    before = [asking.get(url).content for url in urls]
    rows = [name for name in FAULTS if FAULTS[name].hits_all]
    faulty.fault(*(f"{name}:share=1" for name in rows), "truncated:share=1")
    for url in urls:
        asking.get(url)
    faulty.withdraw()
    assert [asking.get(url).content for url in urls] == before


def test_with_every_fault_on_a_patient_client_gets_through(aged: Shop) -> None:
    calm, limiter = Clock(1_000_000_230.0), Limiter(scale=math.inf)
    rules = [f"{name}:share=0.1" if "share" in FAULTS[name].options else name for name in FAULTS]
    rules[rules.index("slow:share=0.1")] += ",seconds=0"
    server = SandboxServer(aged, clock=calm, limiter=limiter, faults=rules)
    with server, client_of(server) as client:
        for endpoint in ENDPOINTS * 4:
            if "{id}" not in endpoint.path and endpoint.method == "GET":
                _patiently(client, endpoint.path)
    assert {exchange.status for exchange in server.requests} >= {0, 200, 403, 429, 500, 524}


def _patiently(client: Client, url: str) -> None:
    """Ask until the API answers as it should: with JSON about the request."""
    for _ in range(50):
        try:
            answer = client.get(url)
            content = orjson.loads(answer.content)
        except (httpx.TransportError, orjson.JSONDecodeError):
            continue
        if answer.status_code in {200, 400, 404}:
            assert ("data" in content) == (answer.status_code == 200)
            return
    raise AssertionError(f"{url} never answered")


@pytest.fixture
def admin(faulty: SandboxServer) -> Iterator[Callable[..., httpx.Response]]:
    headers = {"Authorization": f"Klaviyo-API-Key {faulty.key}"}
    with httpx.Client(base_url=f"{faulty.url}/sandbox", headers=headers) as client:
        yield client.request


def test_rules_over_the_network(admin: Callable[..., httpx.Response], asking: Client) -> None:
    rules = ["500:path=/api/accounts,share=1", "hidden-events"]
    assert admin("POST", "/faults", json={"rules": rules}).json() == {"rules": rules}
    assert admin("GET", "/faults/").json() == {"rules": rules}
    assert asking.get("/api/accounts").status_code == 500
    assert admin("DELETE", "/faults").json() == {"rules": []}
    assert asking.get("/api/accounts").status_code == 200


@pytest.mark.parametrize(
    ("method", "url", "asked", "status", "said"),
    [
        ("POST", "/faults", {"rules": ["501"]}, 400, "there is no fault '501' (one of 429"),
        ("POST", "/faults", {"rules": "500"}, 400, "Say "),
        ("POST", "/faults", [], 400, "no JSON object"),
        ("POST", "/clock", {"days": 0}, 400, "days is a whole number from 1"),
        ("POST", "/clock", {"days": True}, 400, "days is a whole number from 1"),
        ("PUT", "/clock", {}, 404, "PUT /sandbox/clock does not exist"),
    ],
)
def test_what_the_folder_refuses(
    admin: Callable[..., httpx.Response],
    method: str,
    url: str,
    asked: Any,
    status: int,
    said: str,
) -> None:
    answer = admin(method, url, json=asked)
    assert answer.status_code == status
    assert said in answer.json()["errors"][0]["detail"]


def test_requests_over_the_network(admin: Callable[..., httpx.Response], asking: Client) -> None:
    asking.get("/api/events?page[size]=1")
    asking.get("/api/events", headers={"Authorization": "Klaviyo-API-Key pk_secret"})
    answer = admin("GET", "/requests")
    assert answer.json()["requests"][-2:] == [
        {
            "method": "GET", "path": "/api/events", "query": "page[size]=1", "status": 200,
            "key": "private",
        },
        {"method": "GET", "path": "/api/events", "query": "", "status": 401, "key": "none"},
    ]  # fmt: skip
    assert "pk_" not in answer.text


def test_the_clock_over_the_network(aged: Shop) -> None:
    with SandboxServer(aged) as server:
        headers = {"Authorization": f"Klaviyo-API-Key {server.key}"}
        with httpx.Client(base_url=f"{server.url}/sandbox", headers=headers) as client:
            before = client.get("").json()
            after = client.post("/clock", json={"days": 1}).json()
        assert before == {
            "account": aged.account.id, "now": "2026-11-02T05:00:00+00:00", "simulated": True
        }  # fmt: skip
        assert after == {**before, "now": "2026-11-03T05:00:00+00:00"}
        assert server.now == aged.now + 86_400


def test_the_folder_opens_to_the_key_of_the_sandbox_alone(faulty: SandboxServer) -> None:
    for headers in ({}, {"Authorization": "Klaviyo-API-Key pk_other"}):
        answer = httpx.get(f"{faulty.url}/sandbox/faults", headers=headers)
        assert answer.status_code == 401
