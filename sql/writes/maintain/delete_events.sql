-- Deletes a metric's events of a span of time with their earlier versions, but for those that carry
-- an attribution and those that a conversion is credited to.
--   %(metric_id)s           the metric
--   %(since)s, %(until)s    [since, until)
-- One row: how many events.
with gone as (
    delete from klaviyo.event as e
    where
        e.account_id = %(account_id)s
        and e.metric_id = %(metric_id)s
        and e.occurred_at >= %(since)s
        and e.occurred_at < %(until)s
        and e.attributions is null
        and not exists (
            select 1
            from credited_event as c
            where
                c.account_id = e.account_id
                and c.event_id = e.event_id
        )
    returning
        e.metric_id,
        e.occurred_at,
        e.event_id
),

versions as (
    delete from klaviyo.event_version as v
    using gone
    where
        v.account_id = %(account_id)s
        and v.metric_id in (gone.metric_id, '')
        and v.occurred_at = gone.occurred_at
        and v.event_id = gone.event_id
)

select count(*) as count_events
from gone;
