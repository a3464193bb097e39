-- Keeps what comparing some metric-days has shown: %(days)s is a JSON array of
-- them, its fields named as the columns.
--   %(as_of)s  Klaviyo's clock when the sync began
insert into ops.proof (
    account_id,
    metric_id,
    day,
    our_count,
    their_count,
    our_values,
    their_values,
    status,
    reason,
    count_found,
    count_gone,
    proven_at,
    run_id
)
select
    %(account_id)s,
    found.metric_id,
    found.day,
    found.our_count,
    found.their_count,
    found.our_values,
    found.their_values,
    found.status,
    found.reason,
    found.count_found,
    found.count_gone,
    %(as_of)s,
    %(run_id)s
from
    jsonb_to_recordset(%(days)s)
        as found (
            metric_id text,
            day date,
            our_count bigint,
            their_count bigint,
            our_values jsonb,
            their_values jsonb,
            status text,
            reason text,
            count_found bigint,
            count_gone bigint
        )
on conflict (account_id, metric_id, day) do update
    set
        our_count = excluded.our_count,
        their_count = excluded.their_count,
        our_values = excluded.our_values,
        their_values = excluded.their_values,
        status = excluded.status,
        reason = excluded.reason,
        count_found = excluded.count_found,
        count_gone = excluded.count_gone,
        proven_at = excluded.proven_at,
        run_id = excluded.run_id;
