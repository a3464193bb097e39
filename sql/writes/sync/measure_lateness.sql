-- One row per metric and days of lateness: events that this sync was the first to see although an
-- earlier one had read their time. All others say nothing about lateness, and are not counted.
--   %(account_id)s  the account
--   %(run_id)s      the sync
--   %(metric_ids)s  the metrics looked at: the key of events begins with them
--   %(repaired)s    spans that were read again apart from windows: JSON, [{since_at, until_at}]
with windows as (
    select
        tstzrange(w.since_at, w.until_at) as span,
        w.finished_at < r.started_at as is_earlier,
        w.finished_at >= r.started_at and w.rows_new > 0 as has_new
    from ops.sync_window as w
    inner join ops.sync_run as r on w.account_id = r.account_id
    where
        r.run_id = %(run_id)s
        and w.stream = 'events'
        and w.status = 'done'
),

repaired as (
    select range_agg(tstzrange(again.since_at, again.until_at)) as spans
    from
        jsonb_to_recordset(%(repaired)s) as again (since_at timestamptz, until_at timestamptz)
),

looked_at as (
    select
        coalesce(range_agg(w.span) filter (where w.is_earlier), '{}') as earlier,
        coalesce(range_agg(w.span) filter (where w.has_new), '{}') as renewed
    from windows as w
),

spans as (
    select
        lower(span) as since_at,
        upper(span) as until_at,
        upper(looked_at.earlier) as known_until
    from
        looked_at,
        repaired,
        unnest(looked_at.earlier * (looked_at.renewed + coalesce(repaired.spans, '{}'))) as span
),

late as (
    select
        e.metric_id,
        ceil(extract(epoch from s.known_until - e.occurred_at) / 86400)::integer as days,
        count(*) as count_events,
        max(r.as_of - e.occurred_at) as longest,
        r.as_of
    from spans as s
    inner join klaviyo.event as e
        on
            e.account_id = %(account_id)s
            and e.metric_id = any(%(metric_ids)s)
            and s.since_at <= e.occurred_at
            and s.until_at > e.occurred_at
    inner join ops.sync_run as r
        on
            r.run_id = %(run_id)s
            and e.first_seen_at >= r.started_at
    group by e.metric_id, days, r.as_of
)

insert into ops.lateness (account_id, metric_id, run_id, days, count_events, longest, as_of)
select
    %(account_id)s,
    metric_id,
    %(run_id)s,
    days,
    count_events,
    longest,
    as_of
from late
returning
    metric_id,
    days,
    count_events,
    longest;
