-- One row per send of a stale (message, profile) pair, its orders still to be credited.
-- An event belongs to the send that its cohort names; one without a cohort to the latest receipt
-- or bounce before it. The days of the sends are noted, to be summed anew.
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

dated as (
    select
        *,
        (coalesce(received_at, bounced_at, sent_at) at time zone %(timezone)s)::date as sent_on
    from sends
),

noted as (
    insert into stale_send_day (message_id, sent_on)
    select distinct
        message_id,
        sent_on
    from dated
    on conflict do nothing
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
    %(account_id)s,
    d.message_id,
    d.profile_id,
    d.sent_at,
    d.sent_on,
    d.channel,
    d.received_at,
    d.opened_at,
    d.opened_by_human_at,
    d.clicked_at,
    d.clicked_by_human_at,
    d.bounced_at,
    d.unsubscribed_at,
    d.marked_spam_at,
    d.count_opens,
    d.count_clicks,
    0 as count_orders,
    0 as revenue
from dated as d
order by d.message_id, d.profile_id, d.sent_at;  -- along the key, not across it
