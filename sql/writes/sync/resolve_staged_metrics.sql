-- Gives staged events whose metric Klaviyo did not resolve this time the one they are stored under.
--   %(account_id)s      the account
--   %(first)s, %(last)s times of the earliest and the latest staged event
update staged_event
set metric_id = e.metric_id
from klaviyo.metric as m
inner join klaviyo.event as e
    on
        m.account_id = e.account_id
        and m.metric_id = e.metric_id
where
    staged_event.metric_id = ''
    and m.account_id = %(account_id)s
    and e.occurred_at between %(first)s and %(last)s
    and e.occurred_at = staged_event.occurred_at
    and e.event_id = staged_event.event_id;
