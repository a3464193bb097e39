-- One row per send of a stale (message, profile) pair.
-- An event belongs to the send that its cohort names; one without a cohort to the latest receipt
-- or bounce before it. An order belongs to the latest send at or before the one it is credited to.
--   %(timezone)s  the account's time zone, in which the send's day is counted
with said as (
    select
        p.message_id,
        p.profile_id,
        r.role,
        r.channel,
        e.occurred_at,
        e.is_machine_open,
        e.is_bot_click,
        coalesce(
            e.sent_at,
            max(e.occurred_at) filter (where r.role in ('received', 'bounced')) over (
                partition by p.message_id, p.profile_id
                order by e.occurred_at, r.role in ('received', 'bounced') desc
                rows unbounded preceding
            ),
            e.occurred_at
        ) as sent_at
    from klaviyo.event as e
    inner join mart.metric_role as r
        on e.account_id = r.account_id and e.metric_id = r.metric_id and r.channel is not null
    left join mart.message_ref as m
        on e.account_id = m.account_id and e.message_ref = m.message_ref
    inner join stale_recipient as p
        on e.profile_id = p.profile_id and coalesce(m.message_id, e.message_ref) = p.message_id
    where e.account_id = %(account_id)s
),

sends as (
    select
        message_id,
        profile_id,
        sent_at,
        min(channel) as channel,
        min(occurred_at) filter (where role = 'received') as received_at,
        min(occurred_at) filter (where role = 'opened') as opened_at,
        min(occurred_at) filter (
            where role = 'opened' and is_machine_open is not true
        ) as opened_by_human_at,
        min(occurred_at) filter (where role = 'clicked') as clicked_at,
        min(occurred_at) filter (
            where role = 'clicked' and is_bot_click is not true
        ) as clicked_by_human_at,
        min(occurred_at) filter (where role = 'bounced') as bounced_at,
        min(occurred_at) filter (where role = 'unsubscribed') as unsubscribed_at,
        min(occurred_at) filter (where role = 'marked_spam') as marked_spam_at,
        count(*) filter (where role = 'opened') as count_opens,
        count(*) filter (where role = 'clicked') as count_clicks
    from said
    group by message_id, profile_id, sent_at
),

orders as (
    select distinct on (o.order_id)
        s.message_id,
        s.profile_id,
        s.sent_at,
        case when o.currency = a.currency then o.revenue end as revenue
    from stale_recipient as p
    inner join mart.orders as o
        on
            o.account_id = %(account_id)s
            and p.message_id = o.message_id
            and p.profile_id = o.profile_id
    inner join klaviyo.account as a on o.account_id = a.account_id
    inner join sends as s
        on
            p.message_id = s.message_id
            and p.profile_id = s.profile_id
            and s.sent_at <= coalesce(o.sent_at, o.placed_at)
    order by o.order_id, s.sent_at desc
),

credited as (
    select
        message_id,
        profile_id,
        sent_at,
        count(*) as count_orders,
        coalesce(sum(revenue), 0) as revenue
    from orders
    group by message_id, profile_id, sent_at
)

insert into mart.message_recipient (
    account_id,
    message_id,
    profile_id,
    sent_at,
    sent_on,
    channel,
    received_at,
    opened_at,
    opened_by_human_at,
    clicked_at,
    clicked_by_human_at,
    bounced_at,
    unsubscribed_at,
    marked_spam_at,
    count_opens,
    count_clicks,
    count_orders,
    revenue
)
select
    %(account_id)s as account_id,
    s.message_id,
    s.profile_id,
    s.sent_at,
    (coalesce(s.received_at, s.bounced_at, s.sent_at) at time zone %(timezone)s)::date as sent_on,
    s.channel,
    s.received_at,
    s.opened_at,
    s.opened_by_human_at,
    s.clicked_at,
    s.clicked_by_human_at,
    s.bounced_at,
    s.unsubscribed_at,
    s.marked_spam_at,
    s.count_opens,
    s.count_clicks,
    coalesce(c.count_orders, 0) as count_orders,
    coalesce(c.revenue, 0) as revenue
from sends as s
left join credited as c
    on
        s.message_id = c.message_id
        and s.profile_id = c.profile_id
        and s.sent_at = c.sent_at;
