-- One row: events of some metrics before an instant, without those that carry an attribution and
-- those that a conversion is credited to.
--   %(metric_ids)s  the metrics
--   %(kept_from)s   first instant that is kept
select count(*) as count_events
from klaviyo.event as e
where
    e.account_id = %(account_id)s
    and e.metric_id = any(%(metric_ids)s)
    and e.occurred_at < %(kept_from)s
    and e.attributions is null
    and not exists (
        select 1
        from credited_event as c
        where
            c.account_id = e.account_id
            and c.event_id = e.event_id
    );
