-- One row per reason why opens or clicks count in the report by send date and not by event date, or
-- the other way: how many. Each event has one reason, or counts in both or neither; beside these,
--   repeated  events that the report counts, beyond one a period, message and profile
--   machine   events of the days that no person made
--   %(first)s, %(last)s  account days, both included; whole periods of the reports
--   %(role)s             opened or clicked
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

said as (
    select
        e.occurred_at,
        e.profile_id,
        e.variation_id,
        e.first_seen_at,
        e.message_ref,
        coalesce(ref.message_id, e.message_ref) as message_id,
        e.sent_at,
        coalesce(e.is_machine_open, e.is_bot_click) is true as is_machine,
        (e.occurred_at at time zone a.timezone)::date as day
    from klaviyo.event as e
    inner join klaviyo.account as a on e.account_id = a.account_id
    inner join mart.metric_role as r
        on
            e.account_id = r.account_id
            and e.metric_id = r.metric_id
            and r.role = %(role)s
            and r.channel is not null
    left join mart.message_ref as ref
        on e.account_id = ref.account_id and e.message_ref = ref.message_ref
    where
        e.account_id = %(account_id)s
        and e.occurred_at >= %(first)s::timestamp at time zone a.timezone
        and e.occurred_at <= (select max(read_at) from asked)
),

held as (
    select
        s.*,
        send.sent_on,
        send.received_at,
        asked.report,
        asked.first_on,
        s.day <= %(last)s as is_in_days,
        asked.report is not null
        and send.received_at is not null
        and s.occurred_at <= asked.read_at
        and (s.first_seen_at > asked.finished_at) is not true
        and (receipt.first_seen_at > asked.finished_at) is not true as is_reported
    from said as s
    left join mart.message as m
        on m.account_id = %(account_id)s and s.message_id = m.message_id
    left join lateral (
        select
            r.sent_on,
            r.received_at
        from mart.message_recipient as r
        where
            r.account_id = %(account_id)s
            and r.message_id = s.message_id
            and r.profile_id = s.profile_id
            and r.sent_at <= coalesce(s.sent_at, s.occurred_at)
        order by r.sent_at desc
        limit 1
    ) as send on true
    -- the report counts what follows a receipt that it knows
    left join lateral (
        select min(e.first_seen_at) as first_seen_at
        from klaviyo.event as e
        inner join mart.metric_role as r
            on e.account_id = r.account_id and e.metric_id = r.metric_id and r.role = 'received'
        where
            e.account_id = %(account_id)s
            and e.profile_id = s.profile_id
            and e.occurred_at = send.received_at
            and e.message_ref = s.message_ref
    ) as receipt on true
    left join asked
        on
            asked.report = m.source || '_reports'
            and send.sent_on between asked.first_on and asked.last_on
),

once as (
    select distinct
        report,
        first_on,
        message_id,
        profile_id,
        -- flows are asked for by message
        case when report = 'campaign_reports' then variation_id end as variation_id
    from held
    where is_reported
),

reasons as (
    select
        case
            when h.is_reported and not h.is_in_days then 'late'
            when h.is_reported or not h.is_in_days then 'none'
            when h.profile_id is null then 'redacted'
            when h.sent_on < %(first)s and h.received_at is not null then 'earlier'
            when h.sent_on <= %(last)s and h.received_at is not null then 'seen_later'
            else 'send_unknown'
        end as reason
    from held as h
)

select
    reason,
    count(*) as count_events
from reasons
where reason <> 'none'
group by reason
union all
select
    'repeated' as reason,
    (
        select count(*)
        from held
        where is_reported
    ) - count(*) as count_events
from once
union all
select
    'machine' as reason,
    count(*) as count_events
from said
where day <= %(last)s and is_machine;
