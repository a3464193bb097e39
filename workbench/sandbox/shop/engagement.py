"""What people and machines do with a message: receive, open, click, bounce, leave, buy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR, NEVER
from workbench.sandbox.shop.events import EventLog, Flag, Kind
from workbench.sandbox.shop.incidents import Incident, Trouble
from workbench.sandbox.shop.messages import Catalogue
from workbench.sandbox.shop.people import People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.purchases import Purchases, order_values
from workbench.sandbox.shop.sends import Sends, during

__all__ = ["noted_email", "noted_push", "noted_sms"]

PRIVACY_FETCH = 0.93  # Apple fetches the images of a received e-mail
PRIVACY_HIDES = 0.7  # a person's own open is then not seen
SCANNER_OPENS, SCANNER_CLICKS = 0.8, 0.35
OPENS_AGAIN, CLICKS_AGAIN = 0.22, 0.15
CLICK_AFTER_READING = 0.085
SMS_CLICK, PUSH_OPEN = 0.07, 0.06
ORDER_AFTER_CLICK, ORDER_AFTER_READING = 0.06, 0.0016
OFFER_LIFT, OFFER_PRICE = 1.7, 0.88

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


def noted_email(
    log: EventLog,
    plan: ShopPlan,
    people: People,
    catalogue: Catalogue,
    sends: Sends,
    *,
    incidents: tuple[Incident, ...] = (),
) -> Purchases:
    """Note what follows from each e-mail sent; the orders it causes come back.

    Args:
        log: receives the events.
        plan: the shop.
        people: its profiles.
        catalogue: its messages.
        sends: e-mail only, sorted by profile and time.
        incidents: of which bot storms matter here.
    """
    rng = random_stream(plan, "e-mail", block=people.block)
    _note_undelivered(log, rng, sends.where(sends.bounce > 0), Kind.BOUNCED_EMAIL)
    note = _Notes(log, rng, sends.where(sends.bounce == 0), Kind.RECEIVED_EMAIL)
    _note_machines(note, people)
    _note_storms(note, plan, people, incidents)
    appeal = _appeal(catalogue, note.got)
    openness = people.openness[note.got.profile]
    reads = note.chance(np.clip(openness * appeal, 0.0, 0.95))
    clicks = reads & note.chance(CLICK_AFTER_READING * appeal)
    read_at = note.received_at + _reading_delay(rng, len(reads))
    _note_readers(note, people, reads=reads, clicks=clicks, read_at=read_at)
    _note_departures(note, people)
    return note.caused_orders(plan, people, catalogue, acts_at=read_at, reads=reads, clicks=clicks)


def noted_sms(
    log: EventLog, plan: ShopPlan, people: People, catalogue: Catalogue, sends: Sends
) -> Purchases:
    """Note what follows from each text message; the orders it causes come back."""
    rng = random_stream(plan, "sms", block=people.block)
    _note_undelivered(log, rng, sends.where(sends.bounce > 0), Kind.FAILED_SMS)
    note = _Notes(log, rng, sends.where(sends.bounce == 0), Kind.RECEIVED_SMS)
    clicks = note.chance(SMS_CLICK * _appeal(catalogue, note.got))
    clicked_at = note.received_at + _reading_delay(rng, len(clicks)) // 4
    note.some(clicks, Kind.CLICKED_SMS, clicked_at)
    return note.caused_orders(
        plan, people, catalogue, acts_at=clicked_at, reads=clicks, clicks=clicks
    )


def noted_push(
    log: EventLog, plan: ShopPlan, people: People, catalogue: Catalogue, sends: Sends
) -> Purchases:
    """Note what follows from each push notification; the orders it causes come back.

    Args:
        log: holds what followed from e-mails already.
        plan: the shop.
        people: its profiles.
        catalogue: its messages.
        sends: push notifications only.
    """
    rng = random_stream(plan, "push events", block=people.block)
    sends = sends.where(_on_the_list(log, people, catalogue, sends))
    note = _Notes(log, rng, sends, Kind.RECEIVED_PUSH)
    opens = note.chance(PUSH_OPEN * _appeal(catalogue, note.got))
    opened_at = note.received_at + _reading_delay(rng, len(opens)) // 8
    note.some(opens, Kind.OPENED_PUSH, opened_at)
    return note.caused_orders(plan, people, catalogue, acts_at=opened_at, reads=opens, clicks=opens)


def _on_the_list(log: EventLog, people: People, catalogue: Catalogue, sends: Sends) -> _Bools:
    """Campaigns go to a list: who left it by an e-mail in the meantime is sent none."""
    left_at = np.full(len(people), NEVER)
    for kind in (Kind.UNSUBSCRIBED, Kind.MARKED_SPAM):
        at, profile = log.noted(kind)
        np.minimum.at(left_at, profile, at)
    of_flow = np.array([message.flow >= 0 for message in catalogue.messages])[sends.message]
    is_back = sends.at >= people.returns_at[sends.profile]
    return np.asarray(of_flow | is_back | (sends.at < left_at[sends.profile]))


class _Notes:
    """Receipts of one channel, and the events that answer them.

    Attributes:
        got: the sends that arrived.
        received_at: when each did, UTC second.
    """

    def __init__(self, log: EventLog, rng: np.random.Generator, got: Sends, receipt: Kind) -> None:
        self._log, self._rng, self.got = log, rng, got
        self.received_at = got.at + rng.integers(1, 40, len(got.at))
        self._receipts = log.add(
            receipt,
            at=self.received_at,
            profile=got.profile,
            message=got.message,
            send_at=got.at,
            variation=got.variation,
        )

    def chance(self, share: float | npt.NDArray[np.float64]) -> _Bools:
        """Receipts drawn with a probability."""
        return np.asarray(self._rng.random(len(self.received_at)) < share)

    def after(self, at: _Ints, least: int, most: int) -> _Ints:
        """Instants between ``least`` and ``most`` seconds after others."""
        return np.asarray(at + self._rng.integers(least, most, len(at)), dtype=np.int64)

    def some(self, chosen: _Bools | _Ints, kind: Kind, at: _Ints, flags: int = 0) -> None:
        """One event for each chosen receipt."""
        self._log.add(
            kind,
            at=at[chosen],
            profile=self.got.profile[chosen],
            message=self.got.message[chosen],
            send_at=self.got.at[chosen],
            receipt=self._receipts[chosen],
            flags=flags,
            variation=self.got.variation[chosen],
        )

    def caused_orders(
        self,
        plan: ShopPlan,
        people: People,
        catalogue: Catalogue,
        *,
        acts_at: _Ints,
        reads: _Bools,
        clicks: _Bools,
    ) -> Purchases:
        """The orders that would not have been placed without the message."""
        is_offer = np.array([message.is_offer for message in catalogue.messages])[self.got.message]
        chance = np.where(clicks, ORDER_AFTER_CLICK, np.where(reads, ORDER_AFTER_READING, 0.0))
        caused = np.flatnonzero(self.chance(chance * np.where(is_offer, OFFER_LIFT, 1.0)))
        profile = self.got.profile[caused]
        delay = 300 + self._rng.exponential(7 * HOUR, len(caused)).astype(np.int64)
        spend = people.spend[profile] * np.where(is_offer[caused], OFFER_PRICE, 1.0)
        value = order_values(self._rng, plan, spend)
        return Purchases(acts_at[caused] + delay, profile, value, self._receipts[caused])


def _appeal(catalogue: Catalogue, got: Sends) -> npt.NDArray[np.float64]:
    """Of each send, the appeal of its variation, or of its message where it has none."""
    message = np.array([each.appeal for each in catalogue.messages])[got.message]
    tested = np.array([*(each.appeal for each in catalogue.variations), 0.0])[got.variation]
    return np.where(got.variation >= 0, tested, message)


def _note_undelivered(log: EventLog, rng: np.random.Generator, lost: Sends, kind: Kind) -> None:
    log.add(
        kind,
        at=lost.at + rng.integers(2, 90, len(lost)),
        profile=lost.profile,
        message=lost.message,
        send_at=lost.at,
        flags=np.where(lost.bounce == 2, Flag.HARD_BOUNCE, 0),
        variation=lost.variation,
    )


def _note_machines(note: _Notes, people: People) -> None:
    """Apple's privacy proxy fetches images, companies' scanners open and follow links."""
    fetched = people.has_privacy[note.got.profile] & note.chance(PRIVACY_FETCH)
    fetched_at = note.after(note.received_at, 20, 5 * HOUR)
    note.some(fetched, Kind.OPENED_EMAIL, fetched_at, Flag.APPLE_PRIVACY | Flag.MACHINE)
    scanned = people.is_scanned[note.got.profile] & note.chance(SCANNER_OPENS)
    note.some(scanned, Kind.OPENED_EMAIL, note.after(note.received_at, 2, 60), Flag.MACHINE)
    followed = scanned & note.chance(SCANNER_CLICKS)
    note.some(followed, Kind.CLICKED_EMAIL, note.after(note.received_at, 60, 90), Flag.BOT)


def _note_storms(
    note: _Notes, plan: ShopPlan, people: People, incidents: tuple[Incident, ...]
) -> None:
    """In a bot storm the links of a scanned message are followed again and again."""
    for incident in incidents:
        if incident.trouble == Trouble.BOT_STORM:
            stormy = people.is_scanned[note.got.profile] & during(plan, incident, note.got.at)
            stormy &= note.chance(SCANNER_OPENS * SCANNER_CLICKS)
            for again in range(1, int(incident.factor)):
                clicked_at = note.received_at + 90 + 7 * again
                note.some(stormy, Kind.CLICKED_EMAIL, clicked_at, Flag.BOT)


def _note_readers(
    note: _Notes,
    people: People,
    *,
    reads: _Bools,
    clicks: _Bools,
    read_at: _Ints,
) -> None:
    """People open, some of them again, and click, some of them twice."""
    hidden = people.has_privacy[note.got.profile] & note.chance(PRIVACY_HIDES)
    seen = reads & ~hidden
    note.some(seen, Kind.OPENED_EMAIL, read_at)
    note.some(seen & note.chance(OPENS_AGAIN), Kind.OPENED_EMAIL, note.after(read_at, 60, 2 * DAY))
    clicked_at = note.after(read_at, 5, 240)
    note.some(clicks, Kind.CLICKED_EMAIL, clicked_at)
    twice = clicks & note.chance(CLICKS_AGAIN)
    note.some(twice, Kind.CLICKED_EMAIL, note.after(clicked_at, 10, HOUR))


def _note_departures(note: _Notes, people: People) -> None:
    """The last e-mail before a profile's time to leave is the one it leaves by."""
    profile = note.got.profile
    # one who comes back stays, so the last e-mail before the time to leave is looked for
    before = note.got.at < people.leaves_at[profile]
    follows = (profile[1:] == profile[:-1]) & before[1:]
    is_last = before & ~np.append(follows, False)[: len(profile)]
    # those whose time to leave lies after the simulation are still there
    leaves = people.leaves_at[profile] < note.received_at.max(initial=0)
    last = np.flatnonzero(is_last & leaves)
    complains = people.complains[profile[last]]
    at = note.after(note.received_at, 30, 2 * HOUR)
    note.some(last[~complains], Kind.UNSUBSCRIBED, at)
    note.some(last[complains], Kind.MARKED_SPAM, at)


def _reading_delay(rng: np.random.Generator, count: int) -> _Ints:
    """Seconds from receipt to reading: half within two hours, a few after days."""
    seconds = rng.lognormal(np.log(2 * HOUR), 1.5, count)
    return np.minimum(seconds, 6 * DAY).astype(np.int64) + 45
