"""Those who bring the events of an account into klaviyo.event, each as a process of its own.

    sync    this workbench's sync, of events alone
    sdk     Klaviyo's own SDK: page after page by its links, each inserted with executemany
    copy    no Klaviyo: the rows as they stand in a file, by one COPY; nobody can be faster

Each says "begin" when it is loaded and connected, "end" when the last row is committed, and "done"
when it is through: the sync compares what it has with Klaviyo's counts in between. Then it waits to
be measured. The database, the address and the key are those of the environment, as a user's are.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg

__all__ = ["INSERT", "event_row"]

# the columns that the sync writes
INSERT = """
insert into klaviyo.event (
    account_id, metric_id, occurred_at, event_id, profile_id, value, currency, message_ref, flow_id,
    variation_id, sent_at, is_machine_open, is_bot_click, attributions, payload
)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict do nothing
"""
_CHUNK = 1 << 20


def main() -> None:
    name, *more = sys.argv[1:]
    CONTENDERS[name](*more)
    say("done")
    sys.stdin.read()  # stays to be measured, until the other side closes it


def say(word: str) -> None:
    print(f"said {word}", flush=True)


def sync() -> None:
    from workbench.cli.data import ready_database
    from workbench.klaviyo import KlaviyoClient
    from workbench.settings import read_settings
    from workbench.sync import Asked, Progress, sync_account
    from workbench.sync.progress import StreamProgress

    class Told(Progress):
        """Says when the events are stored."""

        @contextmanager
        def stream(self, name: str, *, total: int | None) -> Iterator[StreamProgress]:
            with super().stream(name, total=total) as told:
                yield told
            if name == "events":
                say("end")

    settings = read_settings()
    with ready_database(settings) as database:
        say("begin")
        with (
            KlaviyoClient(
                key=settings.klaviyo_keys[0],
                url=settings.klaviyo_url,
                revision=settings.revision,
            ) as client,
            Told() as progress,
        ):
            asked = Asked(resources=("events",), connections=settings.sync_connections)
            sync_account(database, client, progress=progress, clock=time.monotonic, asked=asked)


def sdk() -> None:
    """The loop that the SDK's own examples lead to: one page after the other, models and all."""
    from klaviyo_api import KlaviyoAPI

    from workbench.settings import read_settings

    settings = read_settings()
    assert settings.database_url
    klaviyo = KlaviyoAPI(
        settings.klaviyo_keys[0], max_delay=60, max_retries=3, test_host=settings.klaviyo_url
    )
    account = klaviyo.Accounts.get_accounts().data[0]
    currency = account.attributes.preferred_currency
    with psycopg.connect(settings.database_url) as connection, connection.cursor() as cursor:
        say("begin")
        for page in sdk_pages(klaviyo):
            credits = {each["id"]: each for each in page.included or ()}
            rows = [event_row(each, credits, account.id, currency) for each in page.data]
            cursor.executemany(INSERT, rows)
            connection.commit()
    say("end")


def sdk_pages(klaviyo: Any) -> Iterator[Any]:
    following: str | None = None
    while True:
        page = klaviyo.Events.get_events(
            page_size=1000, include=["attributions"], sort="datetime", page_cursor=following
        )
        yield page
        following = page.links.next
        if following is None:
            return


def event_row(
    event: Any, credits: Mapping[str, Any], account_id: str, currency: str
) -> tuple[Any, ...]:
    """An event of the SDK's models in the order of INSERT."""
    said, related = event.attributes, event.relationships
    properties = said.event_properties or {}
    value, cohort = properties.get("$value"), properties.get("$_cohort$message_send_cohort")
    links = related.attributions.data if related.attributions else None
    given = [_credit(credits[link.id]) for link in links or () if link.id in credits]
    machine = {"Apple Privacy Open", "machine_open"} & properties.keys()
    payload = {
        "timestamp": said.timestamp,
        "event_properties": properties,
        "datetime": said.datetime_,
        "uuid": said.uuid,
    }
    return (
        account_id,
        related.metric.data.id,
        said.datetime_,
        event.id,
        related.profile.data.id if related.profile and related.profile.data else None,
        value,
        None if value is None else properties.get("$value_currency") or currency,
        properties.get("$message"),
        properties.get("$flow"),
        properties.get("$variation"),
        dt.datetime.fromtimestamp(int(cohort.partition(":")[0]), dt.UTC) if cohort else None,
        any(properties[name] in (True, "true") for name in machine) if machine else None,
        properties["Bot Click"] in (True, "true") if "Bot Click" in properties else None,
        orjson.dumps(given).decode() if given else None,
        orjson.dumps(payload, default=str).decode(),
    )


def _credit(attribution: Mapping[str, Any]) -> dict[str, str | None]:
    """An attribution, for which the SDK has no model."""
    names = (
        "attributed-event",
        "campaign",
        "campaign-message",
        "flow",
        "flow-message",
        "flow-message-variation",
    )
    found = {name: (attribution["relationships"].get(name) or {}).get("data") for name in names}
    ids = {f"{name.replace('-', '_')}_id": each and each["id"] for name, each in found.items()}
    return {"attribution_id": attribution["id"], **ids}


def copy(dump: str) -> None:
    from workbench.settings import read_settings

    url = read_settings().database_url
    assert url
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        say("begin")
        with (
            Path(dump).open("rb") as rows,
            cursor.copy("copy klaviyo.event from stdin") as into,
        ):
            while chunk := rows.read(_CHUNK):
                into.write(chunk)
        connection.commit()
    say("end")


CONTENDERS: Mapping[str, Callable[..., None]] = {"sync": sync, "sdk": sdk, "copy": copy}


if __name__ == "__main__":
    main()
