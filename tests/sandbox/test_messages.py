"""What the shop sends: variations, audiences, trees of flows, incidents, and what they cause."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal

import httpx
import numpy as np
import pytest

from workbench.periods import DateRange
from workbench.sandbox import Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Flag, Kind
from workbench.sandbox.shop.flows import FLOWS, Question, StepKind
from workbench.sandbox.shop.incidents import Incident, Trouble
from workbench.sandbox.shop.people import DOMAINS
from workbench.sandbox.shop.plan import random_stream
from workbench.sandbox.shop.sends import during
from workbench.sandbox.shop.variations import Variation, drawn_variations

from .conftest import every, resources

RECEIVED = (Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS, Kind.RECEIVED_PUSH)
OPENED = (Kind.OPENED_EMAIL, Kind.OPENED_PUSH)
LOST = (Kind.BOUNCED_EMAIL, Kind.FAILED_SMS)


@pytest.fixture(scope="module")
def big() -> Shop:
    """Enough people and days for shares, and for every incident."""
    return build_shop(ShopPlan(profiles=2_500, days=202, seed=5))


def of_kinds(shop: Shop, kinds: tuple[Kind, ...]) -> np.ndarray:
    return np.flatnonzero(np.isin(shop.events.kind, kinds))


def incident(shop: Shop, trouble: Trouble) -> Incident:
    (found,) = [each for each in shop.incidents if each.trouble == trouble]
    return found


def test_variations_share_a_message_equally() -> None:
    tested = [Variation(f"v{n}", 1 if n < 3 else 4, "", "", 1.0) for n in range(5)]
    message = np.tile([0, 1, 4], 6_000)
    drawn = drawn_variations(np.random.default_rng(1), tested, message, messages=6)
    assert (drawn[message == 0] == -1).all()
    counts = Counter(drawn[message != 0].tolist())
    assert set(counts) == {0, 1, 2, 3, 4}
    for row, expected in ((0, 2_000), (1, 2_000), (2, 2_000), (3, 3_000), (4, 3_000)):
        assert abs(counts[row] - expected) < 4 * expected**0.5


def test_every_event_of_a_tested_message_names_its_variation(big: Shop) -> None:
    """Oracle: a plain loop; the answer to a receipt is of the receipt's variation."""
    events, catalogue = big.events, big.catalogue
    for row in np.flatnonzero(events.message >= 0)[::37].tolist():
        tested = catalogue.variations_of(int(events.message[row]))
        variation = int(events.variation[row])
        assert variation in tested if tested else variation == -1
        if events.receipt[row] >= 0:
            assert events.variation[events.receipt[row]] == variation
    assert (events.variation[events.message < 0] == -1).all()


def test_one_campaign_in_eight_is_tested(big: Shop) -> None:
    campaigns = [m for m in big.catalogue.messages if m.campaign >= 0 and m.channel == "email"]
    tested = {each.message for each in big.catalogue.variations}
    count = sum(campaign.campaign in tested for campaign in campaigns)
    assert 0.09 < count / len(campaigns) < 0.15
    for row in tested:
        subjects = [big.catalogue.variations[at].subject for at in big.catalogue.variations_of(row)]
        assert len(set(subjects)) == 2


def test_the_better_variation_is_read_more(big: Shop) -> None:
    """The planted ratio is found again within 3.5 standard errors, where chance is not capped."""
    numbers = Truth(big).variations()
    cart = next(m for m in big.catalogue.messages if m.name == "Cart 1")
    first, second = numbers[numbers["message_id"] == cart.id].itertuples()
    assert second.planted_ratio == pytest.approx(1.25 / 1.6)
    assert min(first.sends, second.sends) > 100
    rates = [each.read / each.sends for each in (first, second)]
    spread = sum(
        rate * (1 - rate) / each.sends for rate, each in zip(rates, (first, second), strict=True)
    )
    assert rates[0] - rates[1] > -3.5 * spread**0.5
    assert abs(rates[1] - rates[0] * second.planted_ratio) < 3.5 * spread**0.5


def test_the_numbers_of_variations_are_those_of_a_plain_loop(big: Shop) -> None:
    events = big.events
    sends: Counter[int] = Counter()
    opened: dict[int, set[int]] = defaultdict(set)
    read: dict[int, set[int]] = defaultdict(set)
    caused: Counter[int] = Counter()
    columns = (events.kind, events.variation, events.receipt, events.flags, events.caused_by)
    shown = events.visible_at <= big.now
    variation_of = events.variation.tolist()
    for kind, variation, receipt, flags, cause in zip(
        *(column[shown].tolist() for column in columns), strict=True
    ):
        if kind == Kind.RECEIVED_EMAIL and variation >= 0:
            sends[variation] += 1
        elif kind == Kind.OPENED_EMAIL and variation >= 0 and shown[receipt]:
            opened[variation].add(receipt)
            if not flags & Flag.MACHINE:
                read[variation].add(receipt)
        elif kind == Kind.PLACED_ORDER and cause >= 0:
            caused[variation_of[cause]] += 1
    numbers = Truth(big).variations()
    rows = range(len(big.catalogue.variations))
    assert numbers["sends"].tolist() == [sends[row] for row in rows]
    assert numbers["opened"].tolist() == [len(opened[row]) for row in rows]
    assert numbers["read"].tolist() == [len(read[row]) for row in rows]
    assert numbers["caused_orders"].tolist() == [caused[row] for row in rows]
    assert numbers["sends"].sum() > 500 < numbers["opened"].sum()


def members(shop: Shop, name: str, at: int) -> set[int]:
    """Who is in a list or segment, by a plain loop over its spells."""
    row = [group.name for group in shop.groups].index(name)
    spells = shop.memberships
    return {
        int(spells.profile[n])
        for n in range(*shop.memberships.of(row).indices(len(spells)))
        if spells.joined_at[n] <= at < spells.left_at[n]
    }


def test_a_campaign_goes_to_the_members_of_its_audience(big: Shop) -> None:
    """Those who received one were members when it was sent, and none was held out."""
    events, catalogue = big.events, big.catalogue
    rows = of_kinds(big, RECEIVED)
    reached: dict[int, set[int]] = defaultdict(set)
    for row in rows.tolist():
        reached[int(events.message[row])].add(int(events.profile[row]))
    channels: Counter[str] = Counter()
    for campaign in catalogue.campaigns[::3]:
        if campaign.send_at is None or campaign.message not in reached:
            continue
        included = set().union(*(members(big, n, campaign.send_at) for n in campaign.included))
        excluded = set().union(*(members(big, n, campaign.send_at) for n in campaign.excluded))
        assert reached[campaign.message] <= included - excluded
        channels[catalogue.messages[campaign.message].channel] += 1
    assert min(channels[name] for name in ("email", "sms", "mobile_push")) > 0
    sent = events.message[rows]
    by_campaign = np.array([message.campaign >= 0 for message in catalogue.messages])[sent]
    assert not big.people.is_holdout[events.profile[rows[by_campaign]]].any()
    assert big.people.is_holdout[events.profile[rows[~by_campaign]]].any()


def test_a_campaign_reaches_all_but_a_few_of_its_audience(big: Shop) -> None:
    """What is missing bounced for good, is about to leave, or is a profile in a merge."""
    events = big.events
    campaign = next(
        c
        for c in big.catalogue.campaigns
        if c.included == ("Newsletter",)
        and c.outcome == "Sent"
        and big.catalogue.messages[c.message].channel == "email"
    )
    assert campaign.send_at is not None
    meant = members(big, "Newsletter", campaign.send_at) - members(
        big, "Holdout group", campaign.send_at
    )
    mine = events.message == campaign.message
    sent = set(events.profile[mine & np.isin(events.kind, (*RECEIVED, *LOST))].tolist())
    assert sent <= meant
    gone_at = np.minimum(big.people.dies_at, big.people.leaves_at)
    gone = {row for row in meant if gone_at[row] <= campaign.send_at}
    assert len(meant - sent - gone) <= 0.01 * len(meant)
    assert len(sent) > 0.8 * len(meant)


def test_the_lift_of_campaigns_is_found_again() -> None:
    """Treated less held out, over many people, against what the columns say was caused."""
    shop = build_shop(ShopPlan(profiles=8_000, days=150, seed=11))
    period = DateRange(shop.plan.until - dt.timedelta(days=120), shop.plan.until)
    (row,) = Truth(shop).lift([period]).itertuples()
    assert 0.03 < row.holdout / (row.holdout + row.treated) < 0.07
    difference = row.treated_orders / row.treated - row.holdout_orders / row.holdout
    error = (row.treated_spread**2 / row.treated + row.holdout_spread**2 / row.holdout) ** 0.5
    assert row.orders_effect > 0
    assert abs(difference - row.orders_effect) < 3 * error
    assert row.revenue_effect == row.caused_revenue / row.treated > Decimal("0.1")


def test_the_lift_is_counted_as_a_plain_loop_counts_it(big: Shop) -> None:
    events, people, period = big.events, big.people, DateRange(dt.date(2026, 7, 1), big.plan.until)
    since, until = (int(each.timestamp()) for each in period.instants(big.plan.timezone))
    owner = people.fates.owner(big.now)
    wanted: dict[bool, set[int]] = {True: set(), False: set()}
    for row in range(len(people)):
        takes = people.takes_email[row] or people.has_push[row] or people.takes_sms[row]
        if owner[row] == row and takes and people.created[row] < since:
            wanted[bool(people.is_holdout[row])].add(row)
    orders, caused = Counter[bool](), 0
    for row in events.rows(Kind.PLACED_ORDER).tolist():
        if events.visible_at[row] > big.now or events.profile[row] < 0:
            continue
        person, cause = int(owner[events.profile[row]]), int(events.caused_by[row])
        if since <= events.at[row] < until and person >= 0:
            held = bool(people.is_holdout[person])
            orders[held] += person in wanted[held]
            if cause >= 0 and person in wanted[False]:
                caused += big.catalogue.messages[int(events.message[cause])].campaign >= 0
    (row,) = Truth(big).lift([period]).itertuples()
    assert (row.treated, row.holdout) == (len(wanted[False]), len(wanted[True]))
    assert (row.treated_orders, row.holdout_orders) == (orders[False], orders[True])
    assert row.caused_orders == caused > 0


def test_nobody_held_out_orders_because_of_a_campaign(big: Shop) -> None:
    events, messages = big.events, big.catalogue.messages
    for row in events.rows(Kind.PLACED_ORDER).tolist():
        cause = int(events.caused_by[row])
        if cause >= 0 and messages[int(events.message[cause])].campaign >= 0:
            assert not big.people.is_holdout[events.profile[row]]


def test_what_is_credited_and_what_is_caused_differ(big: Shop) -> None:
    """Oracle: a plain loop over the orders."""
    events = big.events
    credited: Counter[str] = Counter()
    caused: Counter[str] = Counter()
    worth: dict[str, int] = defaultdict(int)
    both: Counter[str] = Counter()
    for row in events.rows(Kind.PLACED_ORDER).tolist():
        if events.visible_at[row] > big.now:
            continue
        names = [
            big.catalogue.messages[int(events.message[each])].id if each >= 0 else ""
            for each in (events.touch[row], events.caused_by[row])
        ]
        credited[names[0]] += 1
        caused[names[1]] += 1
        both[names[0]] += names[0] == names[1]
        if events.currency[row] == 0:
            worth[names[0]] += int(events.value[row])
    frame = Truth(big).attribution().set_index("message_id")
    assert set(frame.index) == (set(credited) | set(caused)) - {""}
    for message, row in frame.iterrows():
        assert row["credited_orders"] == credited[str(message)]
        assert row["caused_orders"] == caused[str(message)]
        assert row["both"] == both[str(message)]
        assert row["credited_revenue"] == Decimal(worth[str(message)]).scaleb(-2)
    assert frame["both"].sum() < frame["caused_orders"].sum() < frame["credited_orders"].sum()


@pytest.mark.parametrize("late_share", [0.0, 0.05])
def test_unique_opens_are_those_of_a_plain_loop(late_share: float) -> None:
    """Only who received can open: an open whose receipt comes late waits for it."""
    big = build_shop(
        ShopPlan(profiles=600, days=60, seed=5, late_share=0.0, very_late_share=late_share)
    )
    events, owner = big.events, big.people.fates.owner(big.now)
    got: dict[int, set[int]] = defaultdict(set)
    opened: dict[int, set[int]] = defaultdict(set)
    read: dict[int, set[int]] = defaultdict(set)
    is_visible = events.visible_at <= big.now
    shown = is_visible & (events.profile >= 0)
    waits = (events.receipt >= 0) & ~is_visible[events.receipt]
    columns = (events.kind, events.message, owner[events.profile], events.flags, waits)
    for kind, message, person, flags, waiting in zip(
        *(column[shown].tolist() for column in columns), strict=True
    ):
        if person < 0 or waiting:
            continue
        if kind in (Kind.RECEIVED_EMAIL, Kind.RECEIVED_PUSH):
            got[message].add(person)
        elif kind in (Kind.OPENED_EMAIL, Kind.OPENED_PUSH):
            opened[message].add(person)
            if not flags & Flag.MACHINE:
                read[message].add(person)
    frame = Truth(big).unique_opens().set_index("message_id")
    for message in got:
        row = frame.loc[big.catalogue.messages[message].id]
        assert row["delivered"] == len(got[message])
        assert row["opened"] == len(opened[message])
        assert row["read"] == len(read[message])
        assert row["only_machines"] == len(opened[message] - read[message])
    assert frame["only_machines"].sum() > 0
    assert (waits & shown & np.isin(events.kind, OPENED)).any() == bool(late_share)


def receipts(shop: Shop, name: str) -> list[tuple[int, int]]:
    """Who was sent a message when, but for profiles that are merged, or have one merged in."""
    row = [message.name for message in shop.catalogue.messages].index(name)
    rows = np.flatnonzero((shop.events.message == row) & np.isin(shop.events.kind, RECEIVED))
    fates = shop.people.fates
    merged = {*np.flatnonzero(fates.merged_into >= 0).tolist(), *fates.merged_into.tolist()}
    columns = shop.events.profile[rows].tolist(), shop.events.send_at[rows].tolist()
    return [(who, at) for who, at in zip(*columns, strict=True) if who not in merged]


def uncaused_orders(shop: Shop) -> dict[int, list[int]]:
    orders: dict[int, list[int]] = defaultdict(list)
    for row in shop.events.rows(Kind.PLACED_ORDER).tolist():
        if shop.events.caused_by[row] < 0:
            orders[int(shop.events.profile[row])].append(int(shop.events.at[row]))
    return orders


def test_a_flow_sends_along_its_tree(big: Shop) -> None:
    """Oracle: what each split asks, by a plain loop over the orders that nothing caused."""
    orders = uncaused_orders(big)
    for name, least, most in (("Thank you", 1, 1), ("Thank you again", 2, 10_000)):
        sent = receipts(big, name)
        assert len(sent) > 50
        for who, at in sent:
            # the wait of a day, and up to five minutes
            assert least <= sum(order <= at - DAY for order in orders[who]) <= most
    created = big.people.created
    for name, bought in (("Welcome 3", False), ("Welcome 3, bought", True)):
        sent = receipts(big, name)
        assert len(sent) > 50
        for who, at in sent:
            since = [order for order in orders[who] if created[who] < order <= at - 300]
            assert bool(since) == bought
    texts = receipts(big, "Cart text")
    assert texts
    assert all(big.people.sms_at[who] <= at < big.people.sms_leaves_at[who] for who, at in texts)


def test_only_live_flows_send(big: Shop) -> None:
    for flow, plan in zip(big.catalogue.flows, FLOWS, strict=True):
        got = sum(len(receipts(big, big.catalogue.messages[row].name)) for row in flow.messages)
        assert (got > 0) == (plan.status == "live")


def test_who_bought_is_reminded_of_no_cart(big: Shop) -> None:
    """Oracle: no order that nothing caused lies between the cart and the reminder."""
    orders, reminders = uncaused_orders(big), receipts(big, "Cart 1")
    assert len(reminders) > 50
    for who, sent_at in reminders:
        assert not any(sent_at - 4 * HOUR < at < sent_at - 300 for at in orders[who])


def test_a_tree_is_laid_out_in_order(big: Shop) -> None:
    for flow in big.catalogue.flows:
        reached = [0]
        for step in flow.steps:
            reached += [at for at in (step.following, step.otherwise) if at >= 0]
        assert sorted(reached) == list(range(len(flow.steps)))  # a tree: one way to every step
        assert [s.message for s in flow.steps if s.message >= 0] == list(flow.messages)
    kinds = {step.kind for flow in big.catalogue.flows for step in flow.steps}
    assert kinds == set(StepKind)
    assert {step.question for flow in big.catalogue.flows for step in flow.steps} == {
        *Question,
        None,
    }


def test_a_dead_flow_sends_nothing_on_its_days(big: Shop) -> None:
    dead = incident(big, Trouble.DEAD_FLOW)
    flow = next(flow for flow in big.catalogue.flows if flow.name == dead.subject)
    events = big.events
    sent = np.isin(events.message, flow.messages) & np.isin(events.kind, RECEIVED)
    assert not during(big.plan, dead, events.send_at[sent]).any()
    before = (dead.last - dead.first).days + 1
    earlier = Incident(
        Trouble.DEAD_FLOW, dead.first - dt.timedelta(days=before), dead.first, 0.0, dead.subject
    )
    assert during(big.plan, earlier, events.send_at[sent]).sum() > 5
    others = np.isin(events.kind, RECEIVED) & ~np.isin(events.message, flow.messages)
    assert during(big.plan, dead, events.send_at[others]).sum() > 50


def test_a_bounce_storm_bounces_that_part_of_one_domain(big: Shop) -> None:
    storm = incident(big, Trouble.BOUNCE_STORM)
    events, people = big.events, big.people
    domain = [name for name, _, _ in DOMAINS].index(storm.subject)
    rows = np.flatnonzero(np.isin(events.kind, (Kind.RECEIVED_EMAIL, Kind.BOUNCED_EMAIL)))
    rows = rows[(events.profile[rows] >= 0) & during(big.plan, storm, events.send_at[rows])]
    lost = events.kind[rows] == Kind.BOUNCED_EMAIL
    hit = people.domain[events.profile[rows]] == domain
    assert hit.sum() > 20
    share, error = lost[hit].mean(), (0.25 / hit.sum()) ** 0.5
    assert abs(share - storm.factor) < 4 * error
    assert lost[~hit].mean() < 0.03


def test_a_bot_storm_multiplies_bot_clicks(big: Shop) -> None:
    storm = incident(big, Trouble.BOT_STORM)
    events = big.events
    bots = np.flatnonzero((events.kind == Kind.CLICKED_EMAIL) & (events.flags & Flag.BOT > 0))
    stormy = during(big.plan, storm, events.send_at[bots])
    per_receipt = Counter(events.receipt[bots[stormy]].tolist())
    assert max(per_receipt.values()) >= storm.factor - 1
    calm = Counter(events.receipt[bots[~stormy]].tolist())
    assert max(calm.values()) == 1
    seconds = Counter(zip(events.receipt[bots].tolist(), events.at[bots].tolist(), strict=True))
    assert max(seconds.values()) == 1  # two events of one second would be one to Klaviyo


def test_a_few_texts_fail(big: Shop) -> None:
    events = big.events
    failed, got = len(events.rows(Kind.FAILED_SMS)), len(events.rows(Kind.RECEIVED_SMS))
    assert 0.002 < failed / (failed + got) < 0.04
    answered = events.receipt[events.rows(Kind.CLICKED_SMS)]
    assert (events.kind[answered] == Kind.RECEIVED_SMS).all()


def test_the_same_plan_gives_the_same_variations() -> None:
    draw = [random_stream(ShopPlan(), "variations", block=1).random() for _ in range(2)]
    assert draw[0] == draw[1] != random_stream(ShopPlan(), "variations", block=2).random()


def test_events_and_credits_name_flows_and_variations(client: httpx.Client, shop: Shop) -> None:
    """What the properties and attributions say is what the columns say."""
    variations = {each.id: each for each in shop.catalogue.variations}
    tested = 0
    for name in (Kind.RECEIVED_EMAIL, Kind.RECEIVED_PUSH, Kind.RECEIVED_SMS):
        metric = shop.metrics[name].id
        for body in resources(
            client,
            "/api/events",
            filter=f"equals(metric_id,'{metric}')",
            **{"page[size]": "1000"},
        ):
            said = body["attributes"]["event_properties"]
            if (variation := said.get("$variation")) is not None:
                version = variations[variation]
                message = shop.catalogue.messages[version.message]
                tested += 1
                assert said["Subject"] == version.subject
                assert ("$flow" in said) == (message.flow >= 0)
    assert tested > 20
    metric = shop.metrics[Kind.PLACED_ORDER].id
    pages = every(
        client,
        "/api/events",
        filter=f"equals(metric_id,'{metric}')",
        include="attributions",
        **{"page[size]": "1000"},
    )
    named = [each["relationships"] for page in pages for each in page["included"]]
    orders = shop.events.rows(Kind.PLACED_ORDER)
    orders = orders[(shop.events.visible_at[orders] <= shop.now) & (shop.events.touch[orders] >= 0)]
    credited = [
        shop.catalogue.variations[row]
        for row in shop.events.variation[shop.events.touch[orders]].tolist()
        if row >= 0
    ]
    wanted = Counter(each for each in credited if shop.catalogue.messages[each.message].flow >= 0)
    found = Counter(
        variations[each["flow-message-variation"]["data"]["id"]]
        for each in named
        if "flow-message-variation" in each
    )
    assert found == wanted
