"""What a simulated account really holds, counted from the generator's own columns.

Nothing here reads what the server serves: tests compare the two. Days are account days. Money is
added as whole numbers of the smallest unit and leaves as Decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.periods import DateRange
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.truth.customers import clv
from workbench.sandbox.truth.fates import fates
from workbench.sandbox.truth.forms import form_days, form_numbers
from workbench.sandbox.truth.groups import group_days, group_members
from workbench.sandbox.truth.messages import attribution, lift, unique_opens, variations
from workbench.sandbox.truth.orders import orders, revenue_by_currency
from workbench.sandbox.truth.series import anomalies, components, lateness

__all__ = ["Truth"]

_Ints = npt.NDArray[np.int64]


class Truth:
    """The account as it is visible at one simulated instant.

    Messages are counted by pair: one message and one profile that received it, however often. A
    pair belongs to the days in which a receipt of it falls (send-date basis); it counts as opened,
    clicked, unsubscribed or complained when that answered one of those receipts, at any later time
    up to now. All opens and clicks count, those of machines and bots included. A profile is whoever
    it is now: what a merged one did counts for the one it is part of, what a deleted one did for
    nobody.

    Args:
        shop: the account.
        now: UTC second; the shop's own simulated now when None.
    """

    def __init__(self, shop: Shop, *, now: int | None = None) -> None:
        self._shop = shop
        self._now = shop.now if now is None else now
        self._is_visible = shop.events.visible_at <= self._now
        # the extra place answers for -1
        self._owner = np.append(shop.people.fates.owner(self._now), -1).astype(np.int64)
        self._is_email = np.array(
            [message.channel == "email" for message in shop.catalogue.messages], dtype=bool
        )
        self._orders = self._rows(Kind.PLACED_ORDER)

    def key_numbers(self, days: DateRange) -> dict[str, int | Decimal | None]:
        """The key numbers of some account days.

        Money is Decimal, counts are int; average_order_value is None without an order. Revenue and
        orders are on event-date basis; what concerns messages is e-mail only and on send-date
        basis, message_revenue included. Money and orders are those of the account's currency;
        orders in another are orders_other_currency, and their customers are customers.
        """
        events, since, until = self._shop.events, *self._seconds(days)
        placed = self._orders[self._within(events.at[self._orders], since, until)]
        orders = placed[events.currency[placed] == 0]
        credited = orders[events.touch[orders] >= 0]
        revenue = self._money(events.value[orders].sum())
        received = self._within_rows(Kind.RECEIVED_EMAIL, since, until)
        bounces = self._within_rows(Kind.BOUNCED_EMAIL, since, until)
        messages = np.flatnonzero(self._is_email)
        numbers = self._message_numbers(received, messages, since, until).sum()
        bounced = len(np.unique(self._pairs(bounces)))
        return {
            "revenue": revenue,
            "orders": len(orders),
            "orders_other_currency": len(placed) - len(orders),
            "average_order_value": revenue / len(orders) if len(orders) else None,
            "attributed_revenue": self._money(events.value[credited].sum()),
            "attributed_orders": len(credited),
            "customers": len(self._profiles(placed)),
            "new_customers": self._new_customers(since, until),
            "recipients": int(numbers["delivered"]) + bounced,
            "delivered": int(numbers["delivered"]),
            "bounced": bounced,
            "unique_opens": int(numbers["unique_opens"]),
            "unique_clicks": int(numbers["unique_clicks"]),
            "unsubscribes": int(numbers["unsubscribes"]),
            "spam_complaints": int(numbers["spam_complaints"]),
            "message_revenue": self._money(numbers["value"]),
        }

    def daily_revenue(self) -> pd.DataFrame:
        """One row an account day from the first order's to the last's: ds, revenue, orders.

        Both are of the account's currency only.
        """
        events, days = self._shop.events, self._shop.days
        orders = self._orders[events.currency[self._orders] == 0]
        day = days.index(events.at[orders])
        value = np.zeros(days.count, dtype=np.int64)
        np.add.at(value, day, events.value[orders])
        count = np.bincount(day, minlength=days.count)
        span = range(int(day.min(initial=0)), int(day.max(initial=-1)) + 1)
        return pd.DataFrame(
            {
                "ds": [days.date(index) for index in span],
                "revenue": [self._money(value[index]) for index in span],
                "orders": [int(count[index]) for index in span],
            }
        )

    def revenue_by_currency(self, days: DateRange) -> pd.DataFrame:
        """One row a currency: orders and revenue of some days; see ``revenue_by_currency``."""
        return revenue_by_currency(self._shop, days, now=self._now)

    def form_numbers(self, days: DateRange) -> pd.DataFrame:
        """One row a form version: views, submits, closes; columns as ``form_numbers`` says."""
        return form_numbers(self._shop, now=self._now, days=days)

    def form_days(self) -> pd.DataFrame:
        """One row a form version and day, broken or not; columns as ``form_days`` says."""
        return form_days(self._shop, now=self._now)

    def group_members(self, group_id: str) -> pd.DataFrame:
        """One row a member of a list or segment; columns as ``group_members`` says."""
        return group_members(self._shop, group_id, now=self._now)

    def group_days(self, group_id: str) -> pd.DataFrame:
        """One row a day of a list or segment; columns as ``group_days`` says."""
        return group_days(self._shop, group_id, now=self._now)

    def fates(self) -> pd.DataFrame:
        """One row a profile merged, deleted or redacted; columns as ``fates`` says."""
        return fates(self._shop, now=self._now)

    def orders(self) -> pd.DataFrame:
        """One row an order: value, refunds, cause and credit; columns as ``orders`` says."""
        return orders(self._shop, now=self._now)

    def clv(self, window: DateRange) -> pd.DataFrame:
        """One row a profile: its orders, their causes, and a window to come; see ``clv``."""
        return clv(self._shop, now=self._now, window=window)

    def components(self) -> pd.DataFrame:
        """One row a day: what its orders are made of; columns as ``components`` says."""
        return components(self._shop)

    def anomalies(self) -> pd.DataFrame:
        """One row an incident that has begun; columns as ``anomalies`` says."""
        return anomalies(self._shop, now=self._now)

    def lateness(self) -> pd.DataFrame:
        """One row a metric: how late its events show; columns as ``lateness`` says."""
        return lateness(self._shop, now=self._now)

    def variations(self) -> pd.DataFrame:
        """One row a variation: its numbers and its planted appeal; columns as ``variations``."""
        return variations(self._shop, now=self._now)

    def unique_opens(self) -> pd.DataFrame:
        """One row a message: who opened it, by three definitions; columns as ``unique_opens``."""
        return unique_opens(self._shop, now=self._now)

    def attribution(self) -> pd.DataFrame:
        """One row a message: what it is credited with and what it caused; see ``attribution``."""
        return attribution(self._shop, now=self._now)

    def lift(self, periods: Sequence[DateRange]) -> pd.DataFrame:
        """One row a period: the treated, the held out, and the true effect; see ``lift``."""
        return lift(self._shop, periods, now=self._now)

    def campaign_numbers(self) -> pd.DataFrame:
        """One row a campaign message that was received, over all days.

        Columns: campaign_id, message_id, channel, name, delivered, unique_opens, unique_clicks,
        unsubscribes, spam_complaints, conversions, revenue (Decimal); by id of the campaign.
        """
        since, until = int(self._shop.days.starts[0]), int(self._shop.days.starts[-1])
        return self._performance("campaign", since, until)

    def flow_numbers(self, days: DateRange) -> pd.DataFrame:
        """One row a flow message received in the days; columns as those of campaigns, flow_id."""
        return self._performance("flow", *self._seconds(days))

    def _performance(self, owner: str, since: int, until: int) -> pd.DataFrame:
        catalogue = self._shop.catalogue
        owners = catalogue.campaigns if owner == "campaign" else catalogue.flows
        owner_rows = np.array([getattr(message, owner) for message in catalogue.messages])
        received = np.concatenate(
            [
                self._within_rows(Kind.RECEIVED_EMAIL, since, until),
                self._within_rows(Kind.RECEIVED_SMS, since, until),
                self._within_rows(Kind.RECEIVED_PUSH, since, until),
            ]
        )
        numbers = self._message_numbers(received, np.flatnonzero(owner_rows >= 0), since, until)
        numbers = numbers[numbers["delivered"] > 0]
        sent = [catalogue.messages[row] for row in numbers.index]
        described = {
            f"{owner}_id": [owners[row].id for row in owner_rows[numbers.index]],
            "message_id": [message.id for message in sent],
            "channel": [message.channel for message in sent],
            "name": [message.name for message in sent],
        }
        numbers["revenue"] = numbers.pop("value").map(self._money)
        frame = pd.concat([pd.DataFrame(described, index=numbers.index), numbers], axis=1)
        return frame.sort_values([f"{owner}_id", "message_id"], ignore_index=True)

    def _message_numbers(
        self, received: _Ints, messages: _Ints, since: int, until: int
    ) -> pd.DataFrame:
        """One row a message of ``messages``: counts of pairs, conversions, value of them."""
        answers = {
            "unique_opens": (Kind.OPENED_EMAIL, Kind.OPENED_PUSH),
            "unique_clicks": (Kind.CLICKED_EMAIL, Kind.CLICKED_SMS),
            "unsubscribes": (Kind.UNSUBSCRIBED,),
            "spam_complaints": (Kind.MARKED_SPAM,),
        }
        counts = {"delivered": self._by_message(received)}
        for name, kinds in answers.items():
            rows = np.concatenate([self._rows(kind) for kind in kinds])
            answered = np.isin(self._shop.events.receipt[rows], received)
            counts[name] = self._by_message(rows[answered])
        conversions, value = self._conversions(since, until)
        frame = pd.DataFrame({**counts, "conversions": conversions, "value": value})
        return frame.loc[messages]

    def _conversions(self, since: int, until: int) -> tuple[_Ints, _Ints]:
        """Orders credited to each message whose credited receipt is in time, and their value.

        Orders of known profiles count; the value is of those in the account's currency.
        """
        events = self._shop.events
        known = self._owner[events.profile[self._orders]] >= 0
        credited = self._orders[(events.touch[self._orders] >= 0) & known]
        touch = events.touch[credited]
        receipt = np.where(events.receipt[touch] >= 0, events.receipt[touch], touch)
        inside = self._within(events.at[receipt], since, until)
        message = events.message[touch[inside]]
        value = np.zeros(len(self._is_email), dtype=np.int64)
        is_own = events.currency[credited[inside]] == 0
        np.add.at(value, message[is_own], events.value[credited[inside]][is_own])
        return np.bincount(message, minlength=len(value)), value

    def _by_message(self, rows: _Ints) -> _Ints:
        """Distinct pairs of each message among some event rows."""
        message = np.unique(self._pairs(rows)) // len(self._shop.people)
        return np.bincount(message, minlength=len(self._is_email))

    def _pairs(self, rows: _Ints) -> _Ints:
        """One number for the message and the profile of each event row that has a profile."""
        events = self._shop.events
        owner = self._owner[events.profile[rows]]
        pairs = events.message[rows].astype(np.int64) * len(self._shop.people) + owner
        return pairs[owner >= 0]

    def _new_customers(self, since: int, until: int) -> int:
        events = self._shop.events
        owner = self._owner[events.profile[self._orders]]
        known = self._orders[owner >= 0]
        _, first = np.unique(owner[owner >= 0], return_index=True)
        return int(self._within(events.at[known[first]], since, until).sum())

    def _profiles(self, rows: _Ints) -> _Ints:
        owner = self._owner[self._shop.events.profile[rows]]
        return np.unique(owner[owner >= 0])

    def _rows(self, kind: Kind) -> _Ints:
        rows = self._shop.events.rows(kind)
        return rows[self._is_visible[rows]]

    def _within_rows(self, kind: Kind, since: int, until: int) -> _Ints:
        rows = self._rows(kind)
        return rows[self._within(self._shop.events.at[rows], since, until)]

    @staticmethod
    def _within(at: _Ints, since: int, until: int) -> npt.NDArray[np.bool_]:
        return (at >= since) & (at < until)

    def _seconds(self, days: DateRange) -> tuple[int, int]:
        first, last = days.instants(self._shop.account.timezone)
        return int(first.timestamp()), int(last.timestamp())

    def _money(self, value: int | np.integer) -> Decimal:
        return Decimal(int(value)).scaleb(-self._shop.decimals)
