-- Deletes the earlier versions of events in a span of time that are not there any more.
--   %(since)s, %(until)s  [since, until)
delete from klaviyo.event_version as v
using ops.retention as r
where
    v.account_id = r.account_id
    and v.metric_id = r.metric_id
    and v.occurred_at < r.kept_from
    and v.occurred_at >= %(since)s
    and v.occurred_at < %(until)s;
