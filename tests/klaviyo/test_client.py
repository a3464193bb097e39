"""What the client sends, what it asks again, what it refuses, and that the key never shows."""

from __future__ import annotations

import datetime as dt
import logging
import re
import traceback
from collections.abc import Callable, Iterator

import httpx
import orjson
import pytest

from workbench.errors import (
    KeyRejected,
    KlaviyoError,
    KlaviyoRefused,
    KlaviyoUnavailable,
    RevisionRetired,
    ScopeMissing,
)
from workbench.klaviyo.limits import XL, XS

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
        client.get("/api/events", {"page[size]": "1", "sort": "datetime"}, limit=XL)
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
        client.get("/api/events", limit=XL)
        with pytest.raises(KlaviyoUnavailable, match="clock is not known"):
            _ = client.served_at
        client.get("/api/events", limit=XL)
        assert client.served_at == dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)
        assert not client.is_simulated
        client.get("/api/events", limit=XL)
        client.get("/api/events", limit=XL)
        assert client.is_simulated
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
def test_a_refusal_is_told_at_once_with_what_to_do(
    answer: httpx.Response, error: type[KlaviyoError], told: str
) -> None:
    clock = Clock()
    with client_of(in_turn(answer), clock) as client:
        with pytest.raises(error, match=told) as caught:
            client.get("/api/events", limit=XL)
        assert type(caught.value) is error
        assert caught.value.hint
        assert caught.value.status == answer.status_code
        assert caught.value.endpoint == "/api/events"
        assert client.requests == 1
    assert clock.slept == []


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
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("cut off"),
    ],
    ids=lambda trouble: (
        str(trouble.status_code) if isinstance(trouble, httpx.Response) else type(trouble).__name__
    ),
)
def test_trouble_is_asked_again_with_growing_pauses(trouble: Answer) -> None:
    clock = Clock()
    with client_of(in_turn(OK, trouble, trouble, trouble, OK), clock) as client:
        client.get("/api/events", limit=XL)
        assert client.get("/api/events", limit=XL) == {"data": []}
    assert len(clock.slept) == 3
    for number, slept in enumerate(clock.slept):
        assert 0.5 * 2**number <= slept <= 2**number


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (refusal(500, "Trouble."), "/api/events still answers 500"),
        (CHALLENGE, "/api/events still answers 403"),
        (httpx.Response(200, content=b"["), "/api/events answered 200 without a JSON object"),
        (httpx.ReadTimeout("slow"), f"no answer from {URL}/api/events: ReadTimeout"),
    ],
)
def test_trouble_that_stays_is_told_after_six_tries_and_no_pause_after_the_last(
    trouble: Answer, told: str
) -> None:
    clock = Clock()
    with client_of(in_turn(OK, trouble), clock) as client:
        client.get("/api/events", limit=XL)
        with pytest.raises(KlaviyoUnavailable, match=re.escape(told)) as caught:
            client.get("/api/events", limit=XL)
    assert caught.value.hint
    assert len(clock.slept) == 5


def test_an_address_that_never_answered_is_given_up_sooner() -> None:
    clock = Clock()
    with (
        client_of(in_turn(httpx.ConnectError("refused")), clock) as client,
        pytest.raises(KlaviyoUnavailable, match=r"ConnectError.*WORKBENCH_KLAVIYO_URL"),
    ):
        client.get("/api/events", limit=XL)
    assert sum(clock.slept) <= 3


def test_retry_after_closes_the_endpoint_for_that_long() -> None:
    clock = Clock()
    throttled = refusal(429, "Throttled.", **{"Retry-After": "17"})
    with client_of(in_turn(throttled, OK), clock) as client:
        assert client.get("/api/flows/AbCdEf", limit=XL) == {"data": []}
        assert clock.slept == [17.0]
        client.get("/api/flows", limit=XL)  # another endpoint
        assert client.requests == 3
    assert clock.slept == [17.0]


def test_a_daily_quota_is_not_waited_for() -> None:
    clock = Clock()
    closed = refusal(429, "Throttled.", **{"Retry-After": "27000"})
    with (
        client_of(in_turn(closed), clock) as client,
        pytest.raises(KlaviyoUnavailable, match=r"closed for 7\.5 hours.*what was read so far"),
    ):
        client.get("/api/events", limit=XL)
    assert clock.slept == []


def test_the_ids_of_a_path_share_a_limit() -> None:
    clock = Clock()
    with client_of(in_turn(OK), clock) as client:
        for path in ("/api/flows/AbCdEf", "/api/flows", "/api/flows/GhIjKl?page[size]=50"):
            client.get(path, limit=XS)
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
        body = client.get("/api/events", limit=XL)
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
            client.get("/api/events", limit=XL)
        except KlaviyoError as error:
            told += [str(error), repr(error), repr(error.__dict__), error.hint]
            told += traceback.format_exception(error)
    assert KEY not in "".join(told)
    assert KEY not in every_log.text
    assert every_log.text or isinstance(answer, Exception)
