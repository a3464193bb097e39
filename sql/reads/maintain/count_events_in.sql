-- One row: events of all accounts in a span of time.
--   %(since)s, %(until)s  [since, until)
select count(*) as count_events
from klaviyo.event
where
    occurred_at >= %(since)s
    and occurred_at < %(until)s;
