-- One row per stream of an account that was ever read: up to when it is complete, and how it went.
--   complete_until  no row before this instant is missing but for what Klaviyo shows late; of a
--                   stream read in windows, the end of those done without a gap; null before that
--   longest_late    largest time from an event to when a sync first saw it, of those that came late
--   proven_at       Klaviyo's clock when events were last compared with Klaviyo's own counts
--   days_differing  metric-days whose counts differ
create or replace view ops.stream_freshness as
with spans as (
    select
        account_id,
        stream,
        range_agg(tstzrange(since_at, until_at)) filter (where status = 'done') as done,
        count(*) filter (where status = 'planned') as windows_left
    from ops.sync_window
    group by account_id, stream
),

windowed as (
    select
        account_id,
        stream,
        windows_left,
        (
            select upper(span)
            from unnest(done) as span
            order by span
            limit 1
        ) as complete_until
    from spans
),

latest as (
    select distinct on (account_id, stream)
        account_id,
        stream,
        run_id,
        status,
        reason,
        rows_read,
        rows_new,
        rows_changed,
        requests,
        requests_refused,
        seconds,
        finished_at
    from ops.sync_stream
    order by account_id asc, stream asc, finished_at desc
),

whole as (
    select
        s.account_id,
        s.stream,
        max(r.as_of) as complete_until,
        max(s.finished_at) as done_at
    from ops.sync_stream as s
    inner join ops.sync_run as r on s.run_id = r.run_id
    where s.status = 'done'
    group by s.account_id, s.stream
),

late as (
    select
        account_id,
        max(longest) as longest_late
    from ops.lateness
    group by account_id
),

proven as (
    select
        account_id,
        max(proven_at) as proven_at,
        count(*) filter (where status = 'differs') as days_differing
    from ops.proof
    group by account_id
)

select
    l.account_id,
    l.stream,
    coalesce(d.complete_until, w.complete_until) as complete_until,
    now() - coalesce(d.complete_until, w.complete_until) as behind,
    w.done_at,
    coalesce(d.windows_left, 0) as windows_left,
    l.run_id as last_run_id,
    l.status as last_status,
    l.reason as last_reason,
    l.finished_at as last_finished_at,
    l.rows_read,
    l.rows_new,
    l.rows_changed,
    l.requests,
    -- null when it asked nothing
    l.requests_refused::double precision / nullif(l.requests, 0) as refused_rate,
    l.seconds,
    o.longest_late,
    p.proven_at,
    p.days_differing
from latest as l
left join windowed as d on l.account_id = d.account_id and l.stream = d.stream
left join whole as w on l.account_id = w.account_id and l.stream = w.stream
left join late as o on l.account_id = o.account_id and l.stream = 'events'
left join proven as p on l.account_id = p.account_id and l.stream = 'events';

comment on view ops.stream_freshness is 'One row per stream of an account that was ever read: up to when it is complete, and how its last reading went.';
comment on column ops.stream_freshness.stream is 'What is read, such as events or profiles.';
comment on column ops.stream_freshness.complete_until is 'No row before it is missing but for what Klaviyo shows late; null before the first whole reading.';
comment on column ops.stream_freshness.behind is 'From complete_until to now.';
comment on column ops.stream_freshness.done_at is 'When it was last read to its end; null before that.';
comment on column ops.stream_freshness.windows_left is 'Windows that are planned and not read.';
comment on column ops.stream_freshness.last_run_id is 'The sync that read it last.';
comment on column ops.stream_freshness.last_status is 'How that ended: done, left out, later or failed.';
comment on column ops.stream_freshness.last_reason is 'Why it is not done; null where it is.';
comment on column ops.stream_freshness.last_finished_at is 'When that came to its end.';
comment on column ops.stream_freshness.refused_rate is 'Share of its requests that Klaviyo answered with 429; null when it asked nothing.';
comment on column ops.stream_freshness.longest_late is 'Longest from an event to when it was first seen; null where none came late, and of other streams.';
comment on column ops.stream_freshness.proven_at is 'Klaviyo''s clock when events were last compared with its own counts; null of other streams.';
comment on column ops.stream_freshness.days_differing is 'Metric-days whose counts differ; null of other streams.';
