"""What the client sends, what it asks again, what it refuses, and that the key never shows."""

from __future__ import annotations

import datetime as dt
import logging
import re
import socket
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import orjson
import pytest

from workbench.errors import (
    CursorExpired,
    KeyRejected,
    KlaviyoError,
    KlaviyoRefused,
    KlaviyoUnavailable,
    QuotaExhausted,
    RevisionRetired,
    ScopeMissing,
)
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo.requests import RequestRecord

from .conftest import KEY, REVISION, SERVED, URL, Clock, client_of

Answer = httpx.Response | Exception
OK = httpx.Response(200, json={"data": []}, headers={"Date": SERVED})


def refusal(status: int, detail: str, **headers: str) -> httpx.Response:
    body = {"errors": [{"id": "1", "code": "x", "title": "Title.", "detail": detail}]}
    return httpx.Response(status, json=body, headers={"Date": SERVED, **headers})


def in_turn(*answers: Answer) -> Callable[[httpx.Request], httpx.Response]:
    """Gives each answer once, and the last one from then on."""
    left = list(answers)

    def answered(request: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return answered


def test_every_request_carries_key_and_revision_and_is_a_get() -> None:
    seen: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return OK

    with client_of(answered) as client:
        client.get("/api/events", {"page[size]": "1", "sort": "datetime"})
    (request,) = seen
    assert request.method == "GET"
    assert request.headers["Authorization"] == f"Klaviyo-API-Key {KEY}"
    assert request.headers["revision"] == REVISION
    assert request.headers["X-Klaviyo-Revision-Fall-Forward-Opt-Out"] == "1"
    assert request.headers["Accept"] == "application/vnd.api+json"
    assert request.headers["User-Agent"].startswith("klaviyo-workbench/")
    assert request.url == f"{URL}/api/events?page%5Bsize%5D=1&sort=datetime"


def test_klaviyos_clock_and_the_mark_of_simulated_data_are_read_from_the_answers() -> None:
    simulated = httpx.Response(200, json={}, headers={"Date": SERVED, "X-Simulated": "true"})
    with client_of(in_turn(httpx.Response(200, json={}), OK, simulated, OK)) as client:
        client.get("/api/events")
        with pytest.raises(KlaviyoUnavailable, match="clock is not known"):
            _ = client.served_at
        client.get("/api/events")
        assert client.served_at == dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)
        marks = [client.is_simulated]
        client.get("/api/events")
        client.get("/api/events")
        assert [*marks, client.is_simulated] == [False, True]
        assert client.requests == 4


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (refusal(400, "Invalid filter."), KlaviyoRefused, "/api/events answered 400: Invalid f"),
        (refusal(401, "Incorrect key."), KeyRejected, "does not accept the key: Incorrect key"),
        (httpx.Response(401), KeyRejected, "does not accept the key: no reason given"),
        (refusal(403, "Missing events:read."), ScopeMissing, "answered 403: Missing events:read"),
        (refusal(404, "No such thing."), KlaviyoRefused, "answered 404: No such thing"),
        (httpx.Response(405, json=[]), KlaviyoRefused, "answered 405: no reason given"),
        (refusal(410, "Revision retired."), RevisionRetired, "answered 410: Revision retired"),
        (httpx.Response(301, headers={"Location": "/"}), KlaviyoRefused, "answered 301"),
    ],
)
def test_row_25_a_refusal_is_told_at_once_with_what_to_do(
    answer: httpx.Response, error: type[KlaviyoError], told: str
) -> None:
    clock = Clock()
    with client_of(in_turn(answer), clock) as client:
        with pytest.raises(error, match=told) as caught:
            client.get("/api/events")
        assert type(caught.value) is error
        assert caught.value.hint
        assert caught.value.status == answer.status_code
        assert caught.value.endpoint == "/api/events"
        assert client.requests == 1
    assert clock.slept == []


def test_row_07_a_refused_cursor_is_asked_for_again_before_it_counts_as_expired() -> None:
    refused, trouble = refusal(400, "Invalid cursor provided."), refusal(503, "Trouble.")
    with client_of(in_turn(refused, trouble, refused, OK)) as client:
        assert client.get("/api/events?page[cursor]=b") == {"data": []}
        assert client.requests == 4
    with client_of(in_turn(refused)) as client:
        with pytest.raises(CursorExpired, match="answered 400: Invalid cursor") as caught:
            client.get("/api/events?page[cursor]=b")
        assert (caught.value.status, caught.value.endpoint) == (400, "/api/events")
        assert caught.value.hint
        assert client.requests == 3


CHALLENGE = httpx.Response(403, html="<html>Checking your browser</html>")


@pytest.mark.parametrize(
    "trouble",
    [
        *[refusal(status, "Trouble.") for status in (429, 500, 502, 503, 504, 524)],
        CHALLENGE,
        httpx.Response(200, content=b'{"data": [', headers={"Date": SERVED}),
        httpx.Response(200, content=b"[]"),
        httpx.Response(200, content=b"<html>"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.ConnectError("[Errno -2] Name or service not known"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("cut off"),
        httpx.DecodingError("not in gzip format"),
    ],
    ids=lambda trouble: (
        str(trouble.status_code) if isinstance(trouble, httpx.Response) else type(trouble).__name__
    ),
)
def test_row_25_trouble_is_asked_again_with_growing_pauses(trouble: Answer) -> None:
    clock = Clock()
    with client_of(in_turn(OK, trouble, trouble, trouble, OK), clock) as client:
        client.get("/api/events")
        assert client.get("/api/events") == {"data": []}
    assert len(clock.slept) == 3
    for number, slept in enumerate(clock.slept):
        assert 0 <= slept <= 2**number


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (refusal(500, "Trouble."), "/api/events still answers 500"),
        (CHALLENGE, "/api/events still answers 403"),
        (httpx.Response(200, content=b"["), "/api/events answered 200 without a JSON object"),
        (httpx.ReadTimeout("slow"), f"no answer from {URL}/api/events: ReadTimeout"),
    ],
)
def test_an_endpoint_that_stays_ill_rests_ever_longer_and_is_then_given_up(
    trouble: Answer, told: str
) -> None:
    clock = Clock()
    with client_of(in_turn(OK, trouble), clock) as client:
        client.get("/api/events")
        with pytest.raises(KlaviyoUnavailable, match=re.escape(told)) as caught:
            client.get("/api/events")
        assert caught.value.hint
        assert clock.slept[-4:] == [5.0, 15.0, 45.0, 90.0]
        assert len(clock.slept) == 5 + 4  # pauses of the call, then rests of the endpoint
        with pytest.raises(KlaviyoUnavailable, match=re.escape(told)):
            client.get("/api/events")  # asks once, and waits no more
        assert len(clock.slept) == 9


def test_one_bad_page_among_good_ones_is_given_up_after_six_tries() -> None:
    clock = Clock()
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        return OK if "good" in asked[-1] else refusal(500, "Trouble.")

    def good_between(seconds: float) -> None:
        clock.sleep(seconds)
        client.get("/api/events", {"is": "good"})

    with client_of(answered, clock, sleep=good_between) as client:
        client.get("/api/events", {"is": "good"})
        with pytest.raises(KlaviyoUnavailable, match="still answers 500"):
            client.get("/api/events", {"is": "bad"})
    assert asked.count("is=bad") == 6
    assert len(clock.slept) == 5  # none after the last


def test_an_address_that_never_answered_is_given_up_sooner() -> None:
    clock = Clock()
    with (
        client_of(in_turn(httpx.ConnectError("refused")), clock) as client,
        pytest.raises(KlaviyoUnavailable, match=r"ConnectError.*WORKBENCH_KLAVIYO_URL"),
    ):
        client.get("/api/events")
    assert sum(clock.slept) <= 3


def test_retry_after_closes_the_endpoint_for_that_long() -> None:
    clock = Clock()
    throttled = refusal(429, "Throttled.", **{"Retry-After": "17"})
    with client_of(in_turn(throttled, OK), clock) as client:
        assert client.get("/api/flows/AbCdEf") == {"data": []}
        assert clock.slept == [17.0]
        client.get("/api/flows")  # another endpoint
        assert client.requests == 3
    assert clock.slept == [17.0]


def test_a_daily_quota_is_not_waited_for() -> None:
    clock = Clock()
    closed = refusal(429, "Throttled.", **{"Retry-After": "27000"})
    told = r"/api/events is closed for 7\.5 hours.*what was read so far"
    with client_of(in_turn(closed), clock) as client:
        for _ in range(2):  # who comes later is told without a request
            with pytest.raises(QuotaExhausted, match=told) as caught:
                client.get("/api/events")
            assert caught.value.retry_at == dt.datetime(2026, 11, 2, 12, 30, tzinfo=dt.UTC)
            assert caught.value.status == 429
        assert client.requests == 1
    assert clock.slept == []


def test_hours_of_maintenance_are_no_quota_and_not_waited_for() -> None:
    clock = Clock()
    closed = refusal(503, "Maintenance.", **{"Retry-After": "7200"})
    with client_of(in_turn(closed), clock) as client:
        with pytest.raises(KlaviyoUnavailable, match="/api/events still answers 503") as caught:
            client.get("/api/events")
        assert not isinstance(caught.value, QuotaExhausted)
        assert client.requests == 1
    assert clock.slept == []


def test_a_retry_after_of_503_is_waited_for_too() -> None:
    clock = Clock()
    closed = refusal(503, "Maintenance.", **{"Retry-After": "Mon, 02 Nov 2026 05:00:09 GMT"})
    with client_of(in_turn(closed, OK), clock) as client:
        client.get("/api/events")
    assert clock.slept == [9.0]


def test_refusals_for_being_asked_too_often_are_outlasted() -> None:
    clock = Clock()
    throttled = refusal(429, "Throttled.", **{"Retry-After": "1"})
    with client_of(in_turn(OK, *[throttled] * 30, OK), clock) as client:
        client.get("/api/events")
        assert client.get("/api/events") == {"data": []}
    assert sum(clock.slept) == pytest.approx(30.0)


def test_refusals_without_end_are_not() -> None:
    throttled = refusal(429, "Throttled.", **{"Retry-After": "1"})
    with (
        client_of(in_turn(throttled)) as client,
        pytest.raises(KlaviyoUnavailable, match="/api/events still answers 429"),
    ):
        client.get("/api/events")


@pytest.mark.parametrize(
    "headers", [{"Date": "yesterday"}, {"Retry-After": "soon"}, {"RateLimit-Limit": "\xbd"}]
)
@pytest.mark.parametrize("status", [200, 429, 503])
def test_headers_that_make_no_sense_do_no_harm(headers: dict[str, str], status: int) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    odd = httpx.Response(status, json={"data": []}, headers=raw)
    with client_of(in_turn(OK, odd, OK)) as client:
        for _ in range(3):
            assert client.get("/api/events") == {"data": []}
        assert client.served_at == dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("detail", "scopes"),
    [
        (
            "The API key is missing required scopes: forms:read, lists:read",
            ("forms:read", "lists:read"),
        ),
        ("Needs tracking-settings:read.", ("tracking-settings:read",)),
        ("You may not do that: ask an admin.", ()),
    ],
)
def test_the_scopes_that_a_key_lacks_are_named(detail: str, scopes: tuple[str, ...]) -> None:
    with client_of(in_turn(refusal(403, detail))) as client, pytest.raises(ScopeMissing) as caught:
        client.get("/api/forms")
    assert caught.value.scopes == scopes
    assert all(scope in caught.value.hint for scope in scopes)


def test_row_23_a_retired_revision_is_named_with_what_to_do() -> None:
    retired = refusal(410, "Revision retired.")
    with (
        client_of(in_turn(retired)) as client,
        pytest.raises(RevisionRetired, match=f"asked for revision {REVISION}.*update the workb"),
    ):
        client.get("/api/events")


def test_bytes_that_their_reader_cannot_read_are_asked_for_again() -> None:
    bodies = iter([b"half", b"whole"])

    def read(content: bytes) -> str:
        if content == b"half":
            raise ValueError("not all of it")
        return content.decode()

    with client_of(lambda _: httpx.Response(200, content=next(bodies))) as client:
        assert client.fetch("/api/events", read=read) == "whole"


def test_every_request_is_told_of_and_nothing_of_a_person_or_a_key() -> None:
    clock, told = Clock(), list[RequestRecord]()
    left = {"RateLimit-Limit": "750", "RateLimit-Remaining": "748", "RateLimit-Reset": "40"}
    answers = in_turn(
        httpx.Response(200, json={}, headers={"Date": SERVED, **left}),
        refusal(429, "Throttled.", **{"Retry-After": "17"}),
        httpx.ConnectError("refused"),
        httpx.Response(200, json={}),
    )
    with client_of(answers, clock, on_request=told.append) as client:
        client.get("/api/lists/AbC123/profiles", {"filter": "equals(email,'a@b.test')"})
        client.get("/api/lists/AbC123/profiles?page[cursor]=x")
    assert [(record.status, record.attempt) for record in told] == [
        (200, 1), (429, 1), (None, 2), (200, 3)
    ]  # fmt: skip
    assert {(record.method, record.endpoint) for record in told} == {
        ("GET", "/api/lists/{id}/profiles")
    }
    assert [(record.limit, record.remaining) for record in told] == [(750, 748)] + [
        (None, None)
    ] * 3
    assert {record.at for record in told} == {dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)}
    waited = [record.waited_seconds for record in told]
    assert waited[:3] == [0.0, 0.0, 17.0]
    assert sum(waited) == pytest.approx(clock.now)
    assert all(record.milliseconds >= 0 for record in told)
    for secret in (KEY, "a@b.test", "AbC123", "cursor"):
        assert secret not in repr(told)


def test_the_ids_of_a_path_share_a_limit() -> None:
    clock = Clock()
    with client_of(in_turn(OK), clock) as client:
        for path in ("/api/accounts/AbCdEf", "/api/accounts", "/api/accounts/GhIjKl?page[size]=1"):
            client.get(path)
    assert clock.slept == [1.0]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\udE00 first"', "\ufffd first"),
        (rb'"\ud83d\ud83D\uDE00"', "\ufffd\U0001f600"),
        (rb'"a\u0000"', "a\ufffd"),
        (rb'"\\u0000 \\\u0000"', "\\u0000 \\\ufffd"),
        (rb'"\\ud83d \"\\\ud83d\u00e9"', '\\ud83d "\\\ufffd\u00e9'),
    ],
)
def test_what_is_no_character_costs_nothing_but_itself(sent: bytes, read: str) -> None:
    answer = httpx.Response(200, content=b'{"data": ' + sent + b"}")
    with client_of(in_turn(answer)) as client:
        body = client.get("/api/events")
    assert body == {"data": read}
    assert orjson.loads(orjson.dumps(body)) == body


@pytest.mark.parametrize("key", ["pk_\u2026", "pk_a\nb", "pk_\u043a\u043b\u044e\u0447"])
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(key: str) -> None:
    with (
        pytest.raises(KeyRejected, match=r"a character that no key has.*KLAVIYO_API_KEY") as caught,
        client_of(in_turn(OK), key=key),
    ):
        pass
    assert key not in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        refusal(401, "Incorrect authentication credentials."),
        refusal(403, "Missing."),
        refusal(400, "Bad."),
        refusal(500, "Trouble."),
        httpx.ConnectError("refused"),
        httpx.LocalProtocolError(f"Illegal header value b'Klaviyo-API-Key {KEY}'"),
    ],
)
def test_the_key_is_in_no_repr_no_error_and_no_log(
    every_log: pytest.LogCaptureFixture, answer: Answer
) -> None:
    with client_of(in_turn(answer)) as client:
        told = [repr(client), str(client)]
        try:
            client.get("/api/events")
        except KlaviyoError as error:
            told += [str(error), repr(error), repr(error.__dict__), error.hint]
            told += traceback.format_exception(error)
    assert KEY not in "".join(told)
    assert KEY not in every_log.text
    assert every_log.text or isinstance(answer, Exception)


def test_a_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")

        def answered() -> bytes:
            connected, _ = proxy.accept()
            with connected:
                said = connected.recv(65_536)
                connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                return said

        with (
            ThreadPoolExecutor(1) as pool,
            KlaviyoClient(key=KEY, url="http://klaviyo.test", revision=REVISION) as client,
        ):
            said = pool.submit(answered)
            assert client.get("/api/events") == {}
            assert said.result().startswith(b"GET http://klaviyo.test/api/events HTTP/1.1")
