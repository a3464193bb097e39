-- Notes from when on events of some metrics are kept, before the first of them is deleted: from now
-- on no refresh writes facts of earlier days, and no sync brings their events back.
--   %(metric_ids)s                    the metrics
--   %(kept_from)s, %(kept_from_on)s   first instant, and account day, that is kept
insert into ops.retention as known (account_id, metric_id, event_class, kept_from, kept_from_on)
select
    %(account_id)s,
    metric_id,
    %(event_class)s,
    %(kept_from)s,
    %(kept_from_on)s
from unnest(%(metric_ids)s::text[]) as given (metric_id)
on conflict (account_id, metric_id) do update
    set
        event_class = excluded.event_class,
        kept_from = excluded.kept_from,
        kept_from_on = excluded.kept_from_on
    where known.kept_from < excluded.kept_from;
