-- One row per send of a stale (message, profile) pair, its orders still to be credited.
-- An event belongs to the send that its cohort names; one without a cohort to the latest receipt
-- or bounce before it. The days of the sends are noted, to be summed anew. Sends whose events were
-- deleted for their age are there still, and what came of them later adds nothing to them.
-- The events of a few pairs are walked, so that of a hypertable only the chunks since their sends
-- are looked into; those of very many pairs are joined.
--   %(timezone)s  the account's time zone, in which the send's day is counted
with many as (
    select count(*) > 50000 as is_many
    from stale_recipient
),

old as (
    select
        r.message_id,
        r.profile_id,
        r.sent_on,
        coalesce(r.received_at, r.bounced_at) as occurred_at
    from mart.message_recipient as r
    inner join stale_recipient as p on r.message_id = p.message_id and r.profile_id = p.profile_id
    where
        r.account_id = %(account_id)s
        and coalesce(r.received_at, r.bounced_at) is not null
),

told as (
    select
        p.message_id,
        p.profile_id,
        r.role,
        r.channel,
        e.occurred_at,
        e.sent_at,
        e.is_machine_open,
        e.is_bot_click,
        false as is_old
    from refresh_event as e
    inner join mart.metric_role as r
        on e.account_id = r.account_id and e.metric_id = r.metric_id and r.channel is not null
    left join mart.known_message as m
        on e.account_id = m.account_id and e.message_ref = m.message_ref
    inner join stale_recipient as p
        on
            e.profile_id = p.profile_id
            and coalesce(m.message_id, e.message_ref) = p.message_id
            and e.occurred_at >= p.since_at
    where
        e.account_id = %(account_id)s
        and (select many.is_many from many)
    union all
    select
        p.message_id,
        p.profile_id,
        r.role,
        r.channel,
        e.occurred_at,
        e.sent_at,
        e.is_machine_open,
        e.is_bot_click,
        false as is_old
    from stale_recipient as p
    cross join
        lateral (
            select
                walked.metric_id,
                coalesce(
                    (
                        select m.message_id
                        from mart.known_message as m
                        where
                            m.account_id = %(account_id)s
                            and m.message_ref = walked.message_ref
                    ),
                    walked.message_ref
                ) as message_id,
                walked.occurred_at,
                walked.sent_at,
                walked.is_machine_open,
                walked.is_bot_click
            from klaviyo.event as walked
            where
                walked.account_id = %(account_id)s
                and walked.profile_id = p.profile_id
                and walked.occurred_at >= p.since_at
            order by walked.occurred_at
            offset 0  -- keeps the walk apart
        ) as e
    inner join mart.metric_role as r
        on r.account_id = %(account_id)s and e.metric_id = r.metric_id and r.channel is not null
    where
        e.message_id = p.message_id
        and not (select many.is_many from many)
    union all
    select
        message_id,
        profile_id,
        'received' as role,
        null as channel,
        occurred_at,
        null as sent_at,
        null as is_machine_open,
        null as is_bot_click,
        true as is_old
    from old
),

said as (
    select
        message_id,
        profile_id,
        role,
        channel,
        occurred_at,
        is_machine_open,
        is_bot_click,
        is_old,
        coalesce(
            sent_at,
            max(occurred_at) filter (where role in ('received', 'bounced')) over (
                partition by message_id, profile_id
                order by occurred_at, role in ('received', 'bounced') desc
                rows unbounded preceding
            ),
            occurred_at
        ) as sent_at
    from told
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
    where not is_old
    group by message_id, profile_id, sent_at
),

dated as (
    select
        s.*,
        days.sent_on
    from sends as s
    cross join
        lateral (
            select
                (
                    coalesce(s.received_at, s.bounced_at, s.sent_at) at time zone %(timezone)s
                )::date as sent_on
        ) as days
    where
        days.sent_on >= coalesce(
            (
                select max(k.kept_from_on)
                from ops.retention as k
                where k.account_id = %(account_id)s and k.event_class = 'engagement'
            ),
            '-infinity'
        )
),

noted as (
    insert into stale_send_day (message_id, sent_on)
    select
        message_id,
        sent_on
    from dated
    union
    select
        message_id,
        sent_on
    from old
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
