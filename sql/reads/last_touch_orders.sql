-- One row per order in the days: the message of its last touch, by our own reckoning.
-- A touch is an open, a click or a receipt of a kind that has a window; it counts while the window,
-- which starts when the message is received, is open. Of several the latest one is credited.
--   %(first)s, %(last)s  account days of the order, both included
--   %(windows)s          jsonb array of {"channel", "role", "seconds"}
--   %(longest)s          seconds of the longest window: how far back touches are looked for
--   %(humans)s           true leaves out opens by machines and clicks by bots
with window_of as (
    select
        w.channel,
        w.role,
        w.seconds * interval '1 second' as length
    from jsonb_to_recordset(%(windows)s) as w (channel text, role text, seconds double precision)
),

touch_metric as (
    select
        r.metric_id,
        r.role,
        r.channel,
        w.length
    from mart.metric_role as r
    inner join window_of as w on r.channel = w.channel and r.role = w.role
    where r.account_id = %(account_id)s
)

select
    o.order_id,
    o.profile_id,
    o.placed_at,
    o.day,
    o.revenue,
    o.currency,
    t.message_id,
    t.channel,
    t.role as touch,
    t.touched_at,
    t.received_at,
    o.message_id as klaviyo_message_id
from mart.orders as o
left join
    lateral (
        select
            s.message_id,
            m.channel,
            m.role,
            e.occurred_at as touched_at,
            s.received_at
        from klaviyo.event as e
        inner join touch_metric as m on e.metric_id = m.metric_id
        left join mart.message_ref as ref
            on e.account_id = ref.account_id and e.message_ref = ref.message_ref
        cross join
            lateral (
                select
                    r.message_id,
                    r.received_at
                from mart.message_recipient as r
                where
                    r.account_id = %(account_id)s
                    and r.message_id = coalesce(ref.message_id, e.message_ref)
                    and r.profile_id = e.profile_id
                    and r.received_at <= e.occurred_at
                -- the send that the touch names, else the latest before it
                order by (r.sent_at = e.sent_at) desc nulls last, r.received_at desc
                limit 1
            ) as s
        where
            e.account_id = %(account_id)s
            and e.profile_id = o.profile_id
            and e.occurred_at <= o.placed_at
            and e.occurred_at >= o.placed_at - %(longest)s * interval '1 second'
            and s.received_at + m.length >= o.placed_at
            and not (
                %(humans)s
                and (e.is_machine_open is true or e.is_bot_click is true)
            )
        order by e.occurred_at desc, e.event_id desc
        limit 1
    ) as t
    on true
where
    o.account_id = %(account_id)s
    and o.day between %(first)s and %(last)s
order by o.placed_at, o.order_id;
