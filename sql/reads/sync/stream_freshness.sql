-- One row per stream of the account that was ever read: how fresh it is, and how it went.
--   %(account_id)s  the account
--   behind_seconds  how long ago the instant was up to which it is complete; null without one
select
    stream,
    complete_until,
    extract(epoch from behind)::double precision as behind_seconds,
    windows_left,
    last_status,
    last_reason,
    last_finished_at,
    rows_read,
    rows_new,
    rows_changed,
    requests,
    refused_rate,
    seconds,
    extract(epoch from longest_late)::double precision as longest_late_seconds,
    proven_at,
    days_differing
from ops.stream_freshness
where account_id = %(account_id)s
order by stream;
