-- One row per span of time whose events have to be counted anew: what this sync has read, and what
-- was read without being compared.
--   %(account_id)s  the account
--   %(run_id)s      the sync
--   %(only_read)s   whether only what this sync has read is asked for
with done as (
    select
        tstzrange(w.since_at, w.until_at) as span,
        w.finished_at >= r.started_at as is_of_run
    from ops.sync_window as w
    inner join ops.sync_run as r on w.account_id = r.account_id
    where
        r.run_id = %(run_id)s
        and w.stream = 'events'
        and w.status = 'done'
),

compared as (
    select coalesce(range_agg(tstzrange(since_at, until_at)), '{}') as spans
    from ops.proof_pass
    where account_id = %(account_id)s
),

wanted as (
    select
        coalesce(range_agg(span) filter (where is_of_run), '{}') as read_now,
        coalesce(range_agg(span), '{}') as read_ever
    from done
)

select
    lower(span) as since_at,
    upper(span) as until_at
from
    wanted,
    compared,
    unnest(
        case
            when %(only_read)s then wanted.read_now
            else wanted.read_now + (wanted.read_ever - compared.spans)
        end
    ) as span
order by since_at;
