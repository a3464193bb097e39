-- One row per reason why orders count in the report by send date and not by event date, or the
-- other way: how many, and their value. Each order has one reason, or counts in both or neither.
--   %(first)s, %(last)s  account days, both included; whole periods of the reports
with asked as (
    select
        w.report,
        w.first_on,
        w.last_on,
        w.read_at,
        s.finished_at
    from ops.report_window as w
    left join ops.sync_run as s on w.run_id = s.run_id
    where
        w.account_id = %(account_id)s
        and w.report in ('campaign_reports', 'flow_reports')
        and w.first_on >= %(first)s
        and w.first_on <= %(last)s
),

placed as (
    select
        o.placed_at,
        o.day,
        o.source,
        o.revenue,
        o.currency = a.currency as is_own_currency,
        e.first_seen_at,
        coalesce(send.sent_on, (touch.sent_at at time zone a.timezone)::date) as sent_on
    from mart.orders as o
    inner join klaviyo.account as a on o.account_id = a.account_id
    inner join klaviyo.event as e
        on
            o.account_id = e.account_id
            and o.metric_id = e.metric_id
            and o.placed_at = e.occurred_at
            and o.order_id = e.event_id
    left join lateral (
        select r.sent_on
        from mart.message_recipient as r
        where
            r.account_id = o.account_id
            and r.message_id = o.message_id
            and r.profile_id = o.profile_id
            and r.sent_at <= coalesce(o.sent_at, o.placed_at)
        order by r.sent_at desc
        limit 1
    ) as send on true
    -- a deleted profile has no sends; the event that earned the credit has no profile either
    left join lateral (
        select coalesce(t.sent_at, t.occurred_at) as sent_at
        from klaviyo.event as t
        where
            t.account_id = o.account_id
            and t.profile_id is null
            and t.event_id = e.attributions -> 0 ->> 'attributed_event_id'
            and t.occurred_at <= o.placed_at
            and t.occurred_at > o.placed_at - interval '100 days'
        order by t.occurred_at desc
        limit 1
    ) as touch on o.profile_id is null
    where
        o.account_id = %(account_id)s
        and o.day >= %(first)s
),

held as (
    select
        p.*,
        p.day <= %(last)s as is_in_days,
        -- the report knew of it: sent in the days, and placed and seen when it was read
        asked.report is not null
        and p.placed_at <= asked.read_at
        and (p.first_seen_at > asked.finished_at) is not true as is_reported
    from placed as p
    left join asked
        on
            asked.report = p.source || '_reports'
            and p.sent_on between asked.first_on and asked.last_on
),

reasons as (
    select
        h.revenue,
        case
            when h.is_reported and not h.is_in_days then 'late'
            when h.is_reported and not h.is_own_currency then 'other_currency'
            when h.is_reported or not h.is_in_days or not h.is_own_currency then 'none'
            when h.source = 'none' then 'uncredited'
            when h.sent_on < %(first)s then 'earlier'
            when h.sent_on <= %(last)s then 'seen_later'
            else 'send_unknown'
        end as reason
    from held as h
)

select
    reason,
    count(*) as count_events,
    coalesce(sum(revenue), 0) as sum_value
from reasons
where reason <> 'none'
group by reason
order by reason;
